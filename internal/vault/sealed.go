package vault

import (
	"fmt"
	"io"
	"log/slog"
)

// The methods in this file exist so that neither a log line, nor an error, nor an encoder, nor a debugger's print shows
// even ciphertext: log/slog would print a byte slice as base64.

const sealedText = "[sealed]"

func (s Sealed) String() string             { return sealedText }
func (s Sealed) GoString() string           { return sealedText }
func (s Sealed) Format(f fmt.State, _ rune) { io.WriteString(f, sealedText) }
func (s Sealed) LogValue() slog.Value       { return slog.StringValue(sealedText) }

func (s Sealed) MarshalText() ([]byte, error) { return []byte(sealedText), nil }
func (s Sealed) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedText + `"`), nil }

// String and Format of a Key print nothing of it either.
func (k *Key) String() string             { return "[key]" }
func (k *Key) Format(f fmt.State, _ rune) { io.WriteString(f, "[key]") }
func (k *Key) LogValue() slog.Value       { return slog.StringValue("[key]") }

// Format of a Buf prints no text.
func (b *Buf) Format(f fmt.State, _ rune) { io.WriteString(f, "[buffer]") }
func (b *Buf) LogValue() slog.Value       { return slog.StringValue("[buffer]") }
