package web

import (
	"strconv"

	"winnow.org/winnow/internal/session"
)

// reactions groups a message's reactions by key. The five that every message offers are known by their keyed hash; any
// other key is content and is shown through a slot.
func (s *scene) reactions(l session.Line) []Reaction {
	var all []Reaction
	at := map[uint64]int{}
	for _, e := range l.Reactions {
		i, seen := at[e.Like]
		if !seen {
			i = len(all)
			at[e.Like] = i
			all = append(all, s.kindOf(e))
		}
		all[i].Count++
		all[i].Mine = all[i].Mine || e.Sender == s.v.ID
	}
	for _, r := range all { // the count is part of what the reader sees
		s.sign.WriteString(strconv.Itoa(r.Count) + " ")
	}
	return all
}

func (s *scene) kindOf(e *session.Event) Reaction {
	for _, r := range Reactions() {
		if e.Like == s.face.Sessions.Like(r.Key) {
			return r
		}
	}
	return Reaction{Name: "Reaction", Other: s.reaction(e)}
}
