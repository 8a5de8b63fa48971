//go:build linux

package vault

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"winnow.org/winnow/internal/vault/residue"
)

// No part of a key's schedule may be anywhere in the process once the key has ended. It runs in a process of its own
// with the runtime settings of package harden, since without them signals leave register contents behind.
func TestEndedKeysLeaveNothing(t *testing.T) {
	if raced {
		t.Skip("not with the race detector")
	}
	const settings = "asyncpreemptoff=1,clobberfree=1"
	if os.Getenv("GODEBUG") != settings {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestEndedKeysLeaveNothing$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+settings)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), "--- SKIP") {
			t.Skipf("%s", out)
		}
		return
	}
	a, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s := residue.New()
	var keys []*Key
	for range 50 {
		k, err := a.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
		b, err := a.Get(t.Context(), Small)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 20 {
			sealed, err := k.Seal(make([]byte, n*100))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Open(b.B, sealed); err != nil {
				t.Fatal(err)
			}
		}
		b.Put()
		Scrub(func() { s.AddRaw(k.slot[8:480]) }) // the encryption and decryption schedules
	}
	live, err := s.Process(os.Getpid())
	if err != nil {
		t.Skip("this system does not let a process read its own memory:", err)
	}
	if live.Texts != len(keys) {
		t.Errorf("control: %d of %d live keys found", live.Texts, len(keys))
	}
	for _, k := range keys {
		k.End()
	}
	ended, err := s.Process(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if ended.Fragments != 0 {
		t.Errorf("%d fragments of %d keys left after their end: %+v", ended.Fragments, ended.Texts, ended.First)
	}
}
