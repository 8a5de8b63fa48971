package verify

import (
	"slices"
	"strings"
)

// expected returns what a document must show, item by item.
func expected(blocks []Block) []item {
	var out []item
	for _, b := range blocks {
		switch {
		case b.Kind == Table:
			if b.Head != nil {
				out = append(out, item{row: true, cells: b.Head, label: "The header of the table of " + b.Name})
			}
			for _, r := range b.Rows {
				out = append(out, item{row: true, cells: r.Cells, label: r.Label, name: b.Name, gap: r.Gap})
			}
		case b.Kind == Title:
			out = append(out, item{cells: []string{b.Text}, label: "The title"})
		case b.Kind == Heading:
			out = append(out, item{cells: []string{b.Text}, label: "The heading “" + b.Text + "”"})
		default:
			out = append(out, item{cells: []string{b.Text}, label: "The paragraph “" + shorten(b.Text) + "”"})
		}
	}
	return out
}

// maxCompare bounds the work of comparing: the product of the two lengths.
const maxCompare = 9_000_000

// compare names each difference between what a document must show and what it shows.
func compare(want, got []item) []Problem {
	missing, added := differ(want, got)
	var problems []Problem
	add := func(w *item, what string, want, got string) {
		where := "The document"
		if w != nil {
			where = w.label
		}
		problems = append(problems, Problem{Where: where, What: what, Want: want, Got: got})
	}
	var changed []int // indexes in want that have no exact counterpart
	for _, i := range missing {
		if j := slices.IndexFunc(added, func(j int) bool { return got[j].key() == want[i].key() }); j >= 0 {
			add(&want[i], "is not in its place", "", "")
			added = slices.Delete(added, j, j+1)
		} else {
			changed = append(changed, i)
		}
	}
	for _, i := range changed {
		j := likest(want[i], got, added)
		if j < 0 {
			add(&want[i], "is missing", "", "")
			continue
		}
		what, w, g := difference(want[i], got[added[j]])
		add(&want[i], what, w, g)
		added = slices.Delete(added, j, j+1)
	}
	for _, j := range added {
		add(nil, "says something that the note does not say", "", shorten(strings.Join(got[j].cells, " ")))
	}
	return problems
}

// differ returns the indexes of items in want and in got that are not in a longest common subsequence of the two.
func differ(want, got []item) (missing, added []int) {
	a, b := keys(want), keys(got)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	enda, endb := len(a), len(b)
	for enda > start && endb > start && a[enda-1] == b[endb-1] {
		enda, endb = enda-1, endb-1
	}
	n, m := enda-start, endb-start
	if n*m > maxCompare { // hardly anything is common: name all of it
		for i := range n {
			missing = append(missing, start+i)
		}
		for j := range min(m, 1000) {
			added = append(added, start+j)
		}
		return missing, added
	}
	common := make([][]int32, n+1)
	for i := range common {
		common[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[start+i] == b[start+j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && a[start+i] == b[start+j]:
			i, j = i+1, j+1
		case j == m || i < n && common[i+1][j] >= common[i][j+1]:
			missing = append(missing, start+i)
			i++
		default:
			added = append(added, start+j)
			j++
		}
	}
	return missing, added
}

func keys(items []item) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.key()
	}
	return out
}

// likest returns the index in added of the item that w most probably was before it was changed, or -1.
func likest(w item, got []item, added []int) int {
	best, at := 0.3, -1
	words := strings.Fields(strings.Join(w.cells, " "))
	for k, j := range added {
		if got[j].row != w.row {
			continue
		}
		if s := likeness(words, strings.Fields(strings.Join(got[j].cells, " "))); s > best {
			best, at = s, k
		}
	}
	return at
}

// likeness is the share of words that two texts have in common.
func likeness(a, b []string) float64 {
	left := map[string]int{}
	for _, w := range a {
		left[w]++
	}
	common := 0
	for _, w := range b {
		if left[w] > 0 {
			left[w]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b)+1)
}

// difference says how an item was changed, with a few words around the first change.
func difference(w, g item) (what, want, got string) {
	what = "is not what the note says"
	if w.name == NameQuotes && len(w.cells) == 4 && len(g.cells) == 4 {
		for i, s := range []string{"the message's number is", "the time is", "the name or role is", "the words are"} {
			if line(w.cells[i]) != line(g.cells[i]) {
				want, got = around(w.cells[i], g.cells[i])
				if i == 3 && !w.gap {
					return "the words are not what was sent", want, got
				}
				return s + " not what the note says", want, got
			}
		}
	}
	want, got = around(strings.Join(w.cells, " "), strings.Join(g.cells, " "))
	return what, want, got
}

// around shortens two texts to a few words around the first in which they differ.
func around(a, b string) (string, string) {
	x, y := strings.Fields(a), strings.Fields(b)
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	cut := func(w []string) string {
		from, to := max(0, min(i, len(w))-4), min(len(w), i+6)
		s := strings.Join(w[from:to], " ")
		if from > 0 {
			s = "… " + s
		}
		if to < len(w) {
			s += " …"
		}
		return clip(s, 200)
	}
	return cut(x), cut(y)
}

// shorten returns the first words of a text.
func shorten(s string) string {
	s = line(s)
	if c := clip(s, 60); c != s {
		return c + " …"
	}
	return s
}

// clip cuts a text after at most n characters.
func clip(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}
