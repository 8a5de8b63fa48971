package store

import "context"

// Raw SQL for the tests of the transaction itself.

func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return tx.exec(ctx, query, args...)
}

func (tx *Tx) ExecOne(ctx context.Context, query string, args ...any) error {
	return tx.execOne(ctx, query, args...)
}

func (tx *Tx) QueryRow(ctx context.Context, dest []any, query string, args ...any) error {
	return tx.queryRow(ctx, dest, query, args...)
}

func (tx *Tx) Query(ctx context.Context, each func(scan func(dest ...any) error) error, query string, args ...any) error {
	return tx.query(ctx, each, query, args...)
}
