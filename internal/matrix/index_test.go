package matrix_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"winnow.org/winnow/internal/matrix"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// index.txt says what is true: it lists every route, and what it calls refused or later is answered so.
func TestIndex(t *testing.T) {
	raw, err := os.ReadFile("index.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := sqlite(t)
	ann := r.signIn(stage.Ann)
	line := regexp.MustCompile(`^  (supported|empty|refused|later) +(GET|PUT|POST|DELETE) +(/\S+)`)
	wild := regexp.MustCompile(`\{[^}]*\}`)
	routes := matrix.Routes()
	listed := map[string]bool{}
	for _, l := range strings.Split(string(raw), "\n") {
		m := line.FindStringSubmatch(l)
		if m == nil {
			if strings.Contains(l, "/_matrix/client/v3/") {
				t.Errorf("not understood: %s", l)
			}
			continue
		}
		route := m[2] + " " + m[3]
		if listed[route] {
			t.Errorf("twice: %s", route)
		}
		listed[route] = true
		if has := slices.Contains(routes, route); has == (m[1] == "later") {
			t.Errorf("%s is called %s, but routed: %v", route, m[1], has)
		}
		path := strings.Replace(m[3], "{user}", esc(stage.Ann), 1)
		a := r.call(ann.token, m[2], wild.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "x"), nil)
		switch code := a.str("errcode"); m[1] {
		case "later":
			if code != "M_UNRECOGNIZED" {
				t.Errorf("%s: %d %v", route, a.status, a.body)
			}
		case "refused":
			a.refused(403, "M_FORBIDDEN")
		default:
			if code == "M_UNRECOGNIZED" {
				t.Errorf("%s is called %s: %d %v", route, m[1], a.status, a.body)
			}
		}
		if route == "POST /_matrix/client/v3/logout" || route == "POST /_matrix/client/v3/logout/all" {
			ann = r.signIn(stage.Ann)
		}
	}
	for _, route := range routes {
		if !listed[route] {
			t.Errorf("not in index.txt: %s", route)
		}
	}
}
