//go:build unix && !linux

package vault

import "crypto/rand"

// advise does nothing: the advice that keeps memory out of core dumps is Linux's. Winnow is measured on Linux only.
func advise([]byte) error { return nil }

func random(b []byte) error {
	_, err := rand.Read(b)
	return err
}
