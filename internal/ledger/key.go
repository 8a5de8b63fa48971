package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// LoadKey reads the log's signing key, an Ed25519 key in the form of C2SP signed-note, from a file that only the server
// may read. If there is no file it makes a key and the file; that happens once, at the very first start. It returns the
// signer and the public key as people compare it, "name+hash+key". The origin is the log's name.
//
// A key is never replaced: with another key the log would be another log, and every note that was ever filed would stop
// verifying. So a file that is damaged, of another log or readable by others is refused with words that say what to do.
func LoadKey(path, origin string) (signer note.Signer, verifierKey string, err error) {
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = createKey(path, origin)
	}
	if err != nil {
		return nil, "", fmt.Errorf("the public log's key file %s: %w", path, err)
	}
	signer, verifierKey, err = readKey(path, origin)
	if err != nil {
		return nil, "", fmt.Errorf("the public log's key file %s: %w", path, err)
	}
	return signer, verifierKey, nil
}

func readKey(path, origin string) (note.Signer, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, "", errors.New("this is not a file. Set the path of the key file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, "", fmt.Errorf("others may read it. Run: chmod 600 %s", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return nil, "", err
	}
	const restore = "Restore it from a backup. Do not delete it: with a new key, no note that was filed before could be checked"
	skey := strings.TrimSpace(string(data))
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, "", errors.New("it is damaged. " + restore)
	}
	if signer.Name() != origin {
		return nil, "", fmt.Errorf("it is the key of the log %q, and this server's log is %q. Set the right key file or the right name", signer.Name(), origin)
	}
	vkey, err := public(skey)
	if err != nil {
		return nil, "", errors.New("it is damaged. " + restore)
	}
	return signer, vkey, nil
}

// public returns the public key of a private one, which note.NewSigner has accepted: "PRIVATE+KEY+name+hash+data", where
// the data are the number of the algorithm and the Ed25519 seed, in base64.
func public(skey string) (string, error) {
	parts := strings.SplitN(skey, "+", 5)
	data, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(parts) != 5 || len(data) != 1+ed25519.SeedSize {
		return "", errors.New("ledger: not an Ed25519 key")
	}
	key := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], key)
}

// createKey makes a key and puts it at path at once and whole, or not at all. If another process was first, its key stays.
func createKey(path, origin string) error {
	if strings.ContainsAny(origin, "+ \t\r\n") || origin == "" {
		return fmt.Errorf("the log's name %q must have no spaces and no plus sign", origin)
	}
	skey, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".ledger-key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.WriteString(skey + "\n"); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces a file.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
