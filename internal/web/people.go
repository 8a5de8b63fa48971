package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// mostFound is how many people a search shows.
const mostFound = 50

// matching are the people who can sign in and whose name, post or unit has all words of the query.
func (f *Face) matching(ctx context.Context, v *visit, query string, leave func(id.Person) bool) ([]Person, error) {
	all, err := f.Accounts.List(ctx)
	if err != nil {
		return nil, err
	}
	var found []Person
	for _, p := range all {
		if p.Disabled || leave != nil && leave(p.ID) {
			continue
		}
		text := strings.ToLower(p.Name + " " + p.Role + " " + p.Unit + " " + p.ID.Localpart())
		match := true
		for word := range strings.FieldsSeq(strings.ToLower(query)) {
			match = match && strings.Contains(text, word)
		}
		if match {
			found = append(found, f.person(p, v.ID))
		}
	}
	return found, nil
}

func (f *Face) directory(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := DirectoryPage{Frame: f.frame(v, "People", "people"), Query: r.URL.Query().Get("q")}
	var err error
	if p.People, err = f.matching(r.Context(), v, p.Query, nil); err != nil {
		return err
	}
	p.Total = len(p.People)
	p.People = p.People[:min(len(p.People), mostFound)]
	return f.page(w, r, http.StatusOK, "people", p, f.filling())
}

func (f *Face) newChatPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	return f.newChatForm(w, r, v, http.StatusOK, NewChatPage{Query: q.Get("q"), Name: q.Get("name")}, q["person"])
}

func (f *Face) newChatForm(w http.ResponseWriter, r *http.Request, v *visit, code int, p NewChatPage, chosen []string) error {
	p.Frame = f.frame(v, "New chat - Chat", "chat")
	pol := f.Sessions.Policy()
	p.Policy = "History is off. Sessions end after " + plural(pol.QuietMinutes, "minute", "minutes") + " of quiet. What is not kept in a note is deleted."
	everybody, err := f.matching(r.Context(), v, "", func(who id.Person) bool { return who == v.ID })
	if err != nil {
		return err
	}
	found, err := f.matching(r.Context(), v, p.Query, func(who id.Person) bool { return who == v.ID })
	if err != nil {
		return err
	}
	is := func(who Person) bool { return slices.Contains(chosen, who.ID) }
	for _, who := range everybody {
		if is(who) {
			who.Chosen = true
			p.Chosen = append(p.Chosen, who)
		}
	}
	p.Found = slices.DeleteFunc(found, is)
	p.Found = p.Found[:min(len(p.Found), mostFound)]
	return f.page(w, r, code, "new-chat", p, f.filling())
}

// newChat makes a conversation; with one person the direct one that there is, if there is one.
func (f *Face) newChat(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	p := NewChatPage{Query: form.Get("q"), Name: strings.TrimSpace(form.Get("name"))}
	if form.Get("do") != "create" {
		return f.newChatForm(w, r, v, http.StatusOK, p, form["person"])
	}
	n := room.New{Name: p.Name}
	for _, s := range form["person"] {
		if who, ok := id.ParsePerson(s); ok && who != v.ID && !slices.Contains(n.Add, who) {
			n.Add = append(n.Add, who)
		}
	}
	switch {
	case len(n.Add) == 0:
		p.Problems = Problems{{"q", "Choose at least one person"}}
	case len(n.Add) > 1 && n.Name == "":
		p.Problems = Problems{{"name", "Enter a name for the group"}}
	}
	if len(p.Problems) == 0 {
		n.Direct = len(n.Add) == 1 && n.Name == ""
		if n.Direct {
			if there, err := f.directWith(ctx, v.ID, n.Add[0]); err != nil || there != "" {
				if err == nil {
					http.Redirect(w, r, "/chat/"+string(there), http.StatusSeeOther)
				}
				return err
			}
		}
		made, err := f.Rooms.Create(ctx, v.ID, n)
		if err == nil {
			http.Redirect(w, r, "/chat/"+string(made), http.StatusSeeOther)
			return nil
		}
		words, err := asInvalid(err)
		if err != nil {
			return err
		}
		p.Problems = Problems{{"name", words}}
	}
	return f.newChatForm(w, r, v, http.StatusUnprocessableEntity, p, form["person"])
}

// directWith finds the direct conversation of two people.
func (f *Face) directWith(ctx context.Context, you, other id.Person) (id.Room, error) {
	all, err := f.Rooms.Memberships(ctx, you)
	if err != nil {
		return "", err
	}
	for _, m := range all {
		if m.State != room.Joined {
			continue
		}
		snap, err := f.Rooms.Look(ctx, m.Room)
		if err != nil {
			return "", err
		}
		if snap.Direct() && slices.Equal(snap.Joined(), slices.Sorted(slices.Values([]id.Person{you, other}))) {
			return m.Room, nil
		}
	}
	return "", nil
}

func (f *Face) membersPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return f.membersForm(w, r, v, http.StatusOK, r.URL.Query().Get("q"), nil)
}

func (f *Face) membersForm(w http.ResponseWriter, r *http.Request, v *visit, code int, query string, problems Problems) error {
	ctx := r.Context()
	s, err := f.scene(ctx, v, id.Room(r.PathValue("room")))
	if err != nil {
		return err
	}
	p := MembersPage{Frame: f.frame(v, "People - Chat", "chat"), Conversation: s.conversation(), CanLeave: true, CanAdd: !s.snap.Direct(), Query: query, Problems: problems}
	for _, who := range s.snap.Joined() {
		p.Members = append(p.Members, f.person(s.people[who], v.ID))
	}
	slices.SortFunc(p.Members, func(a, b Person) int { return cmp.Compare(a.Name, b.Name) })
	if query != "" {
		p.Found, err = f.matching(ctx, v, query, func(who id.Person) bool { return s.snap.Members[who].State == room.Joined })
		if err != nil {
			return err
		}
		p.Found = p.Found[:min(len(p.Found), mostFound)]
	}
	return f.page(w, r, code, "members", p, s.filling)
}

// members adds a person, or takes oneself out.
func (f *Face) members(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, where := r.Context(), id.Room(r.PathValue("room"))
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	if form.Get("do") == "leave" {
		if err := f.Rooms.Leave(ctx, v.ID, where); err != nil {
			return err
		}
		http.Redirect(w, r, "/chat", http.StatusSeeOther)
		return nil
	}
	who, ok := id.ParsePerson(form.Get("person"))
	if !ok {
		return f.membersForm(w, r, v, http.StatusUnprocessableEntity, "", Problems{{"q", "Choose a person"}})
	}
	sees := int64(-1)
	if form.Get("history") != "" {
		if start, open := f.Sessions.Start(where); open {
			sees = start
		}
	}
	if err := f.Rooms.Add(ctx, v.ID, where, who, sees); err != nil {
		words, err := asInvalid(err)
		if err != nil {
			return err
		}
		return f.membersForm(w, r, v, http.StatusUnprocessableEntity, "", Problems{{"q", words}})
	}
	http.Redirect(w, r, "/chat/"+string(where)+"/people", http.StatusSeeOther)
	return nil
}

// invitation shows somebody who has been invited to a conversation that they may join.
func (f *Face) invitation(w http.ResponseWriter, r *http.Request, v *visit, where id.Room) (bool, error) {
	snap, err := f.Rooms.Look(r.Context(), where)
	if err != nil || snap.Members[v.ID].State != room.Invited {
		return false, nil
	}
	by, err := f.Accounts.Get(r.Context(), snap.Members[v.ID].By)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	p := InvitationPage{Frame: f.frame(v, "Invitation - Chat", "chat"), Room: string(where), Name: snap.NameFor(v.ID), By: by.Name, People: len(snap.Joined())}
	return true, f.page(w, r, http.StatusOK, "invitation", p, f.filling())
}

// join accepts an invitation, or turns it down.
func (f *Face) join(w http.ResponseWriter, r *http.Request, v *visit) error {
	where := id.Room(r.PathValue("room"))
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	if form.Get("do") == "decline" {
		if err := f.Rooms.Leave(r.Context(), v.ID, where); err != nil {
			return err
		}
		return done(w, r, v, "/chat")
	}
	if err := f.Rooms.Join(r.Context(), v.ID, where); err != nil {
		return err
	}
	return done(w, r, v, "/chat/"+string(where))
}

// find looks for conversations, people and notes by name. Messages of ended sessions cannot be found: they no longer exist.
func (f *Face) find(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	p := FindPage{Frame: f.frame(v, "Find", ""), Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	fill := f.filling()
	list, err := f.list(ctx, fill, v, "", p.Query)
	if err != nil {
		return err
	}
	add := func(name string, links []Link) {
		if len(links) > 0 {
			p.Groups = append(p.Groups, FindGroup{name, links[:min(len(links), 5)]})
		}
	}
	var links []Link
	for _, row := range append(list.Open, list.Quiet...) {
		links = append(links, Link{row.Name, "/chat/" + row.Conversation})
	}
	add("Conversations", links)
	if p.Query != "" {
		people, err := f.matching(ctx, v, p.Query, nil)
		if err != nil {
			return err
		}
		links = nil
		for _, who := range people {
			links = append(links, Link{who.Name + ", " + who.Role, "/people?q=" + strings.ReplaceAll(who.Name, " ", "+")})
		}
		add("People", links)
		notes, err := f.Notes.List(ctx, v.ID, 500)
		if err != nil {
			return err
		}
		links = nil
		for _, n := range notes {
			if strings.Contains(strings.ToLower(n.Title+" "+string(n.Ref)), strings.ToLower(p.Query)) {
				links = append(links, Link{string(n.Ref) + ": " + n.Title, "/notes/" + string(n.Ref)})
			}
		}
		add("Notes", links)
	}
	name := "find"
	if v.Live {
		name = "found"
	}
	return f.page(w, r, http.StatusOK, name, p, f.filling())
}
