package store

import (
	"context"

	"winnow.org/winnow/internal/fault"
)

// queryOne calls each for the only row. If there is none, the error is fault.NotFound.
func (tx *Tx) queryOne(ctx context.Context, each func(scan func(dest ...any) error) error, query string, args ...any) error {
	found := false
	err := tx.query(ctx, func(scan func(dest ...any) error) error {
		found = true
		return each(scan)
	}, query, args...)
	if err == nil && !found {
		err = fault.New(fault.NotFound, notFound)
	}
	return err
}
