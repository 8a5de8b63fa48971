package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"winnow.org/winnow/internal/fault"
)

// Load reads a TOML file as a source of settings. A key that is no setting of the chosen command is an error that names it.
func Load(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := toml.NewDecoder(r).Decode(&values); err != nil {
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			row, _ := bad.Position()
			return nil, fault.New(fault.Invalid, "Line %d of the settings file is not TOML. Write lines like listen = \"127.0.0.1:8008\"", row).Because(err)
		}
		return nil, fault.New(fault.Invalid, "The settings file cannot be read").Because(err)
	}
	return &file{values}, nil
}

type file struct{ values map[string]any }

// Validate refuses keys that are no settings.
func (f *file) Validate(app *kong.Application) error {
	var known []string
	for _, n := range app.Leaves(false) {
		for _, flag := range n.Flags {
			known = append(known, flag.Name)
		}
	}
	var unknown []string
	for key := range f.values {
		if !slices.Contains(known, key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	if len(unknown) > 0 {
		return fault.New(fault.Invalid, "The settings file has %s, which is no setting. \"winnow serve --help\" lists the settings", strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve returns a setting's value.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := f.values[flag.Name]
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			ok = false // the environment comes first
		}
	}
	if !ok {
		return nil, nil
	}
	switch v.(type) {
	case string, bool, int64, float64:
		return fmt.Sprint(v), nil
	}
	return nil, fault.New(fault.Invalid, "The setting %s in the settings file must be a single value", flag.Name)
}
