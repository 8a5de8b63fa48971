package matrix

import "winnow.org/winnow/internal/wire"

// A list and an object write JSON straight into a response, so that content never passes through an encoder: encoders keep
// what they have encoded. Both write the commas between what they hold.

type jsonList struct {
	o *wire.Out
	n int
}

func list(o *wire.Out) *jsonList {
	o.Str("[")
	return &jsonList{o: o}
}

// next begins another element.
func (l *jsonList) next() {
	if l.n++; l.n > 1 {
		l.o.Str(",")
	}
}

func (l *jsonList) end() { l.o.Str("]") }

type jsonObject struct {
	o *wire.Out
	n int
}

func open(o *wire.Out) *jsonObject {
	o.Str("{")
	return &jsonObject{o: o}
}

// key begins another member.
func (b *jsonObject) key(name string) *wire.Out {
	if b.n++; b.n > 1 {
		b.o.Str(",")
	}
	b.o.JSON(name)
	b.o.Str(":")
	return b.o
}

// str, num, yes and raw write members whose values are no content.
func (b *jsonObject) str(name, value string)        { b.key(name).JSON(value) }
func (b *jsonObject) num(name string, n int64)      { b.key(name).Int(n) }
func (b *jsonObject) raw(name string, value []byte) { b.key(name).Raw(value) }

func (b *jsonObject) yes(name string, value bool) {
	if value {
		b.key(name).Str("true")
	} else {
		b.key(name).Str("false")
	}
}

func (b *jsonObject) object(name string) *jsonObject { return open(b.key(name)) }
func (b *jsonObject) list(name string) *jsonList     { return list(b.key(name)) }
func (b *jsonObject) end()                           { b.o.Str("}") }
