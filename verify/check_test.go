package verify_test

import (
	"bytes"
	"strings"
	"testing"

	"winnow.org/winnow/verify"
)

func TestCheckAcceptsWhatWasSent(t *testing.T) {
	for _, positions := range [][]int{{}, {1}, {8}, {2, 4, 5, 7}, {1, 2, 3, 4, 5, 6, 7, 8}} {
		n := sample(t, positions...)
		if p := verify.Check(n, manifest(t, n)); len(p) != 0 {
			t.Errorf("quotes %v: %v", positions, p)
		}
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	const second = "Quote 2 of 4 (message 4, Priya Raman)"
	for _, c := range []struct {
		name, where, what string
		change            func(n *verify.Note)
	}{
		{"text changed", second, "the words are not what was sent", func(n *verify.Note) { n.Quotes[1].Text = "The Minister refuses." }},
		{"text and content changed", second, "its words, sender, time or place", func(n *verify.Note) {
			n.Quotes[1].Text, n.Quotes[1].Content = "No.", content("No.")
		}},
		{"one byte of the content", second, "its words, sender, time or place", func(n *verify.Note) {
			n.Quotes[1].Content = bytes.Replace(n.Quotes[1].Content, []byte("m.text"), []byte("m.tuxt"), 1)
		}},
		{"sender", second, "its words, sender, time or place", func(n *verify.Note) { n.Quotes[1].Sender.ID = rhys.ID }},
		{"time", second, "its words, sender, time or place", func(n *verify.Note) { n.Quotes[1].Time++ }},
		{"type", second, "its words, sender, time or place", func(n *verify.Note) { n.Quotes[1].Type = "m.sticker" }},
		{"salt", second, "its words, sender, time or place", func(n *verify.Note) { n.Quotes[1].Salt[3]++ }},
		{"short salt", second, "its proof is damaged", func(n *verify.Note) { n.Quotes[1].Salt = n.Quotes[1].Salt[:31] }},
		{"proof", second, "its words, sender, time or place", func(n *verify.Note) { n.Quotes[1].Proof[0][0]++ }},
		{"proof shortened", second, "its proof is damaged", func(n *verify.Note) { n.Quotes[1].Proof[0] = nil }},
		{"position", "Quote 2 of 4 (message 3, Priya Raman)", "its words, sender, time or place", func(n *verify.Note) { n.Quotes[1].Position-- }},
		{"order", "Quote 2 of 4 (message 2, Amara Nwosu)", "is out of order", func(n *verify.Note) {
			n.Quotes[0], n.Quotes[1] = n.Quotes[1], n.Quotes[0]
		}},
		{"the same quote twice", second, "is out of order", func(n *verify.Note) { n.Quotes[0] = n.Quotes[1] }},
		// The proof of message 4 is the same in a tree of 5; the ledger's entry for the note fixes the size.
		{"size of the session", "Quote 3 of 4 (message 5, Amara Nwosu)", "its words, sender, time or place", func(n *verify.Note) { n.Session.Size = 5 }},
		{"another session", second, "its words, sender, time or place", func(n *verify.Note) { n.Session.ID = "S-OTHER" }},
		{"edits a later message", second, "cannot be a new wording of message 6", func(n *verify.Note) { n.Quotes[1].Edits = 6 }},
		{"no session", "The note", "without saying how many", func(n *verify.Note) { n.Session.Size = 0 }},
		{"no head", second, "its proof is damaged", func(n *verify.Note) { n.Session.Root = nil }},
	} {
		n := sample(t, 2, 4, 5, 7)
		c.change(n)
		b, _ := n.Manifest()
		found := false
		for _, p := range verify.Check(n, b) {
			found = found || strings.HasPrefix(p.Where, c.where) && strings.Contains(p.What, c.what)
		}
		if !found {
			t.Errorf("%s: no problem %q %q in %v", c.name, c.where, c.what, verify.Check(n, b))
		}
	}

	n, other := sample(t, 2), sample(t, 2)
	other.Summary = "Another summary"
	if p := verify.Check(n, manifest(t, other)); len(p) != 1 || p[0].Where != "The note" {
		t.Errorf("a note with another's manifest: %v", p)
	}
}

// TestLeafIsUnambiguous moves bytes from a field to the next one.
func TestLeafIsUnambiguous(t *testing.T) {
	leaves := map[[32]byte]string{}
	add := func(name string, h [32]byte) {
		if was, ok := leaves[h]; ok {
			t.Errorf("%s has the leaf of %s", name, was)
		}
		leaves[h] = name
	}
	s := saltFor(1)
	add("plain", verify.Leaf(s, "S1", 2, "@a:b", 3, "m.x", []byte("body")))
	add("salt to session", verify.Leaf(s[:31], string(s[31])+"S1", 2, "@a:b", 3, "m.x", []byte("body")))
	add("type to content", verify.Leaf(s, "S1", 2, "@a:b", 3, "m.", []byte("xbody")))
	add("content to type", verify.Leaf(s, "S1", 2, "@a:b", 3, "m.xb", []byte("ody")))
	add("position", verify.Leaf(s, "S1", 3, "@a:b", 3, "m.x", []byte("body")))
	add("time", verify.Leaf(s, "S1", 2, "@a:b", 2, "m.x", []byte("body")))
	add("sender", verify.Leaf(s, "S1", 2, "@a:", 3, "bm.x", []byte("body")))
	add("empty", verify.Leaf(nil, "", 0, "", 0, "", nil))
}

// TestLeafVector fixes the encoding: a leaf must never change, or old notes stop verifying. The data were written out by
// hand after the comment on Leaf and hashed by another program.
func TestLeafVector(t *testing.T) {
	h := verify.Leaf(bytes.Repeat([]byte{7}, 32), "S-1", 5, "@a:b", 1794301320000, "m.room.message", []byte(`{"body":"hi"}`))
	const want = "2L6eLLowIP4cJkgCKSqpJ0rR22VQZkk/QQwaqAk/S3M="
	if got := h.String(); got != want {
		t.Errorf("leaf = %s, want %s", got, want)
	}
}

func TestTree(t *testing.T) {
	const most = 40
	var roots [][32]byte
	tree := new(verify.Tree)
	roots = append(roots, tree.Root())
	leaf := func(i int) [32]byte { return verify.Fingerprint([]byte{byte(i)}) }
	for size := 1; size <= most; size++ {
		tree.Append(leaf(size))
		roots = append(roots, tree.Root())
		for p := 1; p <= size; p++ {
			proof, err := tree.Inclusion(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify.CheckInclusion(proof, size, tree.Root(), p, leaf(p)); err != nil {
				t.Errorf("leaf %d of %d: %v", p, size, err)
			}
			if verify.CheckInclusion(proof, size, tree.Root(), p, leaf(p+1)) == nil {
				t.Errorf("another leaf at %d of %d passes", p, size)
			}
			if size > 1 && verify.CheckInclusion(proof, size, tree.Root(), p%size+1, leaf(p)) == nil {
				t.Errorf("leaf %d of %d passes at another place", p, size)
			}
			proof, err = tree.Consistency(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify.CheckConsistency(proof, size, tree.Root(), p, roots[p]); err != nil {
				t.Errorf("%d to %d: %v", p, size, err)
			}
			if verify.CheckConsistency(proof, size, tree.Root(), p, roots[p-1]) == nil {
				t.Errorf("%d to %d: another head passes", p, size)
			}
		}
	}
	for _, p := range []int{-1, 0, most + 1} {
		if _, err := tree.Inclusion(p); err == nil {
			t.Errorf("Inclusion(%d) of %d", p, most)
		}
		if _, err := tree.Consistency(p); err == nil {
			t.Errorf("Consistency(%d) of %d", p, most)
		}
		if verify.CheckInclusion(nil, most, tree.Root(), p, leaf(1)) == nil || verify.CheckConsistency(nil, most, tree.Root(), p, roots[1]) == nil {
			t.Errorf("position or size %d of %d passes", p, most)
		}
	}
}
