package account

import (
	"context"
	"crypto/sha256"
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// SignIn is what somebody gives to sign in.
type SignIn struct {
	Localpart string
	Password  string
	Device    id.Device     // to sign in on a device that exists; empty: a new one
	Name      string        // what to call the device
	For       time.Duration // how long it lasts; 0: until signed out
}

var wrong = fault.New(fault.Denied, "The user name or password is wrong. Try again, or ask the service desk for a new password")

// SignIn checks a password and returns a device with its access token. The error does not tell whether the person exists
// (fault.Denied). More than a few tries a minute for one name are refused (fault.Limited).
func (a *Accounts) SignIn(ctx context.Context, s SignIn) (Device, string, error) {
	who := id.NewPerson(s.Localpart, a.Server)
	hash, err := a.check(ctx, who, s.Password)
	if err != nil {
		return Device{}, "", err
	}
	return a.signIn(ctx, who, s, func(p Person) error {
		if p.Hash != hash { // it was changed while it was checked
			return wrong
		}
		return nil
	})
}

// Check checks the password of somebody who may sign in. The errors are those of SignIn.
func (a *Accounts) Check(ctx context.Context, who id.Person, password string) error {
	_, err := a.check(ctx, who, password)
	return err
}

// check returns the hash that a password matches.
func (a *Accounts) check(ctx context.Context, who id.Person, password string) (hash string, err error) {
	if len(who) > id.MaxLen {
		return "", wrong
	}
	if !a.tries.allow(who.Localpart(), a.Now()) {
		e := fault.New(fault.Limited, "There were too many tries to sign in with this name. Wait a minute and try again")
		e.Retry = time.Minute
		return "", e
	}
	var p Person
	err = a.View(ctx, func(tx Tx) (err error) {
		p, err = tx.Person(ctx, who)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	if !a.matches(p.Hash, password) {
		return "", wrong
	}
	if p.Disabled {
		return "", closed()
	}
	a.tries.forgive(who.Localpart())
	return p.Hash, nil
}

func closed() error {
	return fault.New(fault.Denied, "This account is closed. Ask the service desk").WithCode("M_USER_DEACTIVATED")
}

// SignInAs signs a person in without a password: for somebody who has just registered, and for tests.
func (a *Accounts) SignInAs(ctx context.Context, who id.Person, s SignIn) (Device, string, error) {
	return a.signIn(ctx, who, s, func(Person) error { return nil })
}

// signIn makes a device. Whether the person may have one is asked in the transaction that makes it, so that nobody slips in while
// their account is closed or their password changed.
func (a *Accounts) signIn(ctx context.Context, who id.Person, s SignIn, may func(Person) error) (Device, string, error) {
	d := Device{ID: s.Device, Person: who, Name: s.Name, Created: a.Now()}
	if d.ID == "" {
		d.ID = id.NewDevice(a.Rand)
	}
	if len(d.ID) > id.MaxLen || !Plain(string(d.ID), id.MaxLen) || !Plain(d.Name, 200) {
		return Device{}, "", fault.New(fault.Invalid, "The device's name is too long or has characters that are not allowed")
	}
	if s.For > 0 {
		d.Expires = a.Now().Add(s.For)
	}
	token := id.NewToken(a.Rand)
	err := a.Update(ctx, func(tx Tx) error {
		p, err := tx.Person(ctx, who)
		if err != nil {
			return err
		}
		if p.Disabled {
			return closed()
		}
		if err := may(p); err != nil {
			return err
		}
		if err := tx.DeleteDevice(ctx, who, d.ID); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		return tx.InsertDevice(ctx, d, digest(token))
	})
	if err != nil {
		return Device{}, "", err
	}
	return d, token, nil
}

// Authenticate finds the device of an access token. The error is fault.SignedOut if there is none or it has expired.
func (a *Accounts) Authenticate(ctx context.Context, token string) (d Device, err error) {
	out := fault.New(fault.SignedOut, "You are signed out. Sign in to carry on").WithCode("M_UNKNOWN_TOKEN")
	if token == "" {
		return d, out.WithCode("M_MISSING_TOKEN")
	}
	err = a.View(ctx, func(tx Tx) error {
		d, err = tx.DeviceByToken(ctx, digest(token))
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && !d.Expires.IsZero() && !a.Now().Before(d.Expires) {
		return Device{}, out
	}
	return d, err
}

// NameDevice changes what a device is called.
func (a *Accounts) NameDevice(ctx context.Context, who id.Person, dev id.Device, name string) error {
	if !Plain(name, 200) {
		return fault.New(fault.Invalid, "The device's name is too long or has characters that are not allowed")
	}
	return a.Update(ctx, func(tx Tx) error { return tx.NameDevice(ctx, who, dev, name) })
}

// SignOut ends a device's sign-in.
func (a *Accounts) SignOut(ctx context.Context, who id.Person, dev id.Device) error {
	return a.Update(ctx, func(tx Tx) error { return tx.DeleteDevice(ctx, who, dev) })
}

// SignOutAll ends all of a person's sign-ins.
func (a *Accounts) SignOutAll(ctx context.Context, who id.Person) error {
	return a.Update(ctx, func(tx Tx) error { return tx.DeleteDevices(ctx, who) })
}

// Devices returns where a person is signed in.
func (a *Accounts) Devices(ctx context.Context, who id.Person) (all []Device, err error) {
	err = a.View(ctx, func(tx Tx) error {
		all, err = tx.Devices(ctx, who)
		return err
	})
	return all, err
}

// digest is what is kept of a token. A token has 160 random bits, so a plain hash cannot be guessed back.
func digest(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

const (
	atFirst   = 10     // tries to sign in with a name at once
	manyNames = 10_000 // beyond so many, those that may be tried ten times again are dropped
)

// tries counts tries to sign in by name: ten at once, then ten a minute. Names that were not tried lately are dropped, and only
// they: nobody gets more tries at a name by trying many others.
type tries struct {
	mu sync.Mutex
	by map[string]*rate.Limiter
}

func (t *tries) allow(name string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[string]*rate.Limiter{}
	}
	if len(t.by) > manyNames {
		maps.DeleteFunc(t.by, func(_ string, l *rate.Limiter) bool { return l.TokensAt(now) >= atFirst })
	}
	l := t.by[name]
	if l == nil {
		l = rate.NewLimiter(rate.Every(6*time.Second), atFirst)
		t.by[name] = l
	}
	return l.AllowN(now, 1)
}

func (t *tries) forgive(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, name)
}
