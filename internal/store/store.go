// Package store is the only place with SQL. One text serves SQLite and PostgreSQL; where they differ, they differ in this
// file (locking), in dial.go (settings), in wrong.go (error codes) and on marked lines of migrate/*.sql.
//
// Each domain package names the few methods that it needs as its own Tx interface; *Tx satisfies all of them. A method
// here is one query, does one thing, and has no opinion.
package store

import (
	"context"
	"database/sql"
	"errors"

	"winnow.org/winnow/internal/fault"
)

// Points at which Store.Fault is asked.
const (
	Unpersisted = "unpersisted" // just before the commit: an error here means that nothing was written
	Persisted   = "persisted"   // just after it: an error here means that all was written and the caller is told otherwise
)

// attempts is how often Update runs a function that lost against another transaction.
const attempts = 5

// Store is an open database. Its methods may be called by many goroutines at once.
type Store struct {
	// Fault lets a test break a write at one of the points above. It is nil in production.
	Fault func(point string) error

	engine engine
	write  *sql.DB // SQLite: exactly one connection, so that writers queue here and not in busy loops
	read   *sql.DB
}

// Tx is a transaction. It must not be used after the function that was given it returns, nor by two goroutines at once.
type Tx struct {
	tx *sql.Tx
}

// Update runs do in a transaction and commits if do returns nil. Updates happen one after another, as if each were alone, so
// do may read, decide on what it read, and write. It may run more than once, so it touches nothing but its Tx; the
// last run counts.
//
// It returns do's own error unchanged, or a fault.Unavailable if the database is down, full or busy. After an error from the
// commit itself nobody can know whether it happened: what do wrote must bear being tried again.
func (s *Store) Update(ctx context.Context, do func(*Tx) error) error {
	var err error
	for range attempts {
		if err = s.updateOnce(ctx, do); !lostRace(err) {
			break
		}
	}
	return explain(err)
}

func (s *Store) updateOnce(ctx context.Context, do func(*Tx) error) error {
	tx, err := s.beginUpdate(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit this does nothing
	if err := do(&Tx{tx: tx}); err != nil {
		return err
	}
	if err := s.fault(Unpersisted); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.fault(Persisted)
}

// updateLock is the key of the advisory lock that every updating transaction takes on PostgreSQL. The number means nothing.
const updateLock = 7_302_118

// beginUpdate is the one place where the engines' locking differs.
//
// SQLite begins immediately as the one writer (_txlock=immediate). On PostgreSQL every node takes the same advisory lock
// until the transaction ends. The isolation there is READ COMMITTED on purpose: a stricter level would fix its snapshot
// when it starts to wait for the lock and then fail, while here each statement after the lock sees all that was committed
// before, and nobody else writes. That is serial, which is more than serializable.
func (s *Store) beginUpdate(ctx context.Context) (*sql.Tx, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil || s.engine == sqlite {
		return tx, err
	}
	if _, err := tx.ExecContext(ctx, `select pg_advisory_xact_lock($1)`, updateLock); err != nil {
		tx.Rollback()
		return nil, err
	}
	return tx, nil
}

// View runs do in a transaction that only reads, and sees one state of the database throughout. Views do not wait for
// updates, nor updates for views.
func (s *Store) View(ctx context.Context, do func(*Tx) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if s.engine == postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, opts)
	if err != nil {
		return explain(err)
	}
	defer tx.Rollback()
	return explain(do(&Tx{tx: tx}))
}

// Checkpoint makes sure that deleted rows are gone from SQLite's write-ahead log too, by emptying it into the database
// file. On PostgreSQL it does nothing: when its log is recycled is for its operator to set.
func (s *Store) Checkpoint(ctx context.Context) error {
	if s.engine != sqlite {
		return nil
	}
	var busy, pages, moved int
	err := s.write.QueryRowContext(ctx, `pragma wal_checkpoint(truncate)`).Scan(&busy, &pages, &moved)
	if err == nil && busy != 0 {
		err = fault.New(fault.Unavailable, "The database is in use by another program, so its log could not be emptied. Try again later")
	}
	return explain(err)
}

// Close empties the write-ahead log and closes the database.
func (s *Store) Close() error {
	s.read.Close() // first, so that no reader keeps the log from being emptied
	return errors.Join(s.Checkpoint(context.Background()), s.write.Close())
}

func (s *Store) fault(point string) error {
	if s.Fault == nil {
		return nil
	}
	return s.Fault(point)
}
