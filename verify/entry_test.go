package verify_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/verify"
)

// every returns an entry of each kind.
func every(t testing.TB) [][]byte {
	t.Helper()
	l := new(log)
	life(t, l, nil)
	return l.entries
}

func TestEntryRoundTrip(t *testing.T) {
	seen := map[verify.Kind]bool{}
	for _, b := range every(t) {
		e, err := verify.ParseEntry(b)
		if err != nil {
			t.Errorf("%s: %v", b, err)
			continue
		}
		seen[e.Kind] = true
		if again, err := e.Bytes(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s became %s, %v", b, again, err)
		}
	}
	if len(seen) != 7 {
		t.Errorf("only these kinds: %v", seen)
	}
}

func TestEntryIsStrict(t *testing.T) {
	good := string(every(t)[1])
	for name, s := range map[string]string{
		"empty":            "",
		"null":             "null",
		"a space":          strings.Replace(good, ":", ": ", 1),
		"a line feed":      good + "\n",
		"something after":  good + "{}",
		"unknown member":   strings.Replace(good, `{`, `{"title":"x",`, 1),
		"a member twice":   strings.Replace(good, `"kind":"note"`, `"kind":"note","kind":"note"`, 1),
		"other letters":    strings.Replace(good, `"kind"`, `"Kind"`, 1),
		"another number":   strings.Replace(good, `"size":6`, `"size":6.0`, 1),
		"a negative size":  strings.Replace(good, `"size":6`, `"size":-6`, 1),
		"another kind":     strings.Replace(good, `"kind":"note"`, `"kind":"lost"`, 1),
		"unknown kind":     strings.Replace(good, `"kind":"note"`, `"kind":"x"`, 1),
		"another format":   strings.Replace(good, "ledger/v1", "ledger/v2", 1),
		"session too long": strings.Replace(good, session, strings.Repeat("S", 65), 1),
		"session a name":   strings.Replace(good, session, "Amara Nwosu", 1),
		"short hash":       strings.Replace(good, `"root":"`, `"root":"A`, 1),
		"too large":        strings.Replace(good, session, strings.Repeat("S", verify.MaxEntry), 1),
	} {
		if s == good {
			t.Errorf("%s changes nothing", name)
		}
		if e, err := verify.ParseEntry([]byte(s)); err == nil {
			t.Errorf("%s: accepted as %+v", name, e)
		}
	}
}

func TestEntryRules(t *testing.T) {
	entry := func(i int) verify.Entry {
		e, err := verify.ParseEntry(every(t)[i])
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for name, e := range map[string]verify.Entry{
		"held":                  with(entry(2), func(e *verify.Entry) { e.Decided.Held = true }),
		"times not rounded":     with(entry(2), func(e *verify.Entry) { e.Decided.Start++ }),
		"ends before it starts": with(entry(2), func(e *verify.Entry) { e.Decided.End = e.Decided.Start - e.Decided.Rounding }),
		"unknown reason":        with(entry(2), func(e *verify.Entry) { e.Decided.Reason = "bored" }),
		"unknown disposition":   with(entry(2), func(e *verify.Entry) { e.Decided.Disposition = "" }),
		"a count below zero":    with(entry(2), func(e *verify.Entry) { e.Decided.Counts.Withdrawn = -1 }),
		"too many messages":     with(entry(2), func(e *verify.Entry) { e.Decided.Counts.Messages = 9 }),
		"no policy":             with(entry(2), func(e *verify.Entry) { e.Decided.Policy = 0 }),
		"too many notes": with(entry(2), func(e *verify.Entry) {
			for i := range verify.MaxNotes {
				n := e.Decided.Notes[0]
				n.Entry += int64(i) + 1
				e.Decided.Notes = append(e.Decided.Notes, n)
			}
		}),
		"a note twice": with(entry(2), func(e *verify.Entry) { e.Decided.Notes = append(e.Decided.Notes, e.Decided.Notes[0]) }),
		"no tree": with(entry(2), func(e *verify.Entry) {
			e.Decided.Size, e.Decided.Notes, e.Decided.Counts = 0, []verify.NotedTree{}, verify.Counts{}
		}),
		"a larger tree":                        with(entry(2), func(e *verify.Entry) { e.Decided.Notes[0].Size = 9 }),
		"unknown method":                       with(entry(3), func(e *verify.Entry) { e.Completed.Method = "shredded" }),
		"no fingerprint":                       with(entry(1), func(e *verify.Entry) { e.Note.Fingerprint = tlog.Hash{} }),
		"no time":                              with(entry(1), func(e *verify.Entry) { e.Time = 0 }),
		"two bodies":                           with(entry(1), func(e *verify.Entry) { e.Lost = &verify.Lost{} }),
		"rules not hashed":                     with(entry(0), func(e *verify.Entry) { e.Policy.Hash[0]++ }),
		"rules no object":                      with(entry(0), func(e *verify.Entry) { e.Policy.Rules = json.RawMessage("1") }),
		"an empty incident":                    with(entry(6), func(e *verify.Entry) { e.Incident.What = "" }),
		"an incident with letters of any kind": with(entry(6), func(e *verify.Entry) { e.Incident.What = "café\n" }),
		"an unknown action":                    with(entry(7), func(e *verify.Entry) { e.Notice.Action = "read" }),
	} {
		if b, err := e.Bytes(); err == nil {
			t.Errorf("%s: accepted as %s", name, b)
		}
	}
}

func with(e verify.Entry, change func(*verify.Entry)) verify.Entry {
	change(&e)
	return e
}

// TestLargestDecisionFits fills a decision with as many notes as a session may have, with proofs as long as a session of
// a million messages needs.
func TestLargestDecisionFits(t *testing.T) {
	e, err := verify.ParseEntry(every(t)[2])
	if err != nil {
		t.Fatal(err)
	}
	n := e.Decided.Notes[0]
	n.Size, n.Proof = 999_999, slices.Repeat(n.Proof[:1], 21)
	e.Decided.Size, e.Decided.Notes = 1_000_000, nil
	for i := range verify.MaxNotes {
		n.Entry = 1_000_000_000 + int64(i)
		e.Decided.Notes = append(e.Decided.Notes, n)
	}
	if b, err := e.Bytes(); err != nil {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

func TestBundleText(t *testing.T) {
	n := sample(t, 2)
	b := published(t, n)
	_, v, _ := key(t, origin)
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	again, err := verify.ParseBundle(text)
	if err != nil {
		t.Fatal(err)
	}
	e, c, err := again.Check(v)
	if err != nil || e.Note.Fingerprint != verify.Fingerprint(manifest(t, n)) || c.Size != 3 || again.Key != b.Key {
		t.Errorf("%+v, %+v, %v", e, c, err)
	}
	for i := range text {
		bent := slices.Clone(text)
		bent[i] ^= 1
		b, err := verify.ParseBundle(bent)
		if err != nil {
			continue
		}
		if e, c2, err := b.Check(v); err == nil && (c2 != c || e.Note == nil || e.Note.Fingerprint != verify.Fingerprint(manifest(t, n))) {
			t.Errorf("byte %d: accepted as another: %+v", i, e)
		} else if err == nil && again.Key == b.Key {
			t.Errorf("byte %d (%q): a changed proof is accepted", i, text[max(0, i-10):i+1])
		}
	}
}

func TestCheckpointNeedsItsOwnLogsKey(t *testing.T) {
	signer, v, _ := key(t, origin)
	other, ov, _ := key(t, "other.example/log")
	c := verify.Checkpoint{Origin: origin, Size: 3, Root: sampleTree(3).Root()}
	signed, err := verify.SignCheckpoint(c, signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := verify.OpenCheckpoint(signed, ov, v); err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := verify.OpenCheckpoint(signed, ov); err != verify.ErrUntrusted {
		t.Errorf("with another log's key: %v", err)
	}
	if _, err := verify.OpenCheckpoint(signed); err != verify.ErrUntrusted {
		t.Errorf("with no key: %v", err)
	}
	if _, err := verify.SignCheckpoint(c, other); err == nil {
		t.Error("another log's key signs")
	}
	// A key that the caller trusts for its own log says nothing of this one.
	text, _, _ := strings.Cut(string(signed), "\n\n")
	n, err := note.Sign(&note.Note{Text: text + "\n"}, other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.OpenCheckpoint(n, ov); err != verify.ErrUntrusted {
		t.Errorf("signed by another log: %v", err)
	}
}
