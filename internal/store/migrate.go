package store

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"winnow.org/winnow/internal/fault"
)

// migrations are numbered and only ever go forward: a released file never changes. A line that ends in "-- only: sqlite" or
// "-- only: postgres" exists for that engine alone.
//
//go:embed migrate/*.sql
var migrations embed.FS

// migrate brings the tables up to date, and refuses a database that a newer program wrote.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrate")
	if err != nil {
		return err
	}
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_version")}
	if s.engine == postgres {
		oneNode, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds, tries
		if err != nil {
			return err
		}
		dialect, opts = goose.DialectPostgres, append(opts, goose.WithSessionLocker(oneNode))
	}
	p, err := goose.NewProvider(dialect, s.write, only{files, s.engine}, opts...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	found, ours, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", explain(err))
	}
	if found > ours {
		return fault.New(fault.Unavailable, "The database has version %d, and this program knows versions up to %d. It was used by a newer "+
			"Winnow. Nothing has been changed. Install that version again, or restore a backup from before the upgrade", found, ours)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the database from version %d to %d: %w", found, ours, explain(err))
	}
	return nil
}

// only is a file system of migrations as one engine sees them.
type only struct {
	fs.FS
	engine engine
}

// Open returns a migration without the lines that are for the other engine.
func (o only) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	var kept bytes.Buffer
	for line := range strings.Lines(string(text)) {
		if _, word, marked := strings.Cut(line, "-- only:"); !marked || engine(strings.TrimSpace(word)) == o.engine {
			kept.WriteString(line)
		}
	}
	return migration{f, &kept}, nil
}

type migration struct {
	fs.File
	text *bytes.Buffer
}

func (m migration) Read(p []byte) (int, error) { return m.text.Read(p) }
