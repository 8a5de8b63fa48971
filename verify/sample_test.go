package verify_test

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

const (
	origin  = "chat.dcw.example/log"
	session = "S-7Q4K-2MXD"
)

// saltFor is a salt that a test can make again.
func saltFor(i int) []byte {
	return bytes.Repeat(binary.BigEndian.AppendUint32(nil, uint32(i)), 8)
}

type said struct {
	sender verify.Person
	text   string
}

var (
	amara = verify.Person{ID: "@amara:dcw.example", Name: "Amara Nwosu", Role: "Senior policy adviser"}
	priya = verify.Person{ID: "@priya:dcw.example", Name: "Priya Raman", Role: "Private secretary"}
	rhys  = verify.Person{ID: "@rhys:dcw.example", Name: "Rhys Pembrey", Role: "Deputy director"}
)

var talk = []said{
	{rhys, "Morning. Round 2 cap?"},
	{amara, "Raising the cap to £400,000 costs £3.2 million more over 2 years."},
	{rhys, "Who else is on the call"},
	{priya, "The Minister has read the draft. She is content to raise the small-harbour cap to £400,000."},
	{amara, "Does it say <up to> & \"no more\"?\nYes:\n\n  up to"},
	{rhys, "Lunch?"},
	{rhys, "Agreed then: the second dredging call moves to April."},
	{amara, "👍 thanks"},
}

// sampleTree is the tree of the whole talk; its leaves are in sampleContent.
func sampleTree(n int) *verify.Tree {
	t := new(verify.Tree)
	for i := range n {
		t.Append(verify.Leaf(saltFor(i+1), session, i+1, talk[i].sender.ID, timeOf(i+1), "m.room.message", content(talk[i].text)))
	}
	return t
}

func timeOf(position int) int64 { return started + int64(position)*60_000 }

func content(text string) []byte {
	b, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": text})
	if err != nil {
		panic(err)
	}
	return b
}

// sample is a note that quotes messages of the talk, with valid proofs.
func sample(t testing.TB, positions ...int) *verify.Note {
	t.Helper()
	tree := sampleTree(len(talk))
	root := tree.Root()
	n := &verify.Note{
		Format: verify.NoteFormat, Ref: "N-2026-0417", Version: 1, Organisation: "Department for Coasts and Waterways",
		Title: "Small-harbour cap raised to £400,000", Conversation: "Resilience fund", Filed: started + 7_440_000, FiledBy: amara,
		Session: verify.Session{ID: session, Started: started, Policy: 1, Size: tree.Size(), Root: root[:], URL: "https://chat.dcw.example/sessions/" + session},
		Present: []verify.Person{amara, priya, rhys}, Summary: "The Minister agreed to raise the cap.\n\nCost: £3.2 million over 2 years.",
		DecidedBy: "The Minister", Authority: "Delegated budget, 2026",
		Actions: []verify.Action{{What: "Clear it with Treasury", Owner: "Dougal Innes", Due: "Thursday"}},
		Marking: "OFFICIAL", Folder: "Resilience fund/Round 2/Decisions", Salt: saltFor(1000),
	}
	for _, p := range positions {
		m := talk[p-1]
		proof, err := tree.Inclusion(p)
		if err != nil {
			t.Fatal(err)
		}
		q := verify.Quote{Position: p, Event: fmt.Sprintf("$e%d", p), Sender: m.sender, Time: timeOf(p), Type: "m.room.message",
			Content: content(m.text), Text: m.text, Salt: saltFor(p)}
		for _, h := range proof {
			q.Proof = append(q.Proof, h[:])
		}
		n.Quotes = append(n.Quotes, q)
	}
	return n
}

func manifest(t testing.TB, n *verify.Note) []byte {
	t.Helper()
	b, err := n.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// key is a log's key that is the same in every run.
func key(t testing.TB, name string) (note.Signer, note.Verifier, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte(name[:1]), 64)), name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := verify.ParseKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier, vkey
}

// log is a small ledger in memory.
type log struct {
	entries [][]byte
	stored  []tlog.Hash
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, x := range indexes {
		out = append(out, l.stored[x])
	}
	return out, nil
}

func (l *log) add(t testing.TB, e verify.Entry) int64 {
	t.Helper()
	b, err := e.Bytes()
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	return l.addBytes(t, b)
}

func (l *log) addBytes(t testing.TB, b []byte) int64 {
	t.Helper()
	n := int64(len(l.entries))
	h, err := tlog.StoredHashes(n, b, l)
	if err != nil {
		t.Fatal(err)
	}
	l.stored = append(l.stored, h...)
	l.entries = append(l.entries, b)
	return n
}

func (l *log) checkpoint(t testing.TB, size int64) []byte {
	t.Helper()
	signer, _, _ := key(t, origin)
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		t.Fatal(err)
	}
	b, err := verify.SignCheckpoint(verify.Checkpoint{Origin: origin, Size: size, Root: root}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (l *log) prove(t testing.TB, index int64) verify.Bundle {
	t.Helper()
	size := int64(len(l.entries))
	p, err := tlog.ProveRecord(size, index, l)
	if err != nil {
		t.Fatal(err)
	}
	_, _, vkey := key(t, origin)
	return verify.Bundle{Entry: l.entries[index], Index: index, Proof: p, Checkpoint: l.checkpoint(t, size), Key: vkey}
}

// filed is the ledger's entry for a note.
func filed(t testing.TB, n *verify.Note) verify.Entry {
	return verify.Entry{Kind: verify.KindNote, Time: n.Filed, Note: &verify.Filed{Session: n.Session.ID,
		Fingerprint: verify.Fingerprint(manifest(t, n)), Size: n.Session.Size, Root: tlog.Hash(n.Session.Root)}}
}

func policyEntry(t testing.TB, version int) verify.Entry {
	t.Helper()
	e, err := verify.NewPolicy(started, version, []byte(`{"quiet": "60m", "name": "a<b"}`))
	if err != nil {
		t.Fatal(err)
	}
	return e
}
