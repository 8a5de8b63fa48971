package ledger_test

import (
	"context"
	"strings"
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/verify"
)

func decision(session string) verify.Entry {
	root := verify.Fingerprint([]byte(session))
	return verify.Entry{Kind: verify.KindDecided, Time: 1794301320000, Decided: &verify.Decided{Session: session, Start: 60_000, End: 120_000,
		Rounding: 60_000, Reason: verify.ReasonQuiet, Policy: 1, Disposition: verify.Routine, Notes: []verify.NotedTree{}, Size: 1, Root: root}}
}

func completion(index int64, session string) verify.Entry {
	return verify.Entry{Kind: verify.KindCompleted, Time: 1794301320000,
		Completed: &verify.Completed{Decision: index, Session: session, Method: verify.KeyWiped}}
}

func TestAppendRefusesWhatMakesNoSense(t *testing.T) {
	ctx := context.Background()
	m := longLog(t, 1) // entry 0 is a note
	if err := m.Update(ctx, func(tx ledger.Tx) error { _, err := ledger.Append(ctx, tx, decision("S-1")); return err }); err != nil {
		t.Fatal(err)
	}
	held := decision("S-2")
	held.Decided.Held = true
	for name, c := range map[string]struct {
		entry verify.Entry
		words string
	}{
		"held":                               {held, "notice covers"},
		"nothing":                            {verify.Entry{}, "refusing"},
		"completes what is not there":        {completion(2, "S-1"), "not in the log"},
		"completes a note":                   {completion(0, "S-1"), "not the decision"},
		"completes for another session":      {completion(1, "S-2"), "not the decision"},
		"completes what is far beyond":       {completion(1<<60, "S-1"), "not in the log"},
		"completes something before the log": {completion(-1, "S-1"), "below zero"},
	} {
		err := m.Update(ctx, func(tx ledger.Tx) error { _, err := ledger.Append(ctx, tx, c.entry); return err })
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := m.Update(ctx, func(tx ledger.Tx) error {
		i, err := ledger.Append(ctx, tx, completion(1, "S-1"))
		if i != 2 {
			t.Errorf("the completion has index %d; something refused was written", i)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestEntryAndProofOfWhatIsNotThere(t *testing.T) {
	ctx := context.Background()
	m := longLog(t, 3)
	log, _ := newLog(t, m.View)
	m.View(ctx, func(tx ledger.Tx) error {
		for _, i := range []int64{-1, 3, 1 << 60} {
			if _, err := ledger.Entry(ctx, tx, i); !fault.Is(err, fault.NotFound) {
				t.Errorf("entry %d: %v", i, err)
			}
			if _, err := log.Prove(ctx, tx, i); !fault.Is(err, fault.NotFound) {
				t.Errorf("proof of %d: %v", i, err)
			}
		}
		if e, err := ledger.Entry(ctx, tx, 2); err != nil || e.Note.Fingerprint != filed(2).Note.Fingerprint {
			t.Errorf("%+v, %v", e, err)
		}
		return nil
	})
}
