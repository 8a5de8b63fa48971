package harden

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// self is the running program, even if its file was replaced or deleted.
func self() (string, error) { return "/proc/self/exe", nil }

func undumpable() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

// rename gives the process its program's name again in ps and top: after self it is called "exe". Without it all works too.
func rename() { _ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0) }
