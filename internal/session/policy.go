package session

import (
	"context"
	"encoding/json"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/verify"
)

// Published is a version of the rules and where it stands in the ledger.
type Published struct {
	Version int
	Rules   []byte // the policy's JSON form
	Entry   int64
	At      time.Time
}

// Policy returns the rules.
func (p Published) Policy() (out policy.Policy, err error) {
	err = json.Unmarshal(p.Rules, &out)
	return out, err
}

// Publish puts a policy into the ledger if no version as high is there, and returns the one in force. A policy that breaks a
// rule is refused.
func Publish(ctx context.Context, update func(context.Context, func(Tx) error) error, first policy.Policy, at time.Time) (policy.Policy, error) {
	var now policy.Policy
	err := update(ctx, func(tx Tx) error {
		latest, err := tx.LatestPolicy(ctx)
		if err == nil {
			now, err = latest.Policy()
			return err
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := first.Check(); err != nil {
			return err
		}
		rules, err := json.Marshal(first)
		if err != nil {
			return err
		}
		e, err := verify.NewPolicy(first.Round(at).UnixMilli(), first.Version, rules)
		if err != nil {
			return err
		}
		index, err := ledger.Append(ctx, tx, e)
		if err != nil {
			return err
		}
		now = first
		return tx.InsertPolicy(ctx, Published{Version: first.Version, Rules: rules, Entry: index, At: at})
	})
	return now, err
}

// Policies returns all published rules, newest first.
func (s *Sessions) Policies(ctx context.Context) (all []Published, err error) {
	err = s.View(ctx, func(tx Tx) error {
		all, err = tx.Policies(ctx)
		return err
	})
	return all, err
}

// Certified returns sessions with a certificate, newest certificate first: those before a ledger entry, or from the newest
// if before is 0.
func (s *Sessions) Certified(ctx context.Context, before int64, limit int) (all []Record, err error) {
	err = s.View(ctx, func(tx Tx) error {
		all, err = tx.SessionsCertified(ctx, before, limit)
		return err
	})
	return all, err
}
