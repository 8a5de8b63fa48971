package server

import (
	"context"
	"fmt"
	"io"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// demoPassword is the one password of the demonstration. The settings allow the demonstration only where nobody else can
// reach it.
const demoPassword = "harbour wall at dawn"

// demoPeople are invented, and so is the Department for Coasts and Waterways.
var demoPeople = []account.Draft{
	{Localpart: "amara", Name: "Amara Nwosu", Role: "Senior policy adviser", Group: "other staff", Unit: "Harbours"},
	{Localpart: "priya", Name: "Priya Raman", Role: "Private secretary", Group: "private secretary", Unit: "Private office"},
	{Localpart: "rhys", Name: "Rhys Pembrey", Role: "Deputy director", Group: "senior civil servant", Unit: "Harbours"},
	{Localpart: "idris", Name: "Idris Vale", Role: "Special adviser", Group: "special adviser", Unit: "Private office"},
	{Localpart: "marek", Name: "Marek Zielny", Role: "Economist", Group: "other staff", Unit: "Analysis"},
	{Localpart: "dougal", Name: "Dougal Innes", Role: "Finance lead", Group: "other staff", Unit: "Finance"},
	{Localpart: "sian", Name: "Siân Prosser", Role: "Press officer", Group: "other staff", Unit: "Communications"},
	{Localpart: "helen", Name: "Helen Marchbank", Role: "Records officer", Group: "other staff", Unit: "Knowledge and information"},
}

var demoRooms = []struct {
	by     string
	others []string
	new    room.New
}{
	{"rhys", []string{"amara", "priya", "idris", "marek", "dougal", "sian", "helen"}, room.New{Name: "Harbour resilience fund, round 2", Folder: "Harbours/Resilience fund/Round 2"}},
	{"amara", []string{"rhys", "marek", "dougal"}, room.New{Name: "Harbours team", Folder: "Harbours/Team"}},
	{"amara", []string{"priya"}, room.New{Direct: true, Folder: "Private office"}},
}

// Welcome prints where the server is and what to do first. At the first start with the setting demo it makes the
// demonstration department.
func (s *Server) Welcome(ctx context.Context, out io.Writer) error {
	people, err := s.Accounts.List(ctx)
	if err != nil {
		return err
	}
	if s.Config.Demo && len(people) == 0 {
		fmt.Fprintln(out, "First start: making the demonstration department …")
		if err := s.demonstrate(ctx); err != nil {
			return fmt.Errorf("make the demonstration department: %w", err)
		}
	}
	fmt.Fprintf(out, "Winnow is at %s\n", s.Config.PublicURL)
	switch {
	case s.Config.Demo:
		fmt.Fprintf(out, `
  Sign in as amara, priya, rhys, idris, marek, dougal, sian or helen.
  Password for all: %s

  Try this:
  1. Open %[2]s in two browsers (one in a private window) and sign in as amara and as priya.
  2. Talk in "Harbour resilience fund, round 2". Mark a message for the record: hover and select the bookmark, or press M.
  3. Select "End session", then "Choose what to keep", and file a note. The other answers too.
  4. The session ends. The note is a Word document in %[3]s; the rest is gone.
  5. See the certificate from the card in the conversation, and %[2]s/transparency. Then run:
       bin/winnow audit %[2]s
       bin/winnow verify "%[3]s/…/….docx"
  Any Matrix client works too: server %[2]s, same names and password.

`, demoPassword, s.Config.PublicURL, s.Config.Drive)
	case len(people) == 0:
		fmt.Fprintln(out, "Nobody can sign in yet. Add a person: winnow user add NAME")
	}
	fmt.Fprintln(out, "Press Ctrl C to stop; sessions are ended properly first.")
	return nil
}

func (s *Server) demonstrate(ctx context.Context) error {
	who := func(name string) id.Person { return id.NewPerson(name, s.Config.ServerName) }
	for _, p := range demoPeople {
		p.Password = demoPassword
		if _, err := s.Accounts.Create(ctx, p); err != nil {
			return err
		}
	}
	for _, r := range demoRooms {
		for _, o := range r.others {
			r.new.Add = append(r.new.Add, who(o))
		}
		if _, err := s.Rooms.Create(ctx, who(r.by), r.new); err != nil {
			return err
		}
	}
	return nil
}
