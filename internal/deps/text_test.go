package deps_test

import (
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// textPath are the files through which message text goes. Of a package without names, all files.
var textPath = map[string][]string{
	"winnow.org/winnow/internal/session": {"send.go", "scan.go", "relate.go", "command.go", "talk.go", "withdraw.go"},
	"winnow.org/winnow/internal/wire":    {"out.go"},
	"winnow.org/winnow/internal/vault":   nil,
	"winnow.org/winnow/internal/content": nil,
}

// keepers are packages whose functions keep what they are given in memory of their own, or write it somewhere.
var keepers = []string{"fmt", "log", "log/slog", "errors", "encoding/json", "strings", "os", "bufio"}

// TestTextStaysInPlace looks at the types of the source: on the text path no bytes become a string (but as a map's index or in a
// comparison, where the compiler makes no copy) and none are handed to a package that keeps them.
//
// It does not see through a variable of an interface type, a generic function, append to a slice that must grow, or what a function
// of another package of ours does with bytes: the search of a process's memory in package vault/residue is for that.
func TestTextStaysInPlace(t *testing.T) {
	var paths []string
	for p := range textPath {
		paths = append(paths, p)
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo |
		packages.NeedImports | packages.NeedDeps, Dir: "../.."}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(loaded) > 0 || len(loaded) != len(paths) {
		t.Fatalf("%d of %d packages could be read", len(loaded), len(paths))
	}
	files := 0
	for _, p := range loaded {
		for _, f := range p.Syntax {
			name := filepath.Base(p.Fset.Position(f.Pos()).Filename)
			if names := textPath[p.PkgPath]; names != nil && !slices.Contains(names, name) {
				continue
			}
			files++
			for _, w := range leaks(p.TypesInfo, f) {
				t.Errorf("%s: %s", p.Fset.Position(w.at.Pos()), w.what)
			}
		}
	}
	if files < 12 {
		t.Errorf("only %d files were looked at", files)
	}
}

type leak struct {
	at   ast.Node
	what string
}

func leaks(info *types.Info, f *ast.File) (all []leak) {
	free := map[ast.Expr]bool{} // conversions that make no copy
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr:
			free[n.Index] = true
		case *ast.BinaryExpr:
			free[n.X], free[n.Y] = true, true
		case *ast.CallExpr:
			if tv := info.Types[n.Fun]; tv.IsType() {
				if len(n.Args) == 1 && isString(tv.Type) && isBytes(info.TypeOf(n.Args[0])) && !free[n] {
					all = append(all, leak{n, "bytes become a string"})
				}
				return true
			}
			pkg := calledPackage(info, n)
			if !slices.Contains(keepers, pkg) {
				return true
			}
			for _, a := range n.Args {
				if isBytes(info.TypeOf(a)) {
					all = append(all, leak{n, "bytes are handed to " + pkg})
				}
			}
		}
		return true
	})
	return all
}

// calledPackage is the package of the function or method that a call calls.
func calledPackage(info *types.Info, call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || info.ObjectOf(sel.Sel) == nil || info.ObjectOf(sel.Sel).Pkg() == nil {
		return ""
	}
	return info.ObjectOf(sel.Sel).Pkg().Path()
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.String
}

func isBytes(t types.Type) bool {
	if t == nil {
		return false
	}
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}

// TestLeaksAreFound shows that the check can fail.
func TestLeaksAreFound(t *testing.T) {
	source := `package x
import "fmt"
import "errors"
type name string
func f(b []byte, m map[string]int) {
	_ = m[string(b)]       // no copy
	_ = string(b) == "x"   // no copy
	_ = string(b)          // 1
	_ = name(b)            // 2
	fmt.Println(b)         // 3
	_ = errors.New(string(b)) // 4
	_ = fmt.Sprint(len(b))
}`
	dir := t.TempDir()
	path := filepath.Join(dir, "x.go")
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps,
		Dir: "../..", Overlay: map[string][]byte{path: []byte(source)}}, "file="+path)
	if err != nil || len(loaded) != 1 || len(loaded[0].Syntax) != 1 {
		t.Fatal(loaded, err)
	}
	var found []string
	for _, l := range leaks(loaded[0].TypesInfo, loaded[0].Syntax[0]) {
		found = append(found, l.what)
	}
	if got := strings.Join(found, ", "); got != "bytes become a string, bytes become a string, bytes are handed to fmt, bytes become a string" {
		t.Errorf("found %s", got)
	}
}
