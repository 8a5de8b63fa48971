// Package verify checks what a Winnow server published or filed, without trusting the server: the public log (in the code
// the ledger), its signed checkpoints, disposal certificates, and notes for the record with their quotes. It needs nothing
// of the server, so that an archive, an auditor or a court can keep it, read it and run it on its own.
//
// What proves what:
//
//   - Each message of a session is a leaf of the session's Merkle tree ([Leaf], [Tree]).
//   - A note carries each quote with its salt and its inclusion proof in that tree ([Note], [Check]).
//   - The note's manifest has a fingerprint, and the ledger has an entry with the fingerprint and the tree's head ([Entry]).
//   - The note's file carries a proof that this entry is in the ledger ([Bundle]), under a signed [Checkpoint].
//   - When the session ends, its disposal certificate names the notes and proves that their trees are the start of the
//     session's final tree ([Decided]).
//
// The formats are C2SP's: signed-note, tlog-checkpoint, tlog-tiles and tlog-proof (https://c2sp.org).
package verify
