package config_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/fault"
)

func TestDefault(t *testing.T) {
	c := config.Default()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "http://127.0.0.1:8008" || c.Drive != filepath.Join("var", "drive") || c.Database != "sqlite:"+filepath.Join("var", "winnow.db") {
		t.Errorf("completed to %+v", c)
	}
	// What the command line makes of nothing is the same.
	var parsed struct{ config.Config }
	p, err := kong.New(&parsed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(nil); err != nil {
		t.Fatal(err)
	}
	if err := parsed.Check(); err != nil || parsed.Config != c {
		t.Errorf("the command line makes %+v, %v", parsed.Config, err)
	}
}

// Each message names the setting and says what to do.
func TestCheckRefuses(t *testing.T) {
	stories := []struct {
		setting string
		change  func(c *config.Config)
		remedy  string
	}{
		{"listen", func(c *config.Config) { c.Listen = "8008" }, "Write HOST:PORT"},
		{"listen", func(c *config.Config) { c.Listen = "localhost:" }, "Write HOST:PORT"},
		{"data", func(c *config.Config) { c.Data = "" }, "Name a folder"},
		{"server-name", func(c *config.Config) { c.ServerName = "" }, "Write a host name"},
		{"server-name", func(c *config.Config) { c.ServerName = "https://chat.example.org" }, "Write a host name"},
		{"server-name", func(c *config.Config) { c.ServerName = "a b" }, "Write a host name"},
		{"server-name", func(c *config.Config) { c.ServerName = "a+b" }, "Write a host name"},
		{"organisation", func(c *config.Config) { c.Organisation = "" }, "at most 100 characters"},
		{"organisation", func(c *config.Config) { c.Organisation = "A\nB" }, "at most 100 characters"},
		{"drain", func(c *config.Config) { c.Drain = time.Millisecond }, "between 1s and 10m"},
		{"drain", func(c *config.Config) { c.Drain = time.Hour }, "between 1s and 10m"},
		{"time-zone", func(c *config.Config) { c.TimeZone = "Mars/Olympus" }, "Write a name from the time zone database"},
		{"locked-memory", func(c *config.Config) { c.LockedMemory = 3 }, "between 4 and 1024"},
		{"tls-key", func(c *config.Config) { c.TLSCert = "cert.pem" }, "Set both, or neither"},
		{"tls-cert", func(c *config.Config) { c.TLSCert, c.TLSKey = "/nowhere/cert.pem", "/dev/null" }, "Check the path"},
		{"public-url", func(c *config.Config) { c.PublicURL = "chat.example.org" }, "Write the address"},
		{"public-url", func(c *config.Config) { c.PublicURL = "https://chat.example.org/" }, "without a path"},
		{"public-url", func(c *config.Config) { c.PublicURL = "ftp://chat.example.org" }, "for example https://"},
		{"public-url", func(c *config.Config) { c.PublicURL = "https://chat.example.org#x" }, "for example https://"},
		{"public-url", func(c *config.Config) { c.PublicURL = "https://user:secret@chat.example.org" }, "for example https://"},
		{"demo", func(c *config.Config) { c.Demo, c.Listen = true, ":8008" }, "Listen on 127.0.0.1"},
		{"demo", func(c *config.Config) { c.Demo, c.Listen = true, "192.0.2.1:8008" }, "Listen on 127.0.0.1"},
	}
	for _, st := range stories {
		c := config.Default()
		st.change(&c)
		err := c.Check()
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Say(err), "setting") || !strings.Contains(fault.Say(err), st.setting) || !strings.Contains(fault.Say(err), st.remedy) {
			t.Errorf("%s: %v, want the remedy %q", st.setting, err, st.remedy)
		}
	}
}

func TestCompleted(t *testing.T) {
	for listen, want := range map[string]string{":8008": "http://localhost:8008", "0.0.0.0:80": "http://localhost:80", "[::1]:8008": "http://[::1]:8008", "host:1": "http://host:1"} {
		c := config.Default()
		c.Listen = listen
		if err := c.Check(); err != nil || c.PublicURL != want {
			t.Errorf("%s is reached at %q, want %q, %v", listen, c.PublicURL, want, err)
		}
	}
	c := config.Default()
	c.Demo, c.Listen = true, "[::1]:0"
	if err := c.Check(); err != nil {
		t.Error("a demonstration on this computer's own address:", err)
	}
}

func TestLoad(t *testing.T) {
	parse := func(text string, args ...string) (config.Config, error) {
		r, err := config.Load(strings.NewReader(text))
		if err != nil {
			return config.Config{}, err
		}
		var c struct {
			Serve struct{ config.Config } `cmd:""`
		}
		p, err := kong.New(&c, kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Validate(p.Model); err != nil {
			return config.Config{}, err
		}
		kong.Resolvers(r).Apply(p)
		_, err = p.Parse(append([]string{"serve"}, args...))
		return c.Serve.Config, err
	}
	c, err := parse("listen = \"127.0.0.1:1\"\nlocked-memory = 8\ndemo = true\ndrain = \"5s\"\n")
	if err != nil || c.Listen != "127.0.0.1:1" || c.LockedMemory != 8 || !c.Demo || c.Drain != 5*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
	for text, words := range map[string]string{
		"lisen = \"x\"":         "lisen, which is no setting",
		"listen = [\"x\"]":      "The setting listen in the settings file must be a single value",
		"a = 1\nlisten\n":       "Line 2 of the settings file is not TOML",
		"[server]\nlisten=\"\"": "server, which is no setting",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", text, err)
		}
	}
	t.Setenv("WINNOW_LISTEN", "127.0.0.1:2")
	if c, err := parse("listen = \"127.0.0.1:1\""); err != nil || c.Listen != "127.0.0.1:2" {
		t.Errorf("the environment goes before the file: %s, %v", c.Listen, err)
	}
	if c, err := parse("listen = \"127.0.0.1:1\"", "--listen", "127.0.0.1:3"); err != nil || c.Listen != "127.0.0.1:3" {
		t.Errorf("the command line goes before all: %s, %v", c.Listen, err)
	}
}
