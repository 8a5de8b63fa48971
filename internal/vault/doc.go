// Package vault keeps the few bytes that must really disappear: keys, and the text of messages for the moment in which
// it is read, sealed, opened and written. It knows nothing of chat and nothing of HTTP.
//
// # Why it exists
//
// Go's garbage collector does not erase. A freed object keeps its bytes until something else is put there, buffers are
// pooled for ever, stacks are copied and left behind, and a process that is idle does not clean itself at all. A server
// that promises to forget therefore needs memory of its own. Package vault gives three things:
//
//   - The [Arena]: memory mapped outside the Go heap, locked so that it is never swapped, left out of core dumps and
//     empty in a forked child. [Arena.Get] lends a buffer of a fixed class; [Buf.Put] wipes it and takes it back.
//     The collector neither moves nor copies it, so wiping it wipes the only copy.
//   - [Key]: one AES-256-GCM key per chat session. The key and its expanded schedule live in a locked slot and nowhere
//     else. [Key.Seal] turns text into a [Sealed], which is ciphertext and may lie on the ordinary heap, be copied,
//     queued and dropped like anything else. [Key.End] wipes the slot: from then on every Sealed of that session is noise.
//     That is how disposal has a constant cost, whatever was said.
//   - [Scrub] and [Arena.Forget]: clean-up for the places that Go code cannot avoid, dead stack frames and dead heap.
//
// # Rules for those who hold text
//
// Text goes from a buffer of the arena to a buffer of the arena, by code that neither allocates nor converts to string
// (package content), or into Seal. Never append past a buffer's capacity: append would move the text to the heap. Every
// operation that handles text runs inside [Scrub].
//
// # Honest limits
//
// While a session is live its key is in this process: whoever controls the process or the machine can read along.
// Locked memory can still reach a disk by hibernation or a virtual machine's snapshot. The vector registers of a
// running thread are saved by the kernel and by Go's signal handlers; package harden turns off the signals that would
// do so during an operation. Code above and below (net/http, crypto/tls) has buffers of its own; package wire keeps
// text out of them. Text shorter than eight bytes may survive in a register or a spilled stack word for a while.
package vault
