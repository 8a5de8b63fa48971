package account

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"

	"winnow.org/winnow/internal/fault"
)

// Cost is how hard a password is to guess from its hash (RFC 9106, argon2id).
type Cost struct {
	Passes  uint32
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultCost is the second recommended option of RFC 9106, section 4.
var DefaultCost = Cost{Passes: 3, Memory: 64 * 1024, Threads: 4}

// MinPassword is the least length of a password in characters (NCSC: length beats rules).
const MinPassword = 10

func (a *Accounts) hash(password string) (string, error) {
	if n := len([]rune(password)); n < MinPassword || n > 200 {
		return "", fault.New(fault.Invalid, "A password must have between %d and 200 characters. Three random words are a good one", MinPassword).WithCode("M_WEAK_PASSWORD")
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(a.Rand, salt); err != nil {
		return "", err
	}
	c := a.Cost
	key := a.derive(password, salt, c)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads, b64(salt), b64(key)), nil
}

// matches compares a password with a hash. For somebody who has no hash it takes as long as for somebody who has.
func (a *Accounts) matches(hash, password string) bool {
	known := true
	if hash == "" {
		known = false
		hash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$AAAAAAAAAAAAAAAAAAAAAA$", argon2.Version, a.Cost.Memory, a.Cost.Passes, a.Cost.Threads)
	}
	parts := strings.Split(hash, "$")
	var c Cost
	var version int
	if len(parts) != 6 || parts[1] != "argon2id" || len(password) > 1000 {
		return false
	}
	if n, _ := fmt.Sscanf(parts[2], "v=%d", &version); n != 1 || version != argon2.Version {
		return false
	}
	if n, _ := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads); n != 3 || c.Passes == 0 || c.Threads == 0 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil {
		return false
	}
	got := a.derive(password, salt, c)
	return subtle.ConstantTimeCompare(got, want) == 1 && known
}

// atOnce is how many passwords are worked on at the same time: each takes 64 MiB, and whoever tries to sign in need not have an account.
const atOnce = 4

func (a *Accounts) derive(password string, salt []byte, c Cost) []byte {
	a.once.Do(func() { a.hashing = make(chan struct{}, atOnce) })
	a.hashing <- struct{}{}
	defer func() { <-a.hashing }()
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Threads, 32)
}
