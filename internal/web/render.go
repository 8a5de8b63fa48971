package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
)

//go:embed page/*.html
var pages embed.FS

// Pages are the templates that are built in.
func Pages() fs.FS {
	sub, err := fs.Sub(pages, "page")
	if err != nil {
		panic(err) // the folder is named in the directive above
	}
	return sub
}

// Templates renders the shells of pages and fragments.
type Templates struct {
	all *template.Template
}

// NewTemplates parses the templates in pages. asset turns the name of a built file ("app.css") into its address
// ("/static/app-K2XQ7A.css").
func NewTemplates(pages fs.FS, asset func(name string) string) (*Templates, error) {
	t := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"asset":     asset,
		"icon":      icon,
		"plural":    plural,
		"thousands": thousands,
		"percent":   percent,
		"reactions": Reactions,
		"inc":       func(n int) int { return n + 1 },
		"small":     func(a Avatar) sized { return sized{a, "avatar--s"} },
		"large":     func(a Avatar) sized { return sized{a, "avatar--l"} },
		"field": func(p Problems, id, label, hint string, value any) field {
			return field{p.At(id), id, label, hint, value}
		},
		"menu":  func(l List, current string) menu { return menu{l, current} },
		"crumb": crumbs,
	})
	t, err := t.ParseFS(pages, "*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	return &Templates{t}, nil
}

// sized is an avatar of another size than usual.
type sized struct {
	Avatar
	Size string
}

// field is what the template "field" needs: a labelled input with its error.
type field struct {
	Problem, ID, Label, Hint string
	Value                    any
}

// menu is the list of conversations and which one is on show.
type menu struct {
	List    List
	Current string
}

// Shell renders a page or a fragment, with slots still in place of content. name is the page's name as its view says.
func (t *Templates) Shell(w *bytes.Buffer, name string, data any) error {
	if err := t.all.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return nil
}

// Event renders a fragment as the data of one server-sent event: on one line, so that one "data:" field holds it. The
// assembler writes a line break inside a slot as a character reference, which keeps it one line.
func (t *Templates) Event(w *bytes.Buffer, name string, data any) error {
	from := w.Len()
	if err := t.Shell(w, name, data); err != nil {
		return err
	}
	shell := w.Bytes()[from:]
	for i, c := range shell {
		if c == '\n' || c == '\r' {
			shell[i] = ' '
		}
	}
	return nil
}

// icon writes a symbol of the sheet in icons.html. class is one or more of icon's modifiers, or "".
func icon(name, class string) template.HTML {
	c := strings.TrimSpace("icon " + class)
	return template.HTML(`<svg class="` + template.HTMLEscapeString(c) + `" viewBox="0 0 24 24" aria-hidden="true"><use href="#i-` +
		template.HTMLEscapeString(name) + `"/></svg>`)
}

// crumbs pairs words with addresses: "Chat", "/chat", "Harbours", "/chat/…".
func crumbs(pairs ...string) []Link {
	var links []Link
	for i := 0; i+1 < len(pairs); i += 2 {
		links = append(links, Link{pairs[i], pairs[i+1]})
	}
	return links
}

// percent is n of all, rounded to a whole number.
func percent(n, all int) int {
	if all == 0 {
		return 0
	}
	return (n*200 + all) / (2 * all)
}

// Size is the modifier of an avatar of the usual size: none.
func (Avatar) Size() string { return "" }

// AvatarOf makes the avatar for a person or a group: initials from the name, a colour that always goes with the id.
func AvatarOf(id, name string, group bool) Avatar {
	sum := sha256.Sum256([]byte(id))
	if words := strings.Fields(name); group && len(words) > 2 {
		name = words[0] + " " + words[1] // of a sentence the beginning tells more than the end
	}
	return Avatar{Initials: initials(name), Colour: 1 + int(sum[0])%6, Group: group}
}

// initials are the first letters of the first and the last word, or the first two letters of a single word.
func initials(name string) string {
	words := strings.Fields(name)
	switch len(words) {
	case 0:
		return "?"
	case 1:
		r := []rune(words[0])
		if len(r) > 2 {
			r = r[:2]
		}
		return strings.ToUpper(string(r))
	}
	first, last := []rune(words[0])[:1], []rune(words[len(words)-1])[:1]
	return strings.ToUpper(string(first) + string(last))
}
