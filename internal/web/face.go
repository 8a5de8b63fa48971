package web

import (
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/bus"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/web/static"
)

// Face serves the pages. Its fields are set before Handler is called.
type Face struct {
	Accounts *account.Accounts
	Rooms    *room.Rooms
	Sessions *session.Sessions
	Notes    *note.Notes
	Ledger   *ledger.Log
	Tally    *ledger.Tally
	Bell     *bus.Bell
	Arena    *vault.Arena

	Organisation string
	URL          string // the server's public address
	Zone         *time.Location
	Now          func() time.Time
	Rand         io.Reader
	Log          *slog.Logger

	files     *static.Files
	templates *Templates
	texts     chan struct{} // see takeText
}

// Handler is the face's table of contents: every address, and who may ask for it. The error is for a program that was built
// without its styles and scripts.
func (f *Face) Handler() (http.Handler, error) {
	var err error
	if f.files, err = static.Open(); err != nil {
		return nil, err
	}
	if f.templates, err = NewTemplates(fs.FS(Pages()), f.files.URL); err != nil {
		return nil, err
	}
	f.texts = make(chan struct{}, max(1, f.Arena.Stats().Large.Total/4))
	m := http.NewServeMux()
	m.Handle("GET /static/", f.files.Handler())

	// Everybody.
	m.Handle("GET /sign-in", f.public(f.signInPage))
	m.Handle("POST /sign-in", f.public(f.signIn))
	m.Handle("GET /transparency", f.public(f.transparency))
	m.Handle("GET /transparency/{month}", f.public(f.transparency))
	m.Handle("GET /transparency/policy/{version}", f.public(f.policyPage))
	m.Handle("GET /certificates", f.public(f.certificates))
	m.Handle("GET /certificates/{ref}", f.public(f.certificate))
	m.Handle("GET /sessions/{session}", f.public(f.sessionPage))
	m.Handle("GET /log/", f.public(f.log))

	// People with an account.
	m.Handle("GET /{$}", f.staff(f.home))
	m.Handle("POST /sign-out", f.staff(f.signOut))
	m.Handle("GET /chat", f.staff(f.chat))
	m.Handle("GET /chat/new", f.staff(f.newChatPage))
	m.Handle("POST /chat/new", f.staff(f.newChat))
	m.Handle("GET /people", f.staff(f.directory))
	m.Handle("GET /find", f.staff(f.find))
	m.Handle("GET /notes", f.staff(f.notes))
	m.Handle("GET /settings", f.staff(f.settingsPage))
	m.Handle("POST /settings", f.staff(f.settings))
	m.Handle("GET /help", f.staff(f.help))
	m.Handle("GET /help/keyboard", f.staff(f.help))

	// People in the conversation.
	m.Handle("GET /chat/{room}", f.staff(f.conversation))
	m.Handle("POST /chat/{room}/join", f.staff(f.join))
	m.Handle("GET /chat/{room}/events", f.staff(f.events))
	m.Handle("POST /chat/{room}/messages", f.staff(f.send))
	m.Handle("GET /chat/{room}/messages/{event}", f.staff(f.message))
	m.Handle("POST /chat/{room}/messages/{event}/{act}", f.staff(f.act))
	m.Handle("POST /chat/{room}/typing", f.staff(f.typing))
	m.Handle("POST /chat/{room}/read", f.staff(f.read))
	m.Handle("POST /chat/{room}/{answer}", f.staff(f.answer)) // end-session, keep-open, nothing
	m.Handle("GET /chat/{room}/end", f.staff(f.endPage))
	m.Handle("POST /chat/{room}/end", f.staff(f.end))
	m.Handle("GET /chat/{room}/people", f.staff(f.membersPage))
	m.Handle("POST /chat/{room}/people", f.staff(f.members))

	// People who may read the note.
	m.Handle("GET /notes/{ref}", f.staff(f.note))

	m.Handle("/", f.public(f.unknown))
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(f.public(f.foreign))
	return headers(own.Handler(m)), nil
}

// headers sets what every answer has. Nothing of a page may be kept by a cache, framed, or told to other sites.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
