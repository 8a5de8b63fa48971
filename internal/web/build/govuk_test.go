package main

import "testing"

func TestGovuk(t *testing.T) {
	for _, c := range []struct{ name, css, want string }{
		{"in use", ".govuk-input{color:red}", ".govuk-input{color:red}"},
		{"a part of it", ".govuk-input--error:focus{a:b}", ".govuk-input--error:focus{a:b}"},
		{"not in use", ".govuk-header{a:b}", ""},
		{"the rest of a list", ".govuk-header,.govuk-table__cell{a:b}", ".govuk-table__cell{a:b}"},
		{"another component that begins the same", ".govuk-input-group{a:b}", ""},
		{"mixed with one that is not", ".govuk-character-count .govuk-textarea{a:b}", ""},
		{"inside a media query", "@media print{.govuk-hint{a:b}.govuk-footer{a:b}}", "@media print{.govuk-hint{a:b}}"},
		{"an empty media query", "@media print{.govuk-footer{a:b}}", ""},
		{"the font", ".govuk-label{font-family:GDS Transport,arial,sans-serif;color:red}@font-face{font-family:GDS Transport;src:url(x)}", ".govuk-label{color:red}"},
		{"a comma in brackets", ".govuk-label:not(.govuk-label--m,.govuk-label--l){a:b}", ".govuk-label:not(.govuk-label--m,.govuk-label--l){a:b}"},
		{"a brace in quotes", `.govuk-label::before{content:"}"}.govuk-header{a:b}`, `.govuk-label::before{content:"}"}`},
		{"a comment", "/* .govuk-label{ */.govuk-hint{a:b}", ".govuk-hint{a:b}"},
		{"a statement", `@charset "UTF-8";.govuk-hint{a:b}`, ".govuk-hint{a:b}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := govuk(c.css)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestGovukRefuses: branding that slips through is an error, not a surprise.
func TestGovukRefuses(t *testing.T) {
	for _, css := range []string{".govuk-label{background:url(/assets/images/govuk-crest.svg)}", ".govuk-label{font-family:'GDS Transport'}", ".govuk-label{"} {
		if got, err := govuk(css); err == nil {
			t.Errorf("%q gave %q", css, got)
		}
	}
}
