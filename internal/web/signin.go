package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
)

// signedInFor is how long a browser stays signed in.
const signedInFor = 12 * time.Hour

func (f *Face) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	http.Redirect(w, r, "/chat", http.StatusSeeOther)
	return nil
}

func (f *Face) signInPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.signedIn() {
		return f.home(w, r, v)
	}
	p := SignInPage{Frame: f.frame(v, "Sign in", ""), Local: true, Next: ours(r.URL.Query().Get("next"))}
	if r.URL.Query().Has("out") {
		p.Notice = "You have signed out. Your sessions carry on without you."
	}
	return f.page(w, r, http.StatusOK, "sign-in", p, f.filling())
}

func (f *Face) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	name, next := strings.ToLower(strings.TrimSpace(form.Get("username"))), ours(form.Get("next"))
	_, token, err := f.Accounts.SignIn(r.Context(), account.SignIn{Localpart: name, Password: form.Get("password"), Name: "Web browser", For: signedInFor})
	if err != nil {
		words, err := asInvalid(err)
		if err != nil {
			return err
		}
		p := SignInPage{Frame: f.frame(v, "Error: Sign in", ""), Local: true, Next: next, Username: name, Problems: Problems{{"username", words}}}
		return f.page(w, r, http.StatusUnprocessableEntity, "sign-in", p, f.filling())
	}
	f.cookie(w, signInCookie, token, int(signedInFor.Seconds()))
	if next == "" {
		next = "/chat"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (f *Face) signOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := f.Accounts.SignOut(r.Context(), v.ID, v.Device); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	f.cookie(w, signInCookie, "", -1)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, "/sign-in?out", http.StatusSeeOther)
	return nil
}

// cookie sets a cookie for maxAge seconds; negative deletes it. Script cannot read it.
func (f *Face) cookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: strings.HasPrefix(f.URL, "https:"),
		SameSite: http.SameSiteLaxMode})
}

// ours keeps an address only if it is a path on this server, also to a browser, which reads "/\" as "//" and skips tabs.
func ours(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsFunc(u.Path, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return ""
	}
	return u.EscapedPath()
}

func (f *Face) settingsPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := SettingsPage{Frame: f.frame(v, "Settings", "settings"), Appearance: v.Theme, Saved: r.URL.Query().Has("saved")}
	if p.Appearance == "" {
		p.Appearance = "system"
	}
	return f.page(w, r, http.StatusOK, "settings", p, f.filling())
}

func (f *Face) settings(w http.ResponseWriter, r *http.Request, v *visit) error {
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	switch a := form.Get("appearance"); a {
	case "light", "dark":
		f.cookie(w, themeCookie, a, 365*24*3600)
	default:
		f.cookie(w, themeCookie, "", -1)
	}
	http.Redirect(w, r, "/settings?saved", http.StatusSeeOther)
	return nil
}

func (f *Face) help(w http.ResponseWriter, r *http.Request, v *visit) error {
	name, title := "help", "What belongs on the record? - Help"
	if strings.HasSuffix(r.URL.Path, "/keyboard") {
		name, title = "keyboard", "Keyboard - Help"
	}
	return f.page(w, r, http.StatusOK, name, HelpPage{f.frame(v, title, "")}, f.filling())
}
