//go:build linux

package harden_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"winnow.org/winnow/internal/harden"
)

// The test binary is also the program under test: with this variable it hardens itself and reports what it sees.
const report = "WINNOW_TEST_REPORT"

func TestMain(m *testing.M) {
	if os.Getenv(report) == "" {
		os.Exit(m.Run())
	}
	harden.Main()
	var core unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_CORE, &core)
	dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	fmt.Printf("GODEBUG %s\nGOTRACEBACK %s\nguard %q\ncore %d %d\ndumpable %d\nSIGPIPE ignored %v\nargs %q\npid %d\nextra %s\n",
		os.Getenv("GODEBUG"), os.Getenv("GOTRACEBACK"), os.Getenv("WINNOW_HARDENED"), core.Cur, core.Max, dumpable,
		signal.Ignored(unix.SIGPIPE), os.Args[1:], os.Getpid(), os.Getenv("EXTRA"))
	os.Exit(7)
}

func TestMainHardens(t *testing.T) {
	base := "GOTRACEBACK none|guard \"\"|core 0 0|dumpable 0|SIGPIPE ignored true|args [\"serve\" \"a b\"]|extra kept"
	for _, c := range []struct {
		name string
		env  []string
		want string
		warn bool
	}{
		{"nothing set", nil, "GODEBUG asyncpreemptoff=1,clobberfree=1|" + base, false},
		{"other settings stay", []string{"GODEBUG=http2debug=1,asyncpreemptoff=0"},
			"GODEBUG http2debug=1,asyncpreemptoff=0,asyncpreemptoff=1,clobberfree=1|" + base, false},
		{"set already", []string{"GODEBUG=clobberfree=1,asyncpreemptoff=1", "GOTRACEBACK=none"},
			"GODEBUG clobberfree=1,asyncpreemptoff=1|" + base, false},
		{"crash traces asked for", []string{"GOTRACEBACK=crash"}, base, false},
		{"for the acceptance test", []string{"WINNOW_DUMPABLE=1"}, strings.Replace(base, "dumpable 0", "dumpable 1", 1), false},
		{"no loop", []string{"WINNOW_HARDENED=1"}, "guard \"\"|core 0 0", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe", "serve", "a b")
			cmd.Env = append([]string{report + "=1", "EXTRA=kept"}, c.env...)
			var errs strings.Builder
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 7 {
				t.Fatalf("%v\n%s%s", err, out, &errs)
			}
			got := strings.ReplaceAll(string(out), "\n", "|")
			for want := range strings.SplitSeq(c.want, "|") {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if !strings.Contains(got, fmt.Sprintf("pid %d|", cmd.ProcessState.Pid())) {
				t.Error("the second run is another process")
			}
			if (errs.Len() > 0) != c.warn {
				t.Errorf("standard error: %q", &errs)
			}
		})
	}
}
