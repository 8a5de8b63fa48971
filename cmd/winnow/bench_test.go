package main

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkColdStart is the built program from its start on an empty folder, with the demonstration left out, until it answers
// GET /_matrix/client/versions.
func BenchmarkColdStart(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "winnow")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for b.Loop() {
		b.StopTimer()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		addr, dir := l.Addr().String(), b.TempDir()
		l.Close()
		b.StartTimer()
		cmd := exec.Command(bin, "serve", "--listen", addr, "--data", dir)
		cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); ; {
			resp, err := http.Get("http://" + addr + "/_matrix/client/versions")
			if err == nil {
				resp.Body.Close()
				break
			}
			if time.Now().After(deadline) {
				b.Fatal("the server did not start")
			}
			time.Sleep(time.Millisecond)
		}
		b.StopTimer()
		cmd.Process.Kill()
		cmd.Wait()
		b.StartTimer()
	}
}
