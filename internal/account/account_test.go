package account_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest"
)

const (
	good = "correct horse battery"
	ann  = id.Person("@ann:chat.example.org")
)

var cheap = account.Cost{Passes: 1, Memory: 64, Threads: 1}

func register(s *store.Store, clock *winnowtest.Clock) *account.Accounts {
	return &account.Accounts{Server: "chat.example.org", Now: clock.Now, Rand: rand.Reader, Cost: cheap,
		Update: func(ctx context.Context, do func(account.Tx) error) error {
			return s.Update(ctx, func(tx *store.Tx) error { return do(tx) })
		},
		View: func(ctx context.Context, do func(account.Tx) error) error {
			return s.View(ctx, func(tx *store.Tx) error { return do(tx) })
		}}
}

// each runs a test with Ann on the register.
func each(t *testing.T, test func(t *testing.T, a *account.Accounts, clock *winnowtest.Clock)) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		clock := winnowtest.NewClock()
		a := register(s, clock)
		if _, err := a.Create(t.Context(), account.Draft{Localpart: "ann", Name: "Ann Able", Password: good}); err != nil {
			t.Fatal(err)
		}
		test(t, a, clock)
	})
}

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, a *account.Accounts, clock *winnowtest.Clock) {
		stories := []struct {
			name string
			d    account.Draft
			want fault.Kind // -1: none
			code string
		}{
			{"name only", account.Draft{Localpart: "bob"}, -1, ""},
			{"everything", account.Draft{Localpart: "a.b_c=d-e/f+1", Name: "Ŵyn O’Neill-Ødegård 王", Role: "Minister", Group: "minister", Unit: "Office", Password: good}, -1, ""},
			{"taken", account.Draft{Localpart: "ann"}, fault.Conflict, "M_USER_IN_USE"},
			{"the service's own name", account.Draft{Localpart: "winnow"}, fault.Conflict, "M_USER_IN_USE"},
			{"no name", account.Draft{}, fault.Invalid, "M_INVALID_USERNAME"},
			{"capitals", account.Draft{Localpart: "Bob"}, fault.Invalid, "M_INVALID_USERNAME"},
			{"a colon", account.Draft{Localpart: "bob:x"}, fault.Invalid, "M_INVALID_USERNAME"},
			{"another script", account.Draft{Localpart: "аnn"}, fault.Invalid, "M_INVALID_USERNAME"},
			{"long", account.Draft{Localpart: strings.Repeat("b", 201)}, fault.Invalid, "M_INVALID_USERNAME"},
			{"two lines", account.Draft{Localpart: "c", Name: "Bob\nSubject: x"}, fault.Invalid, ""},
			{"zero byte", account.Draft{Localpart: "c", Name: "Bob\x00"}, fault.Invalid, ""},
			{"turned round", account.Draft{Localpart: "c", Name: "Bob\u202eelbA nnA"}, fault.Invalid, ""},
			{"no text", account.Draft{Localpart: "c", Name: "\xff"}, fault.Invalid, ""},
			{"long name", account.Draft{Localpart: "c", Name: strings.Repeat("x", 101)}, fault.Invalid, ""},
			{"post of two lines", account.Draft{Localpart: "c", Role: "a\u2028b"}, fault.Invalid, ""},
			{"no such group", account.Draft{Localpart: "c", Group: "friends"}, fault.Invalid, ""},
			{"short password", account.Draft{Localpart: "c", Password: "short"}, fault.Invalid, "M_WEAK_PASSWORD"},
			{"endless password", account.Draft{Localpart: "c", Password: strings.Repeat("x", 201)}, fault.Invalid, "M_WEAK_PASSWORD"},
		}
		for _, st := range stories {
			p, err := a.Create(t.Context(), st.d)
			if st.want < 0 {
				if err != nil {
					t.Errorf("%s: %v", st.name, err)
					continue
				}
				if again, err := a.Get(t.Context(), p.ID); err != nil || again.Name != p.Name || again.Group != p.Group || !again.Created.Equal(clock.Now()) {
					t.Errorf("%s: %+v, %v", st.name, again, err)
				}
			} else if !fault.Is(err, st.want) || fault.Code(err) != st.code {
				t.Errorf("%s: %v, code %q", st.name, err, fault.Code(err))
			}
		}
		if all, err := a.List(t.Context()); err != nil || len(all) != 3 {
			t.Errorf("people %+v, %v", all, err)
		}
	})
}

// The hash is argon2id in its usual form, as the reference implementation computes it.
func TestHash(t *testing.T) {
	a := register(winnowtest.Open(t, winnowtest.SQLite(t)), winnowtest.NewClock())
	for _, c := range []account.Cost{cheap, {Passes: 2, Memory: 256, Threads: 3}} {
		a.Cost = c
		p, err := a.Create(t.Context(), account.Draft{Localpart: fmt.Sprint("p", c.Passes), Password: good})
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(p.Hash, "$")
		if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", c.Memory, c.Passes, c.Threads) {
			t.Fatalf("hash %q", p.Hash)
		}
		salt, err := base64.RawStdEncoding.DecodeString(parts[4])
		if err != nil || len(salt) != 16 {
			t.Fatalf("salt %x, %v", salt, err)
		}
		if want := base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(good), salt, c.Passes, c.Memory, c.Threads, 32)); parts[5] != want {
			t.Errorf("hash %q, want %q", parts[5], want)
		}
	}
	a.Cost = account.DefaultCost // what was hashed at another cost still matches
	if err := a.Check(t.Context(), "@p2:chat.example.org", good); err != nil {
		t.Error(err)
	}
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, a *account.Accounts, clock *winnowtest.Clock) {
		ctx := t.Context()
		if _, err := a.Create(ctx, account.Draft{Localpart: "nopass"}); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]account.SignIn{
			"wrong password":    {Localpart: "ann", Password: good + "!"},
			"nobody":            {Localpart: "nobody", Password: good},
			"no password set":   {Localpart: "nopass", Password: ""},
			"empty password":    {Localpart: "ann"},
			"endless password":  {Localpart: "ann", Password: strings.Repeat("x", 1<<20)},
			"endless user name": {Localpart: strings.Repeat("x", 1<<20), Password: good},
		} {
			_, token, err := a.SignIn(ctx, s)
			if !fault.Is(err, fault.Denied) || fault.Say(err) != "The user name or password is wrong. Try again, or ask the service desk for a new password" || token != "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		d, token, err := a.SignIn(ctx, account.SignIn{Localpart: "ann", Password: good, Name: "Firefox", For: time.Hour})
		if err != nil || d.Person != ann {
			t.Fatalf("%+v, %v", d, err)
		}
		if got, err := a.Authenticate(ctx, token); err != nil || got.ID != d.ID || got.Name != "Firefox" {
			t.Errorf("%+v, %v", got, err)
		}
		for _, bad := range []string{"", token[1:], token + "x", strings.ToUpper(token)} {
			if _, err := a.Authenticate(ctx, bad); !fault.Is(err, fault.SignedOut) {
				t.Errorf("token %.3s…: %v", bad, err)
			}
		}
		clock.Advance(time.Hour - time.Second)
		if _, err := a.Authenticate(ctx, token); err != nil {
			t.Error("it expired too early:", err)
		}
		clock.Advance(time.Second)
		if _, err := a.Authenticate(ctx, token); !fault.Is(err, fault.SignedOut) {
			t.Error("it did not expire:", err)
		}
		// The same device again has another token, and the old one is dead.
		_, first, err := a.SignInAs(ctx, ann, account.SignIn{Device: "D"})
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := a.SignInAs(ctx, ann, account.SignIn{Device: "D"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Authenticate(ctx, first); !fault.Is(err, fault.SignedOut) {
			t.Error("the old token lives:", err)
		}
		if err := a.SignOut(ctx, ann, "D"); err != nil {
			t.Error(err)
		}
		if _, err := a.Authenticate(ctx, second); !fault.Is(err, fault.SignedOut) {
			t.Error("signed out, and the token lives:", err)
		}
		if _, _, err := a.SignInAs(ctx, "@nobody:chat.example.org", account.SignIn{}); !fault.Is(err, fault.NotFound) {
			t.Error("nobody is signed in:", err)
		}
		if _, _, err := a.SignInAs(ctx, ann, account.SignIn{Name: "a\nb"}); !fault.Is(err, fault.Invalid) {
			t.Error("a device of two lines:", err)
		}
	})
}

// Ten tries at once, then one each six seconds, by name; a right one starts afresh.
func TestTooManyTries(t *testing.T) {
	each(t, func(t *testing.T, a *account.Accounts, clock *winnowtest.Clock) {
		try := func(name, password string) error {
			_, _, err := a.SignIn(t.Context(), account.SignIn{Localpart: name, Password: password})
			return err
		}
		for range 9 {
			if err := try("ann", "wrong"); !fault.Is(err, fault.Denied) {
				t.Fatal(err)
			}
		}
		if err := try("ann", good); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if err := try("ann", "wrong"); !fault.Is(err, fault.Denied) {
				t.Fatal(err)
			}
		}
		if err := try("ann", good); !fault.Is(err, fault.Limited) {
			t.Error("the eleventh try:", err)
		}
		if err := try("bob", "wrong"); !fault.Is(err, fault.Denied) {
			t.Error("another name:", err)
		}
		clock.Advance(6 * time.Second)
		if err := try("ann", good); err != nil {
			t.Error("six seconds later:", err)
		}
	})
}

// Whoever tries very many names has no more tries at the one that they are after.
func TestManyNames(t *testing.T) {
	a := &account.Accounts{Server: "x", View: func(context.Context, func(account.Tx) error) error { return fault.New(fault.NotFound, "nobody") },
		Now: winnowtest.NewClock().Now, Cost: account.Cost{Passes: 1, Memory: 8, Threads: 1}}
	try := func(name string) error { return a.Check(t.Context(), id.NewPerson(name, "x"), "wrong") }
	for range 10 {
		try("ann")
	}
	for i := range 10_010 {
		if err := try(fmt.Sprintf("other%d", i)); !fault.Is(err, fault.Denied) {
			t.Fatal(err)
		}
	}
	if err := try("ann"); !fault.Is(err, fault.Limited) {
		t.Error("the eleventh try:", err)
	}
}

func TestDisableAndReset(t *testing.T) {
	each(t, func(t *testing.T, a *account.Accounts, clock *winnowtest.Clock) {
		ctx := t.Context()
		token := func(dev id.Device) string {
			t.Helper()
			_, token, err := a.SignInAs(ctx, ann, account.SignIn{Device: dev})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		lives := func(token string) bool { _, err := a.Authenticate(ctx, token); return err == nil }
		keep, other := token("KEEP"), token("OTHER")
		if err := a.SetPassword(ctx, ann, "another good one", "KEEP"); err != nil {
			t.Fatal(err)
		}
		if !lives(keep) || lives(other) {
			t.Error("a new password signs out the wrong devices")
		}
		if err := a.Check(ctx, ann, good); !fault.Is(err, fault.Denied) {
			t.Error("the old password:", err)
		}
		if err := a.SetPassword(ctx, "@nobody:chat.example.org", good, ""); !fault.Is(err, fault.NotFound) {
			t.Error("nobody's password:", err)
		}
		if err := a.Disable(ctx, ann); err != nil {
			t.Fatal(err)
		}
		if lives(keep) {
			t.Error("disabled, and still signed in")
		}
		if err := a.Check(ctx, ann, "another good one"); !fault.Is(err, fault.Denied) || fault.Code(err) != "M_USER_DEACTIVATED" {
			t.Error("disabled:", err)
		}
		if err := a.Check(ctx, ann, "wrong"); fault.Code(err) == "M_USER_DEACTIVATED" {
			t.Error("a wrong password tells that the account is closed")
		}
		if _, _, err := a.SignInAs(ctx, ann, account.SignIn{}); !fault.Is(err, fault.Denied) {
			t.Error("disabled, and signed in:", err)
		}
	})
}

// Whoever signs in while their account is closed is not signed in afterwards, whichever came first.
func TestDisableInAHurry(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		a := register(s, winnowtest.NewClock())
		for n := range 10 {
			p, err := a.Create(t.Context(), account.Draft{Localpart: fmt.Sprint("p", n), Password: good})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { a.SignIn(t.Context(), account.SignIn{Localpart: p.ID.Localpart(), Password: good}) })
			}
			wg.Go(func() {
				if err := a.Disable(t.Context(), p.ID); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			if all, err := a.Devices(t.Context(), p.ID); err != nil || len(all) != 0 {
				t.Fatalf("%d devices of a closed account, %v", len(all), err)
			}
		}
	})
}

// For nobody's name a password is hashed as for somebody's, so the time tells nothing. The work is seen by the memory that
// argon2id takes for it.
func TestSameWorkForNobody(t *testing.T) {
	a := register(winnowtest.Open(t, winnowtest.SQLite(t)), winnowtest.NewClock())
	a.Cost = account.Cost{Passes: 1, Memory: 32 * 1024, Threads: 1} // KiB
	if _, err := a.Create(t.Context(), account.Draft{Localpart: "ann", Password: good}); err != nil {
		t.Fatal(err)
	}
	taken := func(who id.Person) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := a.Check(t.Context(), who, "a wrong password"); !fault.Is(err, fault.Denied) {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for _, who := range []id.Person{ann, "@nobody:chat.example.org"} {
		if n := taken(who); n < 32<<20 {
			t.Errorf("a wrong password of %s takes %d bytes to check, and a hash takes 32 MiB", who, n)
		}
	}
}

func TestData(t *testing.T) {
	each(t, func(t *testing.T, a *account.Accounts, _ *winnowtest.Clock) {
		ctx := t.Context()
		for i, d := range []account.Data{{Kind: "m.direct", Pos: 5, Content: []byte(`{"a":1}`)}, {Room: "!r", Kind: "m.tag", Pos: 6, Content: []byte(`{}`)}, {Kind: "m.direct", Pos: 7, Content: []byte(`{"a":2}`)}} {
			if err := a.PutData(ctx, ann, d); err != nil {
				t.Fatal(i, err)
			}
		}
		if d, err := a.Data(ctx, ann, "", "m.direct"); err != nil || string(d.Content) != `{"a":2}` || d.Pos != 7 {
			t.Errorf("%+v, %v", d, err)
		}
		if all, err := a.DataSince(ctx, ann, 5, 7); err != nil || len(all) != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := a.Data(ctx, "@bob:chat.example.org", "", "m.direct"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if err := a.PutData(ctx, ann, account.Data{Kind: "x", Content: make([]byte, account.MaxData+1)}); !fault.Is(err, fault.TooLarge) {
			t.Error(err)
		}
		first, err := a.PutFilter(ctx, ann, []byte(`{"x":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := a.PutFilter(ctx, ann, []byte(`{"x":1}`)); err != nil || again != first {
			t.Errorf("filter %q, then %q, %v", first, again, err)
		}
		if f, err := a.Filter(ctx, ann, first); err != nil || string(f) != `{"x":1}` {
			t.Errorf("%s, %v", f, err)
		}
		if _, err := a.Filter(ctx, "@bob:chat.example.org", first); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}
