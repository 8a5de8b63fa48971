package store

import (
	"context"
	"reflect"
	"strings"
	"unicode/utf8"

	"winnow.org/winnow/internal/fault"
)

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := storable(args); err != nil {
		return 0, err
	}
	r, err := tx.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, explain(err)
	}
	n, err := r.RowsAffected()
	return n, explain(err)
}

// execOne runs a statement that must change exactly one row. If it changes none, the error is fault.NotFound.
func (tx *Tx) execOne(ctx context.Context, query string, args ...any) error {
	n, err := tx.exec(ctx, query, args...)
	if err == nil && n != 1 {
		err = fault.New(fault.NotFound, notFound)
	}
	return err
}

// queryRow reads one row into dest. If there is none, the error is fault.NotFound.
func (tx *Tx) queryRow(ctx context.Context, dest []any, query string, args ...any) error {
	if err := storable(args); err != nil {
		return err
	}
	return explain(tx.tx.QueryRowContext(ctx, query, args...).Scan(dest...))
}

// query calls each for every row, in order. each must call scan once and may not use the transaction for anything else: one
// connection can do one thing at a time. An error from each ends the query and is returned.
func (tx *Tx) query(ctx context.Context, each func(scan func(dest ...any) error) error, query string, args ...any) error {
	if err := storable(args); err != nil {
		return err
	}
	rows, err := tx.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return explain(err)
		}
	}
	return explain(rows.Err())
}

// storable refuses text that PostgreSQL cannot hold, so that both engines refuse it, and with words.
func storable(args []any) error {
	for _, a := range args {
		v := reflect.ValueOf(a)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.String {
			continue
		}
		if s := v.String(); !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return fault.New(fault.Invalid, "The text has a character that cannot be stored. Remove it and try again")
		}
	}
	return nil
}
