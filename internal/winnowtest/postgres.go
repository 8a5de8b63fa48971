package winnowtest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"winnow.org/winnow/internal/store"
)

// postgres starts the server on its first call.
var postgres = sync.OnceValues(startCluster)

// cluster is a PostgreSQL server with its files in a directory of its own, reached by a socket in it.
type cluster struct {
	dir    string
	leash  io.Closer // the server stops and its files go when this closes, as it does when the process ends in any way
	admin  *sql.DB
	serial atomic.Int64
}

// script makes a server with the programs in $1 and the files in $2, says when it is ready, and ends it when its input ends. It
// never outlives the test process, so it need not be durable: what tests of commits need is atomicity and locking.
const script = `
"$1/initdb" -D "$2/data" -U winnow -A trust -E UTF8 --locale=C --no-sync &&
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w start -o "-k '$2' -c listen_addresses='' -c max_connections=300 $3" ||
	{ cat "$2/log"; rm -rf "$2"; exit 1; }
echo ready >&3
exec 3>&-
read -r _
"$1/pg_ctl" -D "$2/data" -m immediate stop
rm -rf "$2"
`

// hasty is how the server trades durability for speed: a new database in 90 ms instead of 310.
const hasty = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off"

const template = "winnow_template"

func startCluster() (*cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "winnowtest-pg-")
	if err != nil {
		return nil, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true} // so that Ctrl-C reaches the tests only
	if os.Getuid() == 0 {                       // PostgreSQL refuses to run as root
		if attr.Credential, err = postgresUser(); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return nil, err
		}
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(dir, "out")) // not ours: "go test" would wait for whoever holds it
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command("/bin/sh", "-c", script, "sh", bin, dir, hasty)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}, attr
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, out, []*os.File{tell}
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	tell.Close()
	go cmd.Wait()
	if line, _ := bufio.NewReader(ready).ReadString('\n'); line != "ready\n" {
		return nil, errors.New("PostgreSQL did not start: run " + bin + "/initdb as a user who is not root to see why")
	}
	c := &cluster{dir: dir, leash: leash}
	return c, c.fill()
}

// fill makes the template with all tables, so that a database for a test is one copy away.
func (c *cluster) fill() (err error) {
	if c.admin, err = sql.Open("pgx", c.dsn("postgres")); err != nil {
		return err
	}
	if _, err := c.admin.Exec(`create database ` + template); err != nil {
		return err
	}
	s, err := store.Open(context.Background(), c.dsn(template))
	if err != nil {
		return err
	}
	return s.Close()
}

func (c *cluster) create() (string, error) {
	name := "winnow_" + strconv.FormatInt(c.serial.Add(1), 10)
	_, err := c.admin.Exec(`create database ` + name + ` template ` + template)
	return name, err
}

func (c *cluster) drop(name string) error {
	_, err := c.admin.Exec(`drop database ` + name + ` with (force)`)
	return err
}

func (c *cluster) dsn(name string) string {
	return fmt.Sprintf("postgres:///%s?%s", name, url.Values{"host": {c.dir}, "user": {"winnow"}}.Encode())
}

// programs returns the folder with initdb and pg_ctl; Debian keeps them out of PATH.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, p)
	}
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed: run make deps, or set WINNOW_NO_POSTGRES=1 to skip its tests")
	}
	return filepath.Dir(slices.Max(found)), nil
}

// postgresUser is whom to run the server as when the tests run as root.
func postgresUser() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}
