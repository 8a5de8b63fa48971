package store

import (
	"context"
	"database/sql"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"winnow.org/winnow/internal/fault"
)

const (
	notFound    = "There is nothing here. Check the address, or go back and choose again"
	conflict    = "Somebody else changed this at the same moment. Look at it again and then try once more"
	diskFull    = "The disk is full, so nothing could be saved. Free some space and try again"
	readOnly    = "The database can only be read, so nothing could be saved. Ask whoever runs the server to make it writable"
	damaged     = "The database file is damaged. Nothing has been changed. Stop the server and restore the last backup"
	busy        = "The database is busy. Try again in a few seconds"
	unreachable = "The database cannot be reached, so nothing could be saved. Try again in a few minutes"
)

// explain gives an engine's error its kind and words. Errors that have them already, and a context's own, stay as they are.
func explain(err error) error {
	var (
		known *fault.Error
		lite  *sqlitedriver.Error
		pg    *pgconn.PgError
		conn  *pgconn.ConnectError
		wire  net.Error
	)
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.NotFound, notFound)
	case errors.As(err, &lite):
		return explainSQLite(lite.Code(), err)
	case errors.As(err, &pg):
		return explainPostgres(pg.Code, err)
	case errors.As(err, &conn), errors.As(err, &wire), errors.Is(err, sql.ErrConnDone):
		return fault.New(fault.Unavailable, unreachable).Because(err)
	}
	return err
}

// explainSQLite knows the result codes of https://www.sqlite.org/rescode.html. The low byte is the primary code.
func explainSQLite(code int, err error) error {
	switch code {
	case sqlitelib.SQLITE_CONSTRAINT_UNIQUE, sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fault.New(fault.Conflict, conflict).Because(err)
	}
	switch code & 0xff {
	case sqlitelib.SQLITE_FULL:
		return fault.New(fault.Unavailable, diskFull).Because(err)
	case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_PERM:
		return fault.New(fault.Unavailable, readOnly).Because(err)
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return fault.New(fault.Unavailable, damaged).Because(err)
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
		return fault.New(fault.Unavailable, busy).Because(err)
	case sqlitelib.SQLITE_IOERR:
		return fault.New(fault.Unavailable, "The disk reported an error, so nothing could be saved. Check the disk and try again").Because(err)
	}
	return err
}

// explainPostgres knows the codes of PostgreSQL's documentation, appendix A.
func explainPostgres(code string, err error) error {
	switch code {
	case "23505": // unique_violation
		return fault.New(fault.Conflict, conflict).Because(err)
	case "53100": // disk_full
		return fault.New(fault.Unavailable, diskFull).Because(err)
	case "25006": // read_only_sql_transaction: a standby
		return fault.New(fault.Unavailable, readOnly).Because(err)
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return fault.New(fault.Unavailable, damaged).Because(err)
	case "40001", "40P01", "55P03", "53300": // lost a race too often, a lock, too many connections
		return fault.New(fault.Unavailable, busy).Because(err)
	}
	switch code[:min(2, len(code))] {
	case "08", "28", "3D", "57": // connection, sign-in, no such database, shutting down
		return fault.New(fault.Unavailable, unreachable).Because(err)
	}
	return err
}

// lostRace reports whether a transaction failed only because of another one, so that running it again may succeed.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
