package server_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/server"
)

// A data folder that cannot be used stops the start with words for the person who can mend it, and leaves it as it was.
func TestRefusesToStart(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, c *config.Config)
		says string
	}{
		{"damaged database", func(t *testing.T, c *config.Config) {
			write(t, filepath.Join(c.Data, "winnow.db"), strings.Repeat("not a database ", 1000))
		}, "damaged"},
		{"damaged ledger key", func(t *testing.T, c *config.Config) { write(t, filepath.Join(c.Data, "ledger.key"), "PRIVATE+KEY") }, "key"},
		{"a file where the drive should be", func(t *testing.T, c *config.Config) { write(t, c.Drive, "") }, "drive"},
		{"another server", func(t *testing.T, c *config.Config) {
			s, err := server.New(context.Background(), *c, server.Options{Fast: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Shutdown(context.Background()) })
		}, "Another Winnow"},
		{"another server name than before", func(t *testing.T, c *config.Config) {
			s, err := server.New(context.Background(), *c, server.Options{Fast: true})
			if err != nil {
				t.Fatal(err)
			}
			s.Shutdown(context.Background())
			c.ServerName = "elsewhere"
		}, "localhost"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config.Default()
			c.Data = t.TempDir()
			if err := c.Check(); err != nil {
				t.Fatal(err)
			}
			test.do(t, &c)
			s, err := server.New(context.Background(), c, server.Options{Fast: true})
			if err == nil {
				s.Shutdown(context.Background())
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error does not name the %q: %v", test.says, err)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
