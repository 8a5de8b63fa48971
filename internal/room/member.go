package room

import (
	"context"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

func nothing(*Snapshot) error { return nil }

// Invite asks a person to join.
func (r *Rooms) Invite(ctx context.Context, who id.Person, room id.Room, whom id.Person) error {
	name, err := r.known(ctx, whom)
	if err != nil {
		return err
	}
	return r.change(ctx, room, 1, func(s *Snapshot) error {
		if err := s.mayMove(who, whom, Invited); err != nil {
			return err
		}
		if s.Members[whom].State == Joined {
			return fault.New(fault.Denied, "This person is in the conversation already")
		}
		return nil
	}, func(tx Tx, c *Change) error {
		return c.member(ctx, tx, who, whom, Invited, name, nil, -1)
	})
}

// Add puts a person into the room at once, as the web app does: colleagues do not wait for each other to accept. They see what is
// said from now on, or also what stands after the position sees if that is not negative ("Show this session so far").
func (r *Rooms) Add(ctx context.Context, who id.Person, room id.Room, whom id.Person, sees int64) error {
	name, err := r.known(ctx, whom)
	if err != nil {
		return err
	}
	return r.change(ctx, room, 2, func(s *Snapshot) error {
		if err := s.mayMove(who, whom, Invited); err != nil {
			return err
		}
		if s.Members[whom].State == Joined {
			return fault.New(fault.Conflict, "This person is in the conversation already")
		}
		return nil
	}, func(tx Tx, c *Change) error {
		if err := c.member(ctx, tx, who, whom, Invited, name, nil, -1); err != nil {
			return err
		}
		return c.member(ctx, tx, whom, whom, Joined, name, nil, sees)
	})
}

// Join lets a person in who was invited, or whom the join rule lets in. Joining twice changes nothing.
func (r *Rooms) Join(ctx context.Context, who id.Person, room id.Room) error {
	name, err := r.known(ctx, who)
	if err != nil {
		return err
	}
	already := fault.New(fault.Conflict, "already")
	err = r.change(ctx, room, 1, func(s *Snapshot) error {
		switch m := s.Members[who]; {
		case m.State == Joined:
			return already
		case m.State == Banned, m.State != Invited && s.JoinRule() != "public":
			return fault.New(fault.Denied, "You need an invitation to join this conversation. Ask somebody in it to add you")
		}
		return nil
	}, func(tx Tx, c *Change) error {
		return c.member(ctx, tx, who, who, Joined, name, nil, -1)
	})
	if err == error(already) {
		return nil
	}
	return err
}

// Leave takes a person out of the room, or turns an invitation down.
func (r *Rooms) Leave(ctx context.Context, who id.Person, room id.Room) error {
	err := r.change(ctx, room, 1, func(s *Snapshot) error {
		if m := s.Members[who]; m.State != Joined && m.State != Invited {
			return noRoom()
		}
		return nil
	}, func(tx Tx, c *Change) error {
		return c.member(ctx, tx, who, who, Left, c.before.Members[who].Name, nil, -1)
	})
	if err == nil && r.Left != nil {
		r.Left(ctx, room, who)
	}
	return err
}

// Move changes another person's membership: to Left (remove, or lift a ban) or Banned.
func (r *Rooms) Move(ctx context.Context, who id.Person, room id.Room, whom id.Person, to string) error {
	err := r.change(ctx, room, 1, func(s *Snapshot) error { return s.mayMove(who, whom, to) }, func(tx Tx, c *Change) error {
		return c.member(ctx, tx, who, whom, to, c.before.Members[whom].Name, nil, -1)
	})
	if err == nil && r.Left != nil {
		r.Left(ctx, room, whom)
	}
	return err
}

// Rename tells all rooms of a person what they are called now.
func (r *Rooms) Rename(ctx context.Context, who id.Person, name string) error {
	all, err := r.Memberships(ctx, who)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.State != Joined {
			continue
		}
		err := r.change(ctx, m.Room, 1, nothing, func(tx Tx, c *Change) error {
			return c.member(ctx, tx, who, who, Joined, name, nil, c.before.Members[who].Sees)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
