//go:build unix && !linux

package harden

import "os"

func self() (string, error) { return os.Executable() }

// undumpable has nothing to do: core files are off by their limit, and the rest is Linux's.
func undumpable() error { return nil }

// rename has nothing to do: the program started itself under its own name.
func rename() {}
