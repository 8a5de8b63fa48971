package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/store"
)

// users work on the database beside a running server. A person who is disabled is signed out at their next request.
type users struct {
	Data       string `default:"var" env:"WINNOW_DATA" placeholder:"DIR" help:"The server's data folder."`
	Database   string `env:"WINNOW_DATABASE" placeholder:"ADDRESS" help:"The server's database, if it is not in the data folder."`
	ServerName string `default:"localhost" env:"WINNOW_SERVER_NAME" placeholder:"NAME" help:"The part of user IDs after the colon."`

	Add           addUser       `cmd:"" help:"Add a person. The password is read from standard input, or made and printed."`
	List          listUsers     `cmd:"" help:"List people."`
	Disable       disableUser   `cmd:"" help:"Close a person's account and sign them out."`
	ResetPassword resetPassword `cmd:"" help:"Give a person a new password and sign them out. It is read from standard input, or made and printed."`
}

func (u *users) open(ctx context.Context) (*account.Accounts, *store.Store, error) {
	if u.Database == "" {
		path := filepath.Join(u.Data, "winnow.db")
		if _, err := os.Stat(path); err != nil {
			return nil, nil, fault.New(fault.NotFound, "There is no database in %s. Start the server once with \"winnow serve\", or name its folder with --data", u.Data)
		}
		u.Database = "sqlite:" + path
	}
	st, err := store.Open(ctx, u.Database)
	if err != nil {
		return nil, nil, err
	}
	return &account.Accounts{Server: u.ServerName, Now: time.Now, Rand: rand.Reader, Cost: account.DefaultCost,
		Update: func(ctx context.Context, do func(account.Tx) error) error {
			return st.Update(ctx, func(tx *store.Tx) error { return do(tx) })
		},
		View: func(ctx context.Context, do func(account.Tx) error) error {
			return st.View(ctx, func(tx *store.Tx) error { return do(tx) })
		}}, st, nil
}

// with runs do on the accounts.
func (u *users) with(do func(ctx context.Context, a *account.Accounts) error) error {
	ctx := context.Background()
	a, st, err := u.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, a), st.Close())
}

// password reads one line from standard input if that is a pipe or a file, or makes a password.
func password(in *os.File) (word string, made bool, err error) {
	if info, err := in.Stat(); err == nil && info.Mode()&os.ModeCharDevice == 0 {
		line, err := bufio.NewReader(io.LimitReader(in, 1000)).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", false, err
		}
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			return line, false, nil
		}
	}
	return strings.TrimPrefix(id.NewToken(rand.Reader), "wt_")[:20], true, nil
}

type addUser struct {
	Name  string `arg:"" help:"User name: small letters, digits and . _ = - /"`
	Full  string `name:"name" placeholder:"NAME" help:"The person's name as shown."`
	Role  string `placeholder:"POST" help:"The post they hold, for example \"Private secretary\"."`
	Group string `default:"other staff" placeholder:"GROUP" help:"Role group for published figures: minister, private secretary, special adviser, senior civil servant, other staff, outside the organisation."`
	Unit  string `placeholder:"UNIT" help:"Their team."`
}

// Run adds the person.
func (c addUser) Run(u *users, out io.Writer) error {
	return u.with(func(ctx context.Context, a *account.Accounts) error {
		word, made, err := password(os.Stdin)
		if err != nil {
			return err
		}
		p, err := a.Create(ctx, account.Draft{Localpart: c.Name, Name: c.Full, Role: c.Role, Group: c.Group, Unit: c.Unit, Password: word})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Added %s (%s).\n", p.ID, p.Name)
		if made {
			fmt.Fprintf(out, "Password: %s\n", word)
		}
		return nil
	})
}

type listUsers struct{}

// Run prints a line for each person.
func (listUsers) Run(u *users, out io.Writer) error {
	return u.with(func(ctx context.Context, a *account.Accounts) error {
		all, err := a.List(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "USER\tNAME\tPOST\tGROUP\tSTATE")
		for _, p := range all {
			state := "active"
			if p.Disabled {
				state = "disabled"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.ID, p.Name, p.Role, p.Group, state)
		}
		return w.Flush()
	})
}

type disableUser struct {
	Name string `arg:"" help:"User name."`
}

// Run closes the account.
func (c disableUser) Run(u *users, out io.Writer) error {
	return u.with(func(ctx context.Context, a *account.Accounts) error {
		if err := a.Disable(ctx, id.NewPerson(c.Name, a.Server)); err != nil {
			return noUser(c.Name, err)
		}
		_, err := fmt.Fprintf(out, "%s is disabled and signed out.\n", c.Name)
		return err
	})
}

type resetPassword struct {
	Name string `arg:"" help:"User name."`
}

// Run sets the password.
func (c resetPassword) Run(u *users, out io.Writer) error {
	return u.with(func(ctx context.Context, a *account.Accounts) error {
		word, made, err := password(os.Stdin)
		if err != nil {
			return err
		}
		if err := a.SetPassword(ctx, id.NewPerson(c.Name, a.Server), word, ""); err != nil {
			return noUser(c.Name, err)
		}
		fmt.Fprintf(out, "%s has a new password and is signed out.\n", c.Name)
		if made {
			fmt.Fprintf(out, "Password: %s\n", word)
		}
		return nil
	})
}

func noUser(name string, err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is nobody with the user name %s. \"winnow user list\" lists people", name)
	}
	return err
}
