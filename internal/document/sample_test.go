package document_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/verify"
)

// started is 10 November 2026, 9:02am in London.
const started = 1794301320000

const session = "S-7Q4K-2MXD"

type said struct {
	minute int
	sender verify.Person
	text   string
	quoted bool
}

var (
	dougal = verify.Person{ID: "@dougal:dcw.example", Name: "Dougal Innes", Role: "Finance partner"}
	beth   = verify.Person{ID: "@beth:dcw.example", Name: "Beth Halloran", Role: "Lawyer"}
	amara  = verify.Person{ID: "@amara:dcw.example", Name: "Amara Nwosu", Role: "Senior policy adviser"}
	rhys   = verify.Person{ID: "@rhys:dcw.example", Name: "Rhys Pembrey", Role: "Deputy director"}
	sian   = verify.Person{ID: "@sian:dcw.example", Name: "Siân Prosser", Role: "Press officer"}
	priya  = verify.Person{ID: "@priya:dcw.example", Name: "Priya Raman", Role: "Private secretary"}
	idris  = verify.Person{ID: "@idris:dcw.example", Name: "Idris Vale", Role: "Special adviser"}
	marek  = verify.Person{ID: "@marek:dcw.example", Name: "Marek Zielny", Role: "Economist"}
)

var talk = []said{
	{0, rhys, "Morning. Round 2 cap?", false},
	{9, amara, "Raising the cap to £400,000 costs £3.2 million more over 2 years.", true},
	{22, priya, "The Minister has read the draft. She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement.", true},
	{24, idris, "Good. Can the lines say “up to £400,000”?", true},
	{30, marek, "Lunch?", false},
	{31, dougal, "Not before one", false},
	{62, rhys, "Agreed then: submission goes up with the £400,000 cap, and the second dredging call moves to April. " +
		"Dougal clears it with Treasury by Thursday.", true},
	{63, amara, "👍 thanks", false},
}

// sample is a note of a talk with valid proofs.
func sample(t testing.TB, talk []said) *verify.Note {
	t.Helper()
	salt := func(i int) []byte { return bytes.Repeat(binary.BigEndian.AppendUint32(nil, uint32(i)), 8) }
	at := func(i int) int64 { return started + int64(talk[i].minute)*60_000 }
	tree := new(verify.Tree)
	contents := make([][]byte, len(talk))
	for i, m := range talk {
		b, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": m.text})
		if err != nil {
			t.Fatal(err)
		}
		contents[i] = b
		tree.Append(verify.Leaf(salt(i+1), session, i+1, m.sender.ID, at(i), "m.room.message", b))
	}
	root := tree.Root()
	n := &verify.Note{
		Format: verify.NoteFormat, Ref: "N-2026-0417", Version: 1, Organisation: "Department for Coasts and Waterways",
		Title: "Small-harbour cap raised to £400,000", Conversation: "Resilience fund", Filed: started + 7_440_000, FiledBy: amara,
		Session: verify.Session{ID: session, Started: started, Policy: 1, Size: tree.Size(), Root: root[:], URL: "https://chat.dcw.example/sessions/" + session},
		Present: []verify.Person{dougal, beth, amara, rhys, sian, priya, idris, marek},
		Summary: "The Minister agreed to raise the round 2 small-harbour cap to £400,000, subject to Treasury agreement. " +
			"Cost: £3.2 million over 2 years, met by moving the second dredging call to April 2027.",
		DecidedBy: "The Minister for Coasts", Actions: []verify.Action{{What: "Clear the cap with Treasury", Owner: "Dougal Innes", Due: "Thursday"}},
		Marking: "OFFICIAL", Folder: "Resilience fund/Round 2/Decisions", Salt: salt(1000),
	}
	for i, m := range talk {
		if !m.quoted {
			continue
		}
		proof, err := tree.Inclusion(i + 1)
		if err != nil {
			t.Fatal(err)
		}
		q := verify.Quote{Position: i + 1, Event: fmt.Sprintf("$e%d", i+1), Sender: m.sender, Time: at(i), Type: "m.room.message",
			Content: contents[i], Text: m.text, Salt: salt(i + 1)}
		for _, h := range proof {
			q.Proof = append(q.Proof, h[:])
		}
		n.Quotes = append(n.Quotes, q)
	}
	return n
}

// hashes are those of a ledger in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) (out []tlog.Hash, err error) {
	for _, x := range indexes {
		out = append(out, h[x])
	}
	return out, nil
}

// file enters a note in a small ledger, as its third entry.
func file(t testing.TB, n *verify.Note) (manifest []byte, f verify.Filing, b verify.Bundle, trusted note.Verifier) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const origin, index = "chat.dcw.example/log", 2
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte("k"), 64)), origin)
	check(err)
	signer, err := note.NewSigner(skey)
	check(err)
	trusted, err = verify.ParseKey(vkey)
	check(err)
	manifest, err = n.Manifest()
	check(err)
	f = verify.Filing{Fingerprint: verify.Fingerprint(manifest), Entry: index}
	entry, err := verify.Entry{Kind: verify.KindNote, Time: n.Filed, Note: &verify.Filed{Session: n.Session.ID,
		Fingerprint: f.Fingerprint, Size: n.Session.Size, Root: tlog.Hash(n.Session.Root)}}.Bytes()
	check(err)
	var stored hashes
	for i, e := range [][]byte{[]byte("first"), []byte("second"), entry} {
		h, err := tlog.StoredHashes(int64(i), e, stored)
		check(err)
		stored = append(stored, h...)
	}
	root, err := tlog.TreeHash(index+1, stored)
	check(err)
	proof, err := tlog.ProveRecord(index+1, index, stored)
	check(err)
	signed, err := verify.SignCheckpoint(verify.Checkpoint{Origin: origin, Size: index + 1, Root: root}, signer)
	check(err)
	return manifest, f, verify.Bundle{Entry: entry, Index: index, Proof: proof, Checkpoint: signed, Key: vkey}, trusted
}
