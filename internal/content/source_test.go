package content_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Text must not become a string and must not reach a package that keeps it: checked on the source, since no test of
// behaviour would notice.
func TestSourceKeepsTextInPlace(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		seen++
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if i.Path.Value != `"unicode/utf8"` {
				t.Errorf("%s: import of %s", set.Position(i.Pos()), i.Path.Value)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch f := call.Fun.(type) {
			case *ast.Ident:
				if f.Name == "string" || f.Name == "make" || f.Name == "panic" || f.Name == "print" || f.Name == "println" {
					t.Errorf("%s: %s(", set.Position(call.Pos()), f.Name)
				}
			case *ast.ArrayType:
				t.Errorf("%s: a conversion to a slice", set.Position(call.Pos()))
			}
			return true
		})
	}
	if seen < 5 {
		t.Errorf("only %d files were checked", seen)
	}
}
