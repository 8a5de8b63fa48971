package main

import (
	"fmt"
	"strings"
)

// components are the GOV.UK Frontend components that the pages use, by the first part of their class names.
var components = []string{
	"form-group", "label", "hint", "error-message", "error-summary", "input", "textarea", "select", "fieldset", "radios", "table",
}

// govuk takes from GOV.UK Frontend's compiled style sheet the rules of the components in use. Services outside GOV.UK use
// the design system without its branding, so the font, the crest and every file it would load stay out, and a rule that
// still names one is an error.
func govuk(css string) (string, error) {
	css = stripComments(css)
	out, err := pick(css)
	if err != nil {
		return "", err
	}
	out = strings.ReplaceAll(out, "font-family:GDS Transport,arial,sans-serif;", "")
	out = strings.ReplaceAll(out, "font-family:GDS Transport,arial,sans-serif", "")
	for _, banned := range []string{"GDS Transport", "@font-face", "url(", "crest"} {
		if strings.Contains(out, banned) {
			return "", fmt.Errorf("GOV.UK Frontend's styles still name %q: look at what its new version changed", banned)
		}
	}
	return out, nil
}

// pick keeps rules whose selector names a component in use, at any depth of at-rules.
func pick(css string) (string, error) {
	var out strings.Builder
	for css != "" {
		open := strings.IndexAny(css, "{;")
		if open < 0 {
			break
		}
		head := strings.TrimSpace(css[:open])
		if css[open] == ';' { // @charset and the like
			css = css[open+1:]
			continue
		}
		end := closing(css, open)
		if end < 0 {
			return "", fmt.Errorf("GOV.UK Frontend's styles: no closing brace after %q", head)
		}
		body := css[open+1 : end]
		css = css[end+1:]
		switch {
		case strings.HasPrefix(head, "@media"), strings.HasPrefix(head, "@supports"):
			inner, err := pick(body)
			if err != nil {
				return "", err
			}
			if inner != "" {
				out.WriteString(head + "{" + inner + "}")
			}
		case strings.HasPrefix(head, "@"):
			// @font-face, @keyframes: none that the components in use need
		default:
			var kept []string
			for _, selector := range splitSelectors(head) {
				if wanted(selector) {
					kept = append(kept, selector)
				}
			}
			if len(kept) > 0 {
				out.WriteString(strings.Join(kept, ",") + "{" + body + "}")
			}
		}
	}
	return out.String(), nil
}

// wanted reports whether a selector's subject and every class in it belong to components in use.
func wanted(selector string) bool {
	classes := strings.Split(selector, ".govuk-")[1:]
	if len(classes) == 0 {
		return false
	}
	for _, class := range classes {
		if !used(class) {
			return false
		}
	}
	return true
}

func used(class string) bool {
	for _, c := range components {
		if rest, ok := strings.CutPrefix(class, c); ok && (rest == "" || !isLetter(rest[0]) && !(rest[0] == '-' && len(rest) > 1 && rest[1] != '-')) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

// closing is the index of the brace that closes the one at open, or -1.
func closing(css string, open int) int {
	depth := 0
	for i := open; i < len(css); i++ {
		switch css[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '"', '\'':
			if j := strings.IndexByte(css[i+1:], css[i]); j >= 0 {
				i += 1 + j
			}
		}
	}
	return -1
}

// splitSelectors splits at commas outside brackets.
func splitSelectors(head string) []string {
	var out []string
	depth, from := 0, 0
	for i := range len(head) {
		switch head[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, head[from:i]), i+1
			}
		}
	}
	return append(out, head[from:])
}

func stripComments(css string) string {
	var out strings.Builder
	for {
		i := strings.Index(css, "/*")
		if i < 0 {
			break
		}
		out.WriteString(css[:i])
		j := strings.Index(css[i+2:], "*/")
		if j < 0 {
			return out.String()
		}
		css = css[i+2+j+2:]
	}
	out.WriteString(css)
	return out.String()
}
