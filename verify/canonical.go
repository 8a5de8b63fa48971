package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// canonical encodes a value as JSON with no spaces, members in the order of the struct, and <, > and & as they are.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeStrict decodes one JSON value and refuses members that v does not have and anything after the value. Callers
// encode the result again and compare the bytes, which refuses all that is left: members twice, in other letters or
// another order, numbers in another form, broken UTF-8.
func decodeStrict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("not understood: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("something follows the JSON object")
	}
	return nil
}

var errNotCanonical = errors.New("not in the one form that is allowed (spaces, order or form of members)")
