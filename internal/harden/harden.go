// Package harden prepares the process before anything else runs, so that what package vault protects has no side door.
// Call [Main] first in main.
//
// # What it does, and why
//
//   - GODEBUG=asyncpreemptoff=1. Go preempts a running goroutine with a signal, and the kernel saves the vector registers
//     on the signal's stack: up to 256 bytes of text, or a whole AES key schedule, left on memory that nobody wipes.
//     The price: a loop that calls no function cannot be stopped, and stalls the collector with it. Write none.
//   - GODEBUG=clobberfree=1. The collector overwrites what it frees, so that [vault.Arena.Forget] really removes the few
//     dead copies that other packages leave.
//   - Both are read by the runtime before main, and //go:debug refuses them. So Main runs the program once again over itself
//     (execve of /proc/self/exe: the same process, arguments and open files) with the settings in its environment.
//   - No core dumps: RLIMIT_CORE 0, and PR_SET_DUMPABLE 0, since a core pattern that is a pipe does not heed the limit.
//     The latter also closes /proc/PID/mem, maps and environ to the same user, and to debuggers.
//   - SIGPIPE is ignored: like preemption, a signal at the end of a connection would save registers during a write.
//   - GOTRACEBACK=none: the trace of a crash prints words from registers and stacks.
//
// # Honest limits
//
// Other signals can still arrive, such as SIGTERM at the end of service. Root, a debugger with privileges, a
// hypervisor and a snapshot of the machine see everything. Winnow must run without swap or with its memory kept from it,
// and without profiling: net/http/pprof and heap dumps are not linked in. On systems other than Linux only the
// limit on core files, SIGPIPE and the settings by environment apply.
package harden

import (
	"os"
	"strings"
)

// want are the settings of the runtime that must stand when it starts.
var want = []string{"asyncpreemptoff=1", "clobberfree=1"}

// guard is set in the environment of the second run, so that there is no third.
const guard = "WINNOW_HARDENED"

// Dumpable is an environment variable for the acceptance test only: with the value 1, other processes of the same user may read
// this one's memory, so that the test can search it. Core files stay off.
const Dumpable = "WINNOW_DUMPABLE"

// settings returns a GODEBUG value with the wanted settings added, and whether they stood there already. Of a setting
// that is given twice, the last counts.
func settings(now string) (merged string, complete bool) {
	last := map[string]string{}
	for s := range strings.SplitSeq(now, ",") {
		name, value, _ := strings.Cut(s, "=")
		last[name] = value
	}
	merged, complete = now, true
	for _, s := range want {
		name, value, _ := strings.Cut(s, "=")
		if last[name] == value {
			continue
		}
		complete = false
		if merged != "" {
			merged += ","
		}
		merged += s
	}
	return merged, complete
}

// environ returns the environment for the second run.
func environ(godebug string) []string {
	env := []string{guard + "=1", "GODEBUG=" + godebug, "GOTRACEBACK=none"}
	for _, e := range os.Environ() {
		switch name, _, _ := strings.Cut(e, "="); name {
		case guard, "GODEBUG", "GOTRACEBACK":
		default:
			env = append(env, e)
		}
	}
	return env
}
