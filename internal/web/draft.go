package web

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// draftForm is what the server must know of somebody's unfinished note to show the composer: which messages are chosen, and
// choices from lists. The words stay sealed.
type draftForm struct {
	saved   time.Time
	exists  bool
	chosen  map[id.Event]bool
	actions int
	title   bool
	marking string
}

func (f *Face) readDraft(ctx context.Context, who id.Person, where id.Room) (d draftForm, err error) {
	d.chosen = map[id.Event]bool{}
	buf, err := f.Arena.Get(ctx, vault.Large)
	if err != nil {
		return d, err
	}
	defer buf.Put()
	form, saved, err := f.Sessions.Draft(ctx, who, where, buf)
	if err != nil || form == nil {
		return d, err
	}
	d.saved, d.exists = saved, true
	return d, content.Form(form, func(key, value []byte) error {
		switch {
		case content.Equal(key, "quote") && len(value) <= id.MaxLen:
			d.chosen[id.Event(value)] = true
		case content.Equal(key, "action_what"):
			d.actions++
		case content.Equal(key, "title"):
			d.title = d.title || len(bytes.TrimSpace(value)) > 0
		case content.Equal(key, "marking"):
			for _, m := range note.Markings {
				if content.Equal(value, m) {
					d.marking = m
				}
			}
		}
		return nil
	})
}

// keepDraft seals the posted form as the person's draft. A form with one of the two steps leaves the other's fields as they
// were. The forms are put together as they came, in locked memory.
func (f *Face) keepDraft(ctx context.Context, w http.ResponseWriter, r *http.Request, v *visit, where id.Room) (step, do string, err error) {
	done, err := f.takeText(ctx)
	if err != nil {
		return "", "", err
	}
	defer done()
	in, err := f.Arena.Get(ctx, vault.Large)
	if err != nil {
		return "", "", err
	}
	defer in.Put()
	form, err := wire.TakeBody(w, r, in)
	if err != nil {
		return "", "", err
	}
	all, err := f.Arena.Get(ctx, vault.Scratch)
	if err != nil {
		return "", "", err
	}
	defer all.Put()
	old, _, err := f.Sessions.Draft(ctx, v.ID, where, all)
	if err != nil {
		return "", "", err
	}
	step, do = control(form, "step"), control(form, "do")
	kept := all.B[:0]
	for pair := range bytes.SplitSeq(old, []byte("&")) {
		quote := bytes.HasPrefix(pair, []byte("quote="))
		if len(pair) > 0 && (step == "choose" && !quote || step == "write" && quote) {
			kept = append(append(kept, pair...), '&') // moves towards the start of the same memory, never past what is read next
		}
	}
	for pair := range bytes.SplitSeq(form, []byte("&")) {
		if len(pair) == 0 || bytes.HasPrefix(pair, []byte("step=")) || bytes.HasPrefix(pair, []byte("do=")) {
			continue
		}
		if len(kept)+len(pair)+1 > cap(kept) {
			return "", "", fault.New(fault.TooLarge, "The note is too long. Put longer papers into the drive and name them here")
		}
		kept = append(append(kept, pair...), '&')
	}
	const another = "action_what=&action_owner=&action_due="
	if do == "add-action" && len(kept)+len(another) <= cap(kept) {
		kept = append(kept, another...)
	}
	if bytes.Count(kept, []byte("&")) >= content.MaxFields {
		return "", "", fault.New(fault.TooLarge, "The note has too many parts. File a note of these, then another")
	}
	// A draft that cannot be read could be neither shown nor filed. The posted form is not needed any more: this decodes it.
	if content.Form(form, func(_, _ []byte) error { return nil }) != nil {
		return "", "", fault.New(fault.Invalid, "The form could not be read. Go back and try again")
	}
	return step, do, f.Sessions.SaveDraft(ctx, v.ID, where, bytes.TrimSuffix(kept, []byte("&")))
}

// control reads one of the form's own words, which are not content: which step it is and which button was used.
func control(form []byte, name string) string {
	out := ""
	for pair := range bytes.SplitSeq(form, []byte("&")) {
		if key, value, ok := bytes.Cut(pair, []byte("=")); ok && equalText(key, name) {
			for _, known := range []string{"choose", "write", "both", "autosave", "next", "back", "add-action", "nothing", "file", "save"} {
				if equalText(value, known) {
					out = known
				}
			}
		}
	}
	return out
}
