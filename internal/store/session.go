package store

import (
	"context"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
)

const sessionColumns = `id, room, started, started_by, start_pos, policy, state, events, ended, reason, disposition, messages, edits, reactions,
	withdrawn, quoted, people, answered, unanswered, extensions, redact_pos, decision, completion`

func scanSession(scan func(...any) error) (r session.Record, err error) {
	var started, ended int64
	err = scan(&r.ID, &r.Room, &started, &r.StartedBy, &r.StartPos, &r.Policy, &r.State, &r.Events, &ended, &r.Reason, &r.Disposition, &r.Messages,
		&r.Edits, &r.Reactions, &r.Withdrawn, &r.Quoted, &r.People, &r.Answered, &r.Unanswered, &r.Extensions, &r.RedactPos, &r.Decision, &r.Completion)
	r.Started, r.Ended = fromMillis(started), fromMillis(ended)
	return r, err
}

// InsertSession adds the record of a session that begins.
func (tx *Tx) InsertSession(ctx context.Context, r session.Record) error {
	return tx.execOne(ctx, `insert into session (`+sessionColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		r.ID, r.Room, millis(r.Started), r.StartedBy, r.StartPos, r.Policy, r.State, r.Events, millis(r.Ended), r.Reason, r.Disposition, r.Messages,
		r.Edits, r.Reactions, r.Withdrawn, r.Quoted, r.People, r.Answered, r.Unanswered, r.Extensions, r.RedactPos, r.Decision, r.Completion)
}

// UpdateSession writes all that can change of a session's record.
func (tx *Tx) UpdateSession(ctx context.Context, r session.Record) error {
	return tx.execOne(ctx, `update session set state = $2, events = $3, ended = $4, reason = $5, disposition = $6, messages = $7, edits = $8,
		reactions = $9, withdrawn = $10, quoted = $11, people = $12, answered = $13, unanswered = $14, extensions = $15, redact_pos = $16,
		decision = $17, completion = $18 where id = $1`,
		r.ID, r.State, r.Events, millis(r.Ended), r.Reason, r.Disposition, r.Messages, r.Edits, r.Reactions, r.Withdrawn, r.Quoted, r.People,
		r.Answered, r.Unanswered, r.Extensions, r.RedactPos, r.Decision, r.Completion)
}

func (tx *Tx) sessions(ctx context.Context, query string, args ...any) (all []session.Record, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		r, err := scanSession(scan)
		all = append(all, r)
		return err
	}, query, args...)
}

// Session returns one session's record.
func (tx *Tx) Session(ctx context.Context, s id.Session) (r session.Record, err error) {
	return r, tx.queryOne(ctx, func(scan func(...any) error) error {
		r, err = scanSession(scan)
		return err
	}, `select `+sessionColumns+` from session where id = $1`, s)
}

// Sessions returns a room's newest sessions, newest first.
func (tx *Tx) Sessions(ctx context.Context, r id.Room, limit int) ([]session.Record, error) {
	return tx.sessions(ctx, `select `+sessionColumns+` from session where room = $1 order by start_pos desc limit $2`, r, limit)
}

// SessionsIn returns the sessions in a state, oldest first.
func (tx *Tx) SessionsIn(ctx context.Context, state string) ([]session.Record, error) {
	return tx.sessions(ctx, `select `+sessionColumns+` from session where state = $1 order by start_pos`, state)
}

// SessionsForgotten returns a room's sessions of which at least one redaction stands at from < position <= to, oldest first.
func (tx *Tx) SessionsForgotten(ctx context.Context, r id.Room, from, to int64) ([]session.Record, error) {
	return tx.sessions(ctx, `select `+sessionColumns+` from session
		where room = $1 and redact_pos > 0 and redact_pos <= $3 and redact_pos + events > $2 + 1 order by redact_pos`, r, from, to)
}

func (tx *Tx) policies(ctx context.Context, query string) (all []session.Published, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		var p session.Published
		var rules string
		var at int64
		err := scan(&p.Version, &rules, &p.Entry, &at)
		p.Rules, p.At = []byte(rules), fromMillis(at)
		all = append(all, p)
		return err
	}, query)
}

// Policies returns all published rules, newest first.
func (tx *Tx) Policies(ctx context.Context) ([]session.Published, error) {
	return tx.policies(ctx, `select version, rules, entry, published from policy order by version desc`)
}

// LatestPolicy returns the newest published rules.
func (tx *Tx) LatestPolicy(ctx context.Context) (session.Published, error) {
	all, err := tx.policies(ctx, `select version, rules, entry, published from policy order by version desc limit 1`)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, notFound)
	}
	if err != nil {
		return session.Published{}, err
	}
	return all[0], nil
}

// InsertPolicy adds a version of the rules.
func (tx *Tx) InsertPolicy(ctx context.Context, p session.Published) error {
	return tx.execOne(ctx, `insert into policy (version, rules, entry, published) values ($1, $2, $3, $4)`, p.Version, string(p.Rules), p.Entry, millis(p.At))
}

// SessionsCertified returns sessions whose certificate is in the ledger, the newest certificate first, before an entry (0: all).
func (tx *Tx) SessionsCertified(ctx context.Context, before int64, limit int) ([]session.Record, error) {
	return tx.sessions(ctx, `select `+sessionColumns+` from session
		where state in ('completed', 'lost') and ($1 = 0 or completion < $1) order by completion desc limit $2`, before, limit)
}
