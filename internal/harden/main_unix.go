//go:build unix

package harden

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Main hardens the process. It must be the first call in main, before goroutines, flags and files: it usually does
// not return the first time, but starts the program again (see the package comment). What cannot be had is reported on
// standard error, and the program goes on: the locks of package vault, which matter most, fail on their own.
func Main() {
	merged, complete := settings(os.Getenv("GODEBUG"))
	if (!complete || os.Getenv("GOTRACEBACK") != "none") && os.Getenv(guard) == "" {
		exe, err := self()
		if err == nil {
			err = unix.Exec(exe, os.Args, environ(merged))
		}
		warn("the runtime settings that keep message text out of dead memory", err)
	} else if !complete {
		warn("the runtime settings that keep message text out of dead memory", fmt.Errorf("GODEBUG is %q", os.Getenv("GODEBUG")))
	}
	os.Unsetenv(guard) // children are other programs
	rename()
	debug.SetTraceback("none")
	signal.Ignore(unix.SIGPIPE)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		warn("switching core files off", err)
	}
	if os.Getenv(Dumpable) != "1" {
		if err := undumpable(); err != nil {
			warn("closing this process's memory to others", err)
		}
	}
}

func warn(what string, err error) {
	fmt.Fprintf(os.Stderr, "winnow: not available on this system: %s: %v\n", what, err)
}
