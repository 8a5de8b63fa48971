package main

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // registers "sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"winnow": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }})
}

// The stories in testdata are run against the command itself.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0") // an address that another program uses
			if err != nil {
				return err
			}
			env.Defer(func() { l.Close() })
			env.Setenv("TAKEN", l.Addr().String())
			env.Setenv("WINNOW_ALLOW_UNLOCKED_MEMORY", "true")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"newer": newer,
		},
	})
}

// newer makes a database look as if a later Winnow had written it.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.Getenv("WORK"), args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(`insert into schema_version (version_id, is_applied) values (4711, true)`)
	ts.Check(err)
}
