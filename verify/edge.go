package verify

import (
	"bytes"
	"context"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// edge computes the head of a tree from its leaves one after another, and keeps only the heads of its complete subtrees
// on the right edge.
type edge struct {
	size  int64
	heads []tlog.Hash // larger subtrees first
}

func (e *edge) add(leaf tlog.Hash) {
	e.heads = append(e.heads, leaf)
	e.size++
	for n := e.size; n&1 == 0; n >>= 1 {
		last := len(e.heads) - 1
		e.heads[last-1] = tlog.NodeHash(e.heads[last-1], e.heads[last])
		e.heads = e.heads[:last]
	}
}

func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		return new(Tree).Root()
	}
	r := e.heads[len(e.heads)-1]
	for i := len(e.heads) - 2; i >= 0; i-- {
		r = tlog.NodeHash(e.heads[i], r)
	}
	return r
}

// tileRow collects the hashes of the tile at the right end of one level of tiles.
type tileRow struct {
	n      int64 // the tile's number
	hashes []byte
	head   edge // of the tile's own subtree
}

// tiles adds a hash at a level and, when that completes a tile, compares it with the one that the log serves and goes up
// one level.
func (a *auditor) tiles(ctx context.Context, level int, h tlog.Hash) error {
	row := &a.levels[level]
	row.hashes = append(row.hashes, h[:]...)
	row.head.add(h)
	if len(row.hashes) < torchwood.TileWidth*tlog.HashSize {
		return nil
	}
	if err := a.compareTile(ctx, level, torchwood.TileWidth); err != nil {
		return err
	}
	head := row.head.root()
	*row = tileRow{n: row.n + 1, hashes: row.hashes[:0]}
	return a.tiles(ctx, level+1, head)
}

// lastTiles compares the partial tile at the end of each level.
func (a *auditor) lastTiles(ctx context.Context) error {
	for level := range a.levels {
		if width := len(a.levels[level].hashes) / tlog.HashSize; width > 0 {
			if err := a.compareTile(ctx, level, width); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *auditor) compareTile(ctx context.Context, level, width int) error {
	path := torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: level, N: a.levels[level].n, W: width})
	data, err := a.get(ctx, path, torchwood.TileWidth*tlog.HashSize)
	if err != nil {
		return err
	}
	if !bytes.Equal(data, a.levels[level].hashes) {
		a.report.fail("The log", "serves %s with other hashes than those of its entries", path)
	}
	return nil
}
