package deps_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"winnow.org/winnow/internal/deps"
)

// imports returns what each package of the module imports, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, deps.Module)] = p.Imports
	}
}

// refusals compares imports with the drawing.
func refusals(all map[string][]string) (wrong []string) {
	row := map[string]int{}
	for i, r := range deps.Rows {
		for _, p := range r.Packages {
			row[p] = i
		}
	}
	drawn := map[[2]string]bool{}
	for _, a := range deps.Arrows {
		drawn[[2]string{a.From, a.To}] = true
	}
	for from, list := range all {
		here, inRow := row[from]
		if _, apart := deps.Apart[from]; !inRow && !apart {
			wrong = append(wrong, from+" is in no row: draw it in internal/deps")
		}
		for _, path := range list {
			to, ours := strings.CutPrefix(path, deps.Module)
			if may := deps.Narrow[to]; may != nil && may[from] == "" {
				wrong = append(wrong, from+" imports "+to+", which is for few: see Narrow in internal/deps")
			}
			if !ours || drawn[[2]string{from, to}] || !inRow {
				continue
			}
			if _, apart := deps.Apart[to]; apart {
				wrong = append(wrong, from+" imports "+to+", which is no part of the product")
			} else if there, ok := row[to]; ok && there >= here {
				wrong = append(wrong, from+" ("+deps.Rows[here].Name+") imports "+to+" ("+deps.Rows[there].Name+"), which is not below it: "+deps.Rows[here].Why)
			}
		}
	}
	return wrong
}

func TestImports(t *testing.T) {
	all := imports(t)
	for _, w := range refusals(all) {
		t.Error(w)
	}
	if len(all) < 20 {
		t.Errorf("only %d packages were looked at", len(all))
	}
	for _, a := range deps.Arrows {
		if !strings.Contains(strings.Join(all[a.From], " ")+" ", deps.Module+a.To+" ") {
			t.Errorf("the arrow from %s to %s is drawn and not used: take it out", a.From, a.To)
		}
	}
	for _, r := range deps.Rows {
		for _, p := range r.Packages {
			if _, there := all[p]; !there {
				t.Errorf("%s is drawn and does not exist", p)
			}
		}
	}
}

// The drawing refuses what it should.
func TestRefusals(t *testing.T) {
	for _, st := range []struct {
		from, to string
		refused  bool
	}{
		{"internal/note", "winnow.org/winnow/internal/session", false},
		{"internal/session", "winnow.org/winnow/internal/note", true},
		{"internal/note", "winnow.org/winnow/internal/drive", true},
		{"internal/note", "winnow.org/winnow/internal/document", true},
		{"internal/store", "winnow.org/winnow/internal/note", false},
		{"internal/matrix", "winnow.org/winnow/internal/store", true},
		{"internal/web", "winnow.org/winnow/internal/matrix", true},
		{"internal/web", "winnow.org/winnow/internal/bus", false},
		{"internal/session", "winnow.org/winnow/internal/wire", true},
		{"internal/session", "net/http", true},
		{"internal/session", "database/sql", true},
		{"internal/session", "winnow.org/winnow/internal/winnowtest", true},
		{"internal/helper", "fmt", true},
	} {
		if wrong := refusals(map[string][]string{st.from: {st.to}}); (len(wrong) > 0) != st.refused {
			t.Errorf("%s imports %s: %q", st.from, st.to, wrong)
		}
	}
}

// What is public needs nothing that is internal, or others could not use it as it is.
func TestVerifyStandsAlone(t *testing.T) {
	for _, p := range imports(t)["verify"] {
		if strings.HasPrefix(p, deps.Module) {
			t.Errorf("verify imports %s", p)
		}
	}
}
