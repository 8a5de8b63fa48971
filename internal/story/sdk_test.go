package story_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"strings"

	"winnow.org/winnow/internal/id"
)

// sdk is somebody at a Matrix client that many others are made of: matrix-js-sdk, in a Node process of its own.
type sdk struct {
	*house
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer
}

// heard is an event as the SDK has it.
type heard struct {
	ID       id.Event
	Type     string
	Sender   string
	Body     string
	Redacted bool
}

// client signs somebody in with the SDK, and syncs from then on.
func (h *house) client(name string) *sdk {
	h.Helper()
	cmd := exec.Command("node", "client.mjs")
	c := &sdk{house: h}
	cmd.Stderr = &c.errors
	in, err := cmd.StdinPipe()
	if err != nil {
		h.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.Fatal(err)
	}
	c.in, c.out = in, bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		h.Fatal("Node does not start; run make deps: ", err)
	}
	h.Cleanup(func() {
		c.in.Close()
		if err := cmd.Wait(); err != nil {
			h.Errorf("the SDK's process: %v\n%s", err, &c.errors)
		}
	})
	ask[string](c, "login", map[string]any{"url": h.url, "user": name, "password": password})
	return c
}

// ask has the client do something and returns its answer.
func ask[T any](c *sdk, what string, args map[string]any) (result T) {
	c.Helper()
	line := map[string]any{"do": what}
	for k, v := range args {
		line[k] = v
	}
	b, err := json.Marshal(line)
	if err == nil {
		_, err = c.in.Write(append(b, '\n'))
	}
	if err != nil {
		c.Fatal(err)
	}
	said, err := c.out.ReadBytes('\n')
	if err != nil {
		c.Fatalf("the SDK's process ended: %v\n%s", err, &c.errors)
	}
	var answer struct {
		Result T
		Error  string
	}
	if err := json.Unmarshal(said, &answer); err != nil {
		c.Fatal(err)
	}
	if answer.Error != "" {
		c.Fatalf("the SDK cannot %s: %s", what, answer.Error)
	}
	return answer.Result
}

// hears waits for a message with these words.
func (c *sdk) hears(r id.Room, words string) (e heard) {
	c.Helper()
	c.until("the SDK has “"+words+"”", func() bool {
		for _, x := range ask[[]heard](c, "seen", map[string]any{"room": r}) {
			if e = x; strings.Contains(x.Body, words) {
				return true
			}
		}
		return false
	})
	return e
}

func (c *sdk) says(r id.Room, words string) id.Event {
	c.Helper()
	return ask[id.Event](c, "send", map[string]any{"room": r, "text": words})
}
