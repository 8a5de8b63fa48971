// Command winnow is the server and its tools. "winnow --help" lists the sub-commands; each has a file here.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/harden"
)

// version is set by the build.
var version = "development"

type commands struct {
	Config configFile `name:"config" placeholder:"FILE" help:"Settings file in TOML. Names are those of the options below, without the dashes."`

	Serve   serve    `cmd:"" help:"Run the server."`
	User    users    `cmd:"" help:"Manage people on this server."`
	Verify  verifyC  `cmd:"" name:"verify" help:"Check a note's Word document: quotes, proofs and its entry in the log."`
	Audit   audit    `cmd:"" help:"Walk a server's whole public log and check it."`
	Version versionC `cmd:"" name:"version" help:"Print the version."`
}

// configFile loads settings before the others are looked at.
type configFile string

// BeforeResolve reads the file.
func (c configFile) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	f, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Invalid, "The settings file %s cannot be read. Check the path and who may read it", path)
	}
	defer f.Close()
	r, err := config.Load(f)
	if err != nil {
		return err
	}
	if err := r.Validate(k.Model); err != nil {
		return err
	}
	ctx.AddResolver(r)
	return nil
}

type versionC struct{}

// Run prints the version.
func (versionC) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "winnow", version)
	return err
}

func main() {
	harden.Main()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// errFailed is an error whose words have been printed already.
var errFailed = errors.New("failed")

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("winnow"), kong.Description("Instant messaging for public bodies: routine chatter is really forgotten, what matters is really kept."),
		kong.UsageOnError(), kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }), kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.ValueFormatter(manual), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 110}))
	if err != nil {
		fmt.Fprintln(stderr, "winnow:", err)
		return 2
	}
	ctx, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err == nil {
		err = ctx.Run(stderrWriter{stderr})
		if err == nil {
			return 0
		}
	}
	if errors.Is(err, errFailed) {
		return 1
	}
	var plain *fault.Error
	if errors.As(err, &plain) {
		fmt.Fprintf(stderr, "winnow: %s.\n", plain.Words)
		if plain.Err != nil {
			fmt.Fprintf(stderr, "  (%v)\n", plain.Err)
		}
		return 1
	}
	fmt.Fprintf(stderr, "winnow: %v\n", err)
	return 2
}

// manual is a setting's line of help: what it is for, its default, and its name in the environment.
func manual(v *kong.Value) string {
	var more []string
	if v.HasDefault && v.Default != "" {
		more = append(more, "default "+v.Default)
	}
	if v.Flag != nil {
		for _, env := range v.Flag.Envs {
			more = append(more, "$"+env)
		}
	}
	if len(more) == 0 {
		return v.Help
	}
	return v.Help + " (" + strings.Join(more, "; ") + ")"
}

// stderrWriter is standard error, told apart from standard output by its type.
type stderrWriter struct{ io.Writer }
