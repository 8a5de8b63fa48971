package ledger

import (
	"context"
	"fmt"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/internal/fault"
)

// Resource is a part of the log as C2SP tlog-tiles serves it.
type Resource struct {
	Body      []byte
	Type      string // the media type
	Immutable bool   // may be kept for ever: all but the checkpoint
}

// Read returns the resource at a path below the log's address: "checkpoint", "tile/0/x001/234.p/5",
// "tile/entries/x001/234" (C2SP tlog-tiles). What the log does not have is a fault.NotFound.
func (l *Log) Read(ctx context.Context, path string) (Resource, error) {
	if path == "checkpoint" {
		b, err := l.Checkpoint(ctx)
		return Resource{Body: b, Type: "text/plain; charset=utf-8"}, err
	}
	t, err := ParseTile(path)
	if err != nil {
		return Resource{}, err
	}
	var b []byte
	if t.L == -1 {
		b, err = l.Entries(ctx, t.N, t.W)
	} else {
		b, err = l.Tile(ctx, t)
	}
	return Resource{Body: b, Type: "application/octet-stream", Immutable: true}, err
}

// maxPath is the longest path of a tile in bytes: seven groups of digits for the number, and the rest.
const maxPath = 64

// ParseTile reads the path of a tile, "tile/<level>/<number>[.p/<width>]", or of a bundle of entries,
// "tile/entries/<number>[.p/<width>]", whose level is -1. The height is always 8. What is not such a path in its one
// allowed form is a fault.NotFound.
func ParseTile(path string) (tlog.Tile, error) {
	notFound := fault.New(fault.NotFound, "The public log has no such page")
	if len(path) > maxPath || strings.HasPrefix(path, "tile/data/") {
		return tlog.Tile{}, notFound
	}
	t, err := torchwood.ParseTilePath(path)
	// A log of 2^62 entries has no tile above level 7, and of level 7 only the first.
	if err != nil || t.L > 7 || t.N >= 1<<max(0, 62-8*(max(t.L, 0)+1)) {
		return tlog.Tile{}, notFound
	}
	return t, nil
}

// Tile returns the hashes of a tile, complete or partial, of the log as it is committed.
func (l *Log) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	if t.H != torchwood.TileHeight || t.L < 0 || t.L > 7 || t.W < 1 || t.W > torchwood.TileWidth || t.N < 0 {
		return nil, fault.New(fault.NotFound, "The public log has no such tile")
	}
	var data []byte
	err := l.View(ctx, func(tx Tx) error {
		size, err := tx.LedgerSize(ctx)
		if err != nil {
			return err
		}
		// The tile's last hash covers the entries up to (N*256 + W) * 256^L.
		if have := size >> (8 * t.L); t.N > have>>8 || t.N<<8+int64(t.W) > have {
			return fault.New(fault.NotFound, "The public log has no such tile yet")
		}
		data, err = tlog.ReadTileData(t, reader(ctx, tx))
		return err
	})
	return data, err
}

// Entries returns the n-th bundle of 256 entries, or the first width of them: each entry after its length in 2 bytes.
func (l *Log) Entries(ctx context.Context, n int64, width int) ([]byte, error) {
	if n < 0 || width < 1 || width > torchwood.TileWidth {
		return nil, fault.New(fault.NotFound, "The public log has no such entries")
	}
	var data []byte
	err := l.View(ctx, func(tx Tx) error {
		size, err := tx.LedgerSize(ctx)
		if err != nil {
			return err
		}
		if n > size>>8 || n<<8+int64(width) > size {
			return fault.New(fault.NotFound, "The public log has no such entries yet")
		}
		entries, err := tx.LedgerEntries(ctx, n<<8, n<<8+int64(width))
		if err != nil {
			return err
		}
		if len(entries) != width {
			return fmt.Errorf("ledger: %d entries of bundle %d, want %d", len(entries), n, width)
		}
		data = data[:0]
		for _, e := range entries {
			if data, err = torchwood.AppendTileEntry(data, e); err != nil {
				return err
			}
		}
		return nil
	})
	return data, err
}
