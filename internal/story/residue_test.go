package story_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"winnow.org/winnow/internal/vault/residue"
)

// word makes a word that stands nowhere else in the world, so that finding eight letters of it anywhere is finding it.
func word() string {
	var b [15]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// hunt looks for words in every form: as they are, in UTF-16, base64 and hexadecimal, and inside archives.
type hunt struct {
	testing.TB
	search *residue.Search
	words  []string
	found  map[string]string // where each word was found first
	looked int               // bytes
}

func newHunt(t testing.TB, words ...string) *hunt {
	h := &hunt{TB: t, search: residue.New(), words: words, found: map[string]string{}}
	for _, w := range words {
		h.search.Add([]byte(w))
	}
	return h
}

// in searches some bytes. A base64 text with line breaks is searched without them too.
func (h *hunt) in(where string, b []byte) {
	h.Helper()
	if len(b) == 0 {
		return
	}
	h.looked += len(b)
	joined := bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r"), nil), []byte("\n"), nil)
	for _, form := range [][]byte{b, joined} {
		var r residue.Result
		h.search.Bytes(&r, form, len(form), 0, where)
		for _, f := range r.First {
			if h.found[h.words[f.Text]] == "" {
				h.found[h.words[f.Text]] = fmt.Sprintf("%s, %s", where, f.Form)
			}
		}
	}
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		h.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			h.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			h.Fatal(err)
		}
		h.in(where+"!"+f.Name, part)
	}
}

// files searches every file under a folder, and every name.
func (h *hunt) files(dir string) {
	h.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		h.in("the name "+path, []byte(path))
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		h.in(path, b)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
}

// tables searches every row of every table.
func (h *hunt) tables(path string) {
	h.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		h.Fatal(err)
	}
	defer db.Close()
	names := rows(h, db, `select name from sqlite_master where type = 'table'`)
	if len(names) < 15 {
		h.Fatalf("the database has %d tables", len(names))
	}
	for _, n := range names {
		table := string(n[0])
		for i, row := range rows(h, db, `select * from "`+table+`"`) {
			for _, v := range row {
				h.in(fmt.Sprintf("table %s, row %d", table, i+1), v)
			}
		}
	}
}

func rows(t testing.TB, db *sql.DB, query string) (all [][][]byte) {
	t.Helper()
	r, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	columns, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([][]byte, len(values))
		for i, v := range values {
			row[i] = bytes.Clone(v)
		}
		all = append(all, row)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
