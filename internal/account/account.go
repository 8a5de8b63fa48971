// Package account knows the people of a server: who they are, which post they hold, and the devices on which they are
// signed in. A password is kept as an argon2id hash, a sign-in as the hash of its token.
package account

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// Person is somebody who may sign in.
type Person struct {
	ID       id.Person
	Name     string // as shown: "Amara Nwosu"
	Role     string // the post held: "Senior policy adviser"
	Group    string // the role group for published figures: "minister", "private secretary", …
	Unit     string
	Disabled bool
	Created  time.Time
	Hash     string // argon2id; empty if the person cannot sign in with a password
}

// Groups are the role groups that figures and certificates use. The last is for whoever has no other.
var Groups = []string{"minister", "private secretary", "special adviser", "senior civil servant", "other staff", "outside the organisation"}

// Service is the name part of the user ID of the server itself, under which it speaks in rooms. Nobody can have it.
const Service = "winnow"

// Device is one sign-in.
type Device struct {
	ID      id.Device
	Person  id.Person
	Name    string // as its owner sees it in a list: "Firefox on a laptop"
	Created time.Time
	Expires time.Time // zero: never
}

// Tx is what accounts need of the store.
type Tx interface {
	Person(ctx context.Context, who id.Person) (Person, error)
	People(ctx context.Context) ([]Person, error)
	InsertPerson(ctx context.Context, p Person) error
	UpdatePerson(ctx context.Context, p Person) error
	InsertDevice(ctx context.Context, d Device, tokenHash []byte) error
	NameDevice(ctx context.Context, who id.Person, dev id.Device, name string) error
	DeviceByToken(ctx context.Context, tokenHash []byte) (Device, error)
	Devices(ctx context.Context, who id.Person) ([]Device, error)
	DeleteDevice(ctx context.Context, who id.Person, dev id.Device) error
	DeleteDevices(ctx context.Context, who id.Person) error

	Data(ctx context.Context, who id.Person, room id.Room, kind string) (Data, error)
	DataSince(ctx context.Context, who id.Person, from, to int64) ([]Data, error)
	PutData(ctx context.Context, who id.Person, d Data) error
	Filter(ctx context.Context, who id.Person, name string) ([]byte, error)
	PutFilter(ctx context.Context, who id.Person, name string, filter []byte) error
}

// Accounts is the register of people.
type Accounts struct {
	Server string // the server's name, the part of a user ID after the colon
	Update func(context.Context, func(Tx) error) error
	View   func(context.Context, func(Tx) error) error
	Now    func() time.Time
	Rand   io.Reader
	Cost   Cost // of hashing a password; DefaultCost in production

	tries   tries
	once    sync.Once
	hashing chan struct{}
}

// Draft is what is needed to create a person.
type Draft struct {
	Localpart, Name, Role, Group, Unit string
	Password                           string // empty: cannot sign in with a password
}

// Create adds a person. The errors are fault.Invalid with the field to mend, and fault.Conflict if the name is taken.
func (a *Accounts) Create(ctx context.Context, d Draft) (Person, error) {
	if !id.ValidLocalpart(d.Localpart) {
		return Person{}, fault.New(fault.Invalid, "A user name has only small letters, digits and . _ = - /").WithCode("M_INVALID_USERNAME")
	}
	if d.Localpart == Service {
		return Person{}, taken(d.Localpart)
	}
	if d.Name == "" {
		d.Name = d.Localpart
	}
	if d.Group == "" {
		d.Group = "other staff"
	}
	p := Person{ID: id.NewPerson(d.Localpart, a.Server), Name: d.Name, Role: d.Role, Group: d.Group, Unit: d.Unit, Created: a.Now()}
	if err := p.check(); err != nil {
		return Person{}, err
	}
	if d.Password != "" {
		hash, err := a.hash(d.Password)
		if err != nil {
			return Person{}, err
		}
		p.Hash = hash
	}
	err := a.Update(ctx, func(tx Tx) error { return tx.InsertPerson(ctx, p) })
	if fault.Is(err, fault.Conflict) {
		err = taken(d.Localpart)
	}
	return p, err
}

func taken(name string) error {
	return fault.New(fault.Conflict, "The user name %s is taken. Choose another", name).WithCode("M_USER_IN_USE")
}

// check refuses names that could break a page, a document or a header.
func (p Person) check() error {
	for field, s := range map[string]string{"name": p.Name, "role": p.Role, "unit": p.Unit} {
		if !Plain(s, 100) {
			return fault.New(fault.Invalid, "The %s must be at most 100 characters on one line", field)
		}
	}
	for _, g := range Groups {
		if p.Group == g {
			return nil
		}
	}
	return fault.New(fault.Invalid, "The role group must be one of: %s", strings.Join(Groups, ", "))
}

// Plain reports whether s is one line of at most n characters without control, private-use or direction-changing ones.
func Plain(s string, n int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > n {
		return false
	}
	for _, c := range s {
		if unicode.IsControl(c) || unicode.Is(unicode.Co, c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' {
			return false
		}
	}
	return true
}

// Get returns a person.
func (a *Accounts) Get(ctx context.Context, who id.Person) (p Person, err error) {
	err = a.View(ctx, func(tx Tx) error {
		p, err = tx.Person(ctx, who)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "There is no such person")
	}
	return p, err
}

// List returns everybody, in the order of their names.
func (a *Accounts) List(ctx context.Context) (all []Person, err error) {
	err = a.View(ctx, func(tx Tx) error {
		all, err = tx.People(ctx)
		return err
	})
	return all, err
}

// SetName changes what a person is called.
func (a *Accounts) SetName(ctx context.Context, who id.Person, name string) error {
	return a.change(ctx, who, func(p *Person) error {
		if name == "" {
			name = who.Localpart()
		}
		p.Name = name
		return p.check()
	})
}

// SetPassword changes a person's password and signs them out everywhere but on the device keep (empty: everywhere).
func (a *Accounts) SetPassword(ctx context.Context, who id.Person, password string, keep id.Device) error {
	hash, err := a.hash(password)
	if err != nil {
		return err
	}
	return a.Update(ctx, func(tx Tx) error {
		p, err := tx.Person(ctx, who)
		if err != nil {
			return err
		}
		p.Hash = hash
		if err := tx.UpdatePerson(ctx, p); err != nil {
			return err
		}
		devices, err := tx.Devices(ctx, who)
		if err != nil {
			return err
		}
		for _, d := range devices {
			if d.ID != keep {
				if err := tx.DeleteDevice(ctx, who, d.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Disable stops a person from signing in, and signs them out everywhere.
func (a *Accounts) Disable(ctx context.Context, who id.Person) error {
	return a.Update(ctx, func(tx Tx) error {
		p, err := tx.Person(ctx, who)
		if err != nil {
			return err
		}
		p.Disabled = true
		if err := tx.UpdatePerson(ctx, p); err != nil {
			return err
		}
		return tx.DeleteDevices(ctx, who)
	})
}

func (a *Accounts) change(ctx context.Context, who id.Person, do func(*Person) error) error {
	return a.Update(ctx, func(tx Tx) error {
		p, err := tx.Person(ctx, who)
		if err != nil {
			return err
		}
		if err := do(&p); err != nil {
			return err
		}
		return tx.UpdatePerson(ctx, p)
	})
}
