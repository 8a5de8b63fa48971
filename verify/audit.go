package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// AuditOptions say how to audit a log.
type AuditOptions struct {
	Keys       []note.Verifier // the log's public keys, known from elsewhere. Without any the signature is not checked
	Saved      []byte          // a signed checkpoint of an earlier audit: the log must have grown from it. May be nil
	Grace      time.Duration   // how long a disposal may take from decision to completion; 10 minutes if 0
	Now        time.Time       // the present; the computer's clock if zero
	MaxEntries int64           // stop at a log larger than this; 10 million if 0
}

// AuditReport is what an audit of a whole log found.
type AuditReport struct {
	Log        Checkpoint
	Signed     []byte // the checkpoint as served: save it, and give it to the next audit
	Trusted    bool   // one of the keys that the caller gave has signed it
	Kinds      map[Kind]int
	Counts     Counts              // sums over all decisions
	Became     map[Disposition]int // sessions by what became of them
	InProgress int                 // sessions whose disposal is decided but not completed yet
	Passed     []string
	Problems   []Problem
}

// OK reports whether nothing is wrong. If Trusted is false, the signature was not checked, because no key was given.
func (r *AuditReport) OK() bool { return len(r.Problems) == 0 }

// maxProblems is how many problems a report lists; a log that is wrong from end to end needs no more.
const maxProblems = 100

func (r *AuditReport) fail(where, what string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, Problem{Where: where, What: fmt.Sprintf(what, args...)})
	}
}

// Audit reads a whole log over HTTP (C2SP tlog-tiles) and checks all that a stranger can: the checkpoint's signature; that
// the entries are those that it commits to, and the tiles too; that the log has only grown since the saved checkpoint; and
// that the entries make sense together: every disposal was decided, then completed, once; notes are named by their
// session's certificate and their trees are the start of its final tree; the versions of the policy follow each other.
//
// The URL is the log's, for example "https://chat.example.gov.uk/log"; without a path, "/log" is added. The error is for
// a log that cannot be reached or read to its end; everything that is wrong with the log itself is in the report.
func Audit(ctx context.Context, client *http.Client, url string, opts AuditOptions) (*AuditReport, error) {
	if opts.Grace == 0 {
		opts.Grace = 10 * time.Minute
	}
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	if opts.MaxEntries == 0 {
		opts.MaxEntries = 10_000_000
	}
	f, err := newFetcher(client, url)
	if err != nil {
		return nil, err
	}
	r := &AuditReport{Kinds: map[Kind]int{}, Became: map[Disposition]int{}}
	if r.Signed, err = f.get(ctx, "checkpoint", MaxCheckpoint); err != nil {
		return nil, err
	}
	r.Trusted = len(opts.Keys) > 0
	r.Log, err = openOrParse(r.Signed, opts.Keys)
	if err != nil {
		r.fail("The checkpoint", "%v", err)
		return r, nil
	}
	if r.Trusted {
		r.Passed = append(r.Passed, fmt.Sprintf("The checkpoint of %s is signed by the key that was given.", r.Log.Origin))
	}
	if r.Log.Size > opts.MaxEntries {
		return nil, fmt.Errorf("the log has %s entries and the limit is %s", Commas(r.Log.Size), Commas(opts.MaxEntries))
	}
	saved, ok := r.openSaved(opts)
	if !ok {
		return r, nil
	}
	a := &auditor{fetcher: f, report: r, saved: saved, walk: newWalk(r)}
	if err := a.entries(ctx); err != nil {
		var gone *missingError
		if !errors.As(err, &gone) {
			return nil, err
		}
		r.fail("The log", "does not serve %s, although its checkpoint says that it has it", gone.path)
		return r, nil
	}
	a.walk.end(opts.Now, opts.Grace)
	return r, nil
}

// openSaved reads the earlier checkpoint. It returns false if going on makes no sense.
func (r *AuditReport) openSaved(opts AuditOptions) (Checkpoint, bool) {
	if len(opts.Saved) == 0 {
		return Checkpoint{}, true
	}
	const where = "The saved checkpoint"
	saved, err := openOrParse(opts.Saved, opts.Keys)
	switch {
	case err != nil:
		r.fail(where, "%v", err)
	case saved.Origin != r.Log.Origin:
		r.fail(where, "is of another log, %s", saved.Origin)
	case saved.Size > r.Log.Size:
		r.fail("The log", "has shrunk: it had %s entries and now has %s", Commas(saved.Size), Commas(r.Log.Size))
	default:
		return saved, true
	}
	return Checkpoint{}, false
}

// openOrParse verifies a checkpoint, or only reads it if there is no key.
func openOrParse(signed []byte, keys []note.Verifier) (Checkpoint, error) {
	if len(keys) > 0 {
		return OpenCheckpoint(signed, keys...)
	}
	text, _, ok := strings.Cut(string(signed), "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if !ok || err != nil {
		return Checkpoint{}, errors.New("it is not in the form of a checkpoint")
	}
	return Checkpoint{Origin: c.Origin, Size: c.N, Root: c.Hash}, nil
}

// auditor reads a log from its first entry to its last.
type auditor struct {
	*fetcher
	report *AuditReport
	saved  Checkpoint // Size 0: none
	walk   *walk
	tree   edge
	levels [8]tileRow
}

// entries reads and checks all bundles of entries and all tiles, and at the end the root.
func (a *auditor) entries(ctx context.Context) error {
	r := a.report
	size := r.Log.Size
	for n := int64(0); n<<torchwood.TileHeight < size; n++ {
		width := int(min(size-n<<torchwood.TileHeight, torchwood.TileWidth))
		t := tlog.Tile{H: torchwood.TileHeight, L: -1, N: n, W: width}
		data, err := a.get(ctx, torchwood.TilePath(t), torchwood.TileWidth*(MaxEntry+2))
		if err != nil {
			return err
		}
		for i := range width {
			index := n<<torchwood.TileHeight + int64(i)
			entry, rest, err := torchwood.ReadTileEntry(data)
			if err != nil {
				r.fail("Entry "+Commas(index), "is cut off")
				return nil
			}
			data = rest
			if err := a.leaf(ctx, index, entry); err != nil {
				return err
			}
		}
		if len(data) > 0 {
			r.fail("The log", "has something after the last entry of %s", torchwood.TilePath(t))
		}
	}
	if err := a.lastTiles(ctx); err != nil {
		return err
	}
	if a.tree.root() != r.Log.Root {
		r.fail("The log", "shows other entries than those that its checkpoint commits to")
	} else {
		r.Passed = append(r.Passed, fmt.Sprintf("What the log shows, %s, is what its checkpoint commits to.", entries(int(size))))
	}
	return nil
}

// leaf takes the next entry into the tree and looks at what it says.
func (a *auditor) leaf(ctx context.Context, index int64, entry []byte) error {
	h := tlog.RecordHash(entry)
	a.tree.add(h)
	if a.tree.size == a.saved.Size {
		if a.tree.root() != a.saved.Root {
			a.report.fail("The log", "was changed: its first %s entries are not those of the saved checkpoint", Commas(a.saved.Size))
		} else {
			a.report.Passed = append(a.report.Passed, fmt.Sprintf("The log has only grown since the saved checkpoint of %s entries.", Commas(a.saved.Size)))
		}
	}
	e, err := ParseEntry(entry)
	if err != nil {
		a.report.fail("Entry "+Commas(index), "is not understood: %v", err)
		a.walk.next(index, Entry{})
	} else {
		a.walk.next(index, e)
	}
	return a.tiles(ctx, 0, h)
}
