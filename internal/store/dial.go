package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"winnow.org/winnow/internal/fault"
)

// engine is one of the two databases that Winnow speaks to. Its value is the word on migration lines.
type engine string

const (
	sqlite   engine = "sqlite"
	postgres engine = "postgres"
)

// Open opens the database that dsn names, creates it if it is an SQLite file that does not exist, and brings its tables up
// to date.
//
// dsn is "sqlite:PATH", or "postgres://…" in the form of https://www.postgresql.org/docs/current/libpq-connect.html,
// section "Connection URIs".
//
// Open refuses, with words that say what to do, a damaged database, one that a newer Winnow wrote, and one that cannot be
// written.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := dial(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func dial(ctx context.Context, dsn string) (*Store, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok && path != "" {
		return dialSQLite(ctx, path)
	}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return dialPostgres(ctx, dsn)
	}
	return nil, fault.New(fault.Invalid, "The database setting is not understood. Write sqlite:PATH, or postgres://USER@HOST/NAME")
}

// settings are given to every SQLite connection. Together they make a commit durable (WAL with a full sync), make
// deleted rows unreadable (secure_delete, with Checkpoint), and keep temporary tables off the disk.
var settings = []string{
	"busy_timeout(10000)", // ms; for other programs: our own writers queue for the one connection
	"journal_mode(wal)",
	"synchronous(full)",
	"secure_delete(on)",
	"temp_store(memory)",
	"foreign_keys(on)",
}

func dialSQLite(ctx context.Context, path string) (*Store, error) {
	if err := writable(path); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	file := "file:" + (&url.URL{Path: abs}).EscapedPath() + "?" + url.Values{"_pragma": settings}.Encode()
	write, err := sql.Open("sqlite", file+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", file+"&_query_only=1")
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	read.SetMaxIdleConns(max(4, runtime.GOMAXPROCS(0)))
	s := &Store{engine: sqlite, write: write, read: read}
	if err := s.sound(ctx); err != nil {
		s.read.Close()
		s.write.Close()
		return nil, err
	}
	return s, nil
}

// writable reports, before SQLite does so in its own words, a path that cannot hold the database. It creates an empty file
// that only this user may read.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Unavailable, "The folder %s for the database does not exist. Create it, or set another path", filepath.Dir(path)).Because(err)
	}
	return fault.New(fault.Unavailable, "The database %s cannot be written. Check that it is a file, that its disk is not read-only, "+
		"and that the user who runs Winnow may write to it and to its folder", path).Because(err)
}

// sound reads the whole file once and checks its structure.
func (s *Store) sound(ctx context.Context) error {
	var verdict string
	if err := s.write.QueryRowContext(ctx, `pragma quick_check(1)`).Scan(&verdict); err != nil {
		return explain(err)
	}
	if verdict != "ok" {
		return fault.New(fault.Unavailable, damaged).Because(errors.New(verdict))
	}
	return nil
}

func dialPostgres(ctx context.Context, dsn string) (*Store, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx's own text may quote the address, and with it a password
		return nil, fault.New(fault.Invalid, "The database address is not understood. Write postgres://USER@HOST/NAME, with %% and two "+
			"hexadecimal digits for special characters in a password")
	}
	// Updates wait for one another on connections of their own, so that views always find one.
	write, read := stdlib.OpenDB(*cfg), stdlib.OpenDB(*cfg)
	write.SetMaxOpenConns(4)
	write.SetMaxIdleConns(4)
	read.SetMaxOpenConns(max(8, 4*runtime.GOMAXPROCS(0)))
	read.SetMaxIdleConns(max(8, 4*runtime.GOMAXPROCS(0)))
	s := &Store{engine: postgres, write: write, read: read}
	if err := write.PingContext(ctx); err != nil {
		s.Close()
		return nil, fault.New(fault.Unavailable, "PostgreSQL at %s cannot be reached. Check that it is running, and that the address, "+
			"user, password and database name in the settings are right", cfg.Host).Because(err)
	}
	return s, nil
}
