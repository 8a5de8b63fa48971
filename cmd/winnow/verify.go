package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/verify"
)

type verifyC struct {
	File string `arg:"" help:"The Word document of a note."`
	Key  string `placeholder:"KEY" help:"The server's public log key, as its page /transparency shows it. Without it the signature is checked against the key in the file, which proves less."`
}

// keys returns the trusted keys that were given.
func keys(s string) ([]note.Verifier, error) {
	if s == "" {
		return nil, nil
	}
	k, err := verify.ParseKey(s)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The key is not a log key. Copy it whole from the page /transparency, with its plus signs").Because(err)
	}
	return []note.Verifier{k}, nil
}

// Run checks the document; the exit code is 0 only if all holds.
func (v verifyC) Run(out io.Writer) error {
	trusted, err := keys(v.Key)
	if err != nil {
		return err
	}
	f, err := os.Open(v.File)
	if err != nil {
		return fault.New(fault.Invalid, "The file %s cannot be read. Check the path and who may read it", v.File)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	report, err := verify.CheckDocx(f, info.Size(), trusted...)
	if err != nil {
		return fault.New(fault.Invalid, "The file %s is not a note for the record that Winnow filed", v.File).Because(err)
	}
	if err := report.Print(out); err != nil {
		return err
	}
	if !report.OK() {
		return errFailed
	}
	return nil
}

type audit struct {
	URL        string        `arg:"" help:"The server's public address, for example https://chat.example.org"`
	Key        string        `placeholder:"KEY" help:"The log's public key. Without it the key that the server gives out is used, and printed."`
	Checkpoint string        `placeholder:"FILE" help:"A checkpoint saved earlier: the log must still hold all that it held then."`
	Save       string        `placeholder:"FILE" help:"Save the checkpoint that was checked."`
	Grace      time.Duration `default:"1m" help:"How old a decision without its completion may be."`
}

// Run walks the log; the exit code is 0 only if all holds.
func (a audit) Run(out io.Writer) error {
	ctx := context.Background()
	client := &http.Client{Timeout: 30 * time.Second}
	opts := verify.AuditOptions{Grace: a.Grace}
	var err error
	if a.Key == "" {
		if a.Key, err = fetchKey(ctx, client, a.URL); err != nil {
			return err
		}
		fmt.Fprintln(out, "Key given out by the server (compare it with one from elsewhere):", a.Key)
	}
	if opts.Keys, err = keys(a.Key); err != nil {
		return err
	}
	if a.Checkpoint != "" {
		if opts.Saved, err = os.ReadFile(a.Checkpoint); err != nil {
			return fault.New(fault.Invalid, "The checkpoint %s cannot be read. Check the path", a.Checkpoint)
		}
	}
	report, err := verify.Audit(ctx, client, strings.TrimSuffix(a.URL, "/"), opts)
	if err != nil {
		return err
	}
	if err := report.Print(out); err != nil {
		return err
	}
	if !report.OK() {
		return errFailed
	}
	if a.Save != "" {
		return os.WriteFile(a.Save, report.Signed, 0o644)
	}
	return nil
}

// fetchKey asks a server for its log's key.
func fetchKey(ctx context.Context, client *http.Client, url string) (string, error) {
	no := fault.New(fault.Unavailable, "The server does not answer. Check the address, for example https://chat.example.org")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/log/key", nil)
	if err != nil {
		return "", no.Because(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", no.Because(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", no.Because(err)
	}
	return strings.TrimSpace(string(b)), nil
}
