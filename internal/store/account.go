package store

import (
	"context"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
)

// millis and fromMillis keep "never" as 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

const personColumns = `id, name, role, role_group, unit, disabled, created, password_hash`

func scanPerson(scan func(...any) error) (p account.Person, err error) {
	var created int64
	err = scan(&p.ID, &p.Name, &p.Role, &p.Group, &p.Unit, &p.Disabled, &created, &p.Hash)
	p.Created = fromMillis(created)
	return p, err
}

// Person returns a person.
func (tx *Tx) Person(ctx context.Context, who id.Person) (p account.Person, err error) {
	return p, tx.queryOne(ctx, func(scan func(...any) error) error {
		p, err = scanPerson(scan)
		return err
	}, `select `+personColumns+` from person where id = $1`, who)
}

// People returns everybody by name.
func (tx *Tx) People(ctx context.Context) (all []account.Person, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		p, err := scanPerson(scan)
		all = append(all, p)
		return err
	}, `select `+personColumns+` from person order by name, id`)
}

// InsertPerson adds a person.
func (tx *Tx) InsertPerson(ctx context.Context, p account.Person) error {
	return tx.execOne(ctx, `insert into person (`+personColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.Name, p.Role, p.Group, p.Unit, p.Disabled, millis(p.Created), p.Hash)
}

// UpdatePerson writes all of a person's fields.
func (tx *Tx) UpdatePerson(ctx context.Context, p account.Person) error {
	return tx.execOne(ctx, `update person set name = $2, role = $3, role_group = $4, unit = $5, disabled = $6, password_hash = $7 where id = $1`,
		p.ID, p.Name, p.Role, p.Group, p.Unit, p.Disabled, p.Hash)
}

const deviceColumns = `person, id, name, created, expires`

func scanDevice(scan func(...any) error) (d account.Device, err error) {
	var created, expires int64
	err = scan(&d.Person, &d.ID, &d.Name, &created, &expires)
	d.Created, d.Expires = fromMillis(created), fromMillis(expires)
	return d, err
}

// InsertDevice adds a sign-in.
func (tx *Tx) InsertDevice(ctx context.Context, d account.Device, tokenHash []byte) error {
	return tx.execOne(ctx, `insert into device (`+deviceColumns+`, token_hash) values ($1, $2, $3, $4, $5, $6)`,
		d.Person, d.ID, d.Name, millis(d.Created), millis(d.Expires), tokenHash)
}

// NameDevice changes what a sign-in is called.
func (tx *Tx) NameDevice(ctx context.Context, who id.Person, dev id.Device, name string) error {
	return tx.execOne(ctx, `update device set name = $3 where person = $1 and id = $2`, who, dev, name)
}

// DeviceByToken finds a sign-in by its token's hash.
func (tx *Tx) DeviceByToken(ctx context.Context, tokenHash []byte) (d account.Device, err error) {
	return d, tx.queryOne(ctx, func(scan func(...any) error) error {
		d, err = scanDevice(scan)
		return err
	}, `select `+deviceColumns+` from device where token_hash = $1`, tokenHash)
}

// Devices returns a person's sign-ins, oldest first.
func (tx *Tx) Devices(ctx context.Context, who id.Person) (all []account.Device, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		d, err := scanDevice(scan)
		all = append(all, d)
		return err
	}, `select `+deviceColumns+` from device where person = $1 order by created, id`, who)
}

// DeleteDevice ends a sign-in.
func (tx *Tx) DeleteDevice(ctx context.Context, who id.Person, dev id.Device) error {
	return tx.execOne(ctx, `delete from device where person = $1 and id = $2`, who, dev)
}

// DeleteDevices ends all of a person's sign-ins.
func (tx *Tx) DeleteDevices(ctx context.Context, who id.Person) error {
	_, err := tx.exec(ctx, `delete from device where person = $1`, who)
	return err
}

func scanData(scan func(...any) error) (d account.Data, err error) {
	err = scan(&d.Room, &d.Kind, &d.Pos, &d.Content)
	return d, err
}

// Data returns one item of account data.
func (tx *Tx) Data(ctx context.Context, who id.Person, room id.Room, kind string) (d account.Data, err error) {
	return d, tx.queryOne(ctx, func(scan func(...any) error) error {
		d, err = scanData(scan)
		return err
	}, `select room, kind, pos, content from account_data where person = $1 and room = $2 and kind = $3`, who, room, kind)
}

// DataSince returns the account data that changed after from and up to to, in order.
func (tx *Tx) DataSince(ctx context.Context, who id.Person, from, to int64) (all []account.Data, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		d, err := scanData(scan)
		all = append(all, d)
		return err
	}, `select room, kind, pos, content from account_data where person = $1 and pos > $2 and pos <= $3 order by pos`, who, from, to)
}

// PutData writes an item of account data.
func (tx *Tx) PutData(ctx context.Context, who id.Person, d account.Data) error {
	return tx.execOne(ctx, `insert into account_data (person, room, kind, pos, content) values ($1, $2, $3, $4, $5)
		on conflict (person, room, kind) do update set pos = excluded.pos, content = excluded.content`, who, d.Room, d.Kind, d.Pos, d.Content)
}

// Filter returns a filter.
func (tx *Tx) Filter(ctx context.Context, who id.Person, name string) (f []byte, err error) {
	return f, tx.queryRow(ctx, []any{&f}, `select content from filter where person = $1 and name = $2`, who, name)
}

// PutFilter keeps a filter.
func (tx *Tx) PutFilter(ctx context.Context, who id.Person, name string, filter []byte) error {
	return tx.execOne(ctx, `insert into filter (person, name, content) values ($1, $2, $3)
		on conflict (person, name) do update set content = excluded.content`, who, name, filter)
}
