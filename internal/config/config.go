// Package config has the settings of a server: one struct, whose comments are the manual. Each setting can be given on the
// command line (--public-url), in the environment (WINNOW_PUBLIC_URL), or in a TOML file named by --config (public-url =
// "…"), in this order of precedence. Without any of them the server runs with embedded parts on this computer alone.
package config

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
)

// Config is the settings of a server.
type Config struct {
	Listen       string        `default:"127.0.0.1:8008" env:"WINNOW_LISTEN" placeholder:"HOST:PORT" help:"Address to listen on. HOST may be empty for all addresses."`
	Data         string        `default:"var" env:"WINNOW_DATA" placeholder:"DIR" help:"Folder for the database and the ledger's key. It is created if it does not exist."`
	Database     string        `env:"WINNOW_DATABASE" placeholder:"ADDRESS" help:"Database: sqlite:PATH or postgres://USER@HOST/NAME. Default: SQLite in the data folder."`
	Drive        string        `env:"WINNOW_DRIVE" placeholder:"DIR" help:"Folder where notes for the record are filed. Default: drive in the data folder."`
	ServerName   string        `default:"localhost" env:"WINNOW_SERVER_NAME" placeholder:"NAME" help:"The part of user IDs after the colon. It cannot change once there are people."`
	PublicURL    string        `name:"public-url" env:"WINNOW_PUBLIC_URL" placeholder:"URL" help:"Address at which people reach the server, without a slash at the end. Default: http:// and the address it listens on."`
	Organisation string        `default:"Winnow" env:"WINNOW_ORGANISATION" placeholder:"NAME" help:"The public body's name, on pages and in notes."`
	TimeZone     string        `default:"Europe/London" env:"WINNOW_TIME_ZONE" placeholder:"ZONE" help:"Time zone in which times are written."`
	Drain        time.Duration `default:"20s" env:"WINNOW_DRAIN" placeholder:"TIME" help:"How long stopping may take: people are asked, marked messages are filed, sessions are certified."`

	OpenRegistration bool `env:"WINNOW_OPEN_REGISTRATION" help:"Let anybody who can reach the server create an account."`

	TLSCert string `name:"tls-cert" env:"WINNOW_TLS_CERT" placeholder:"FILE" help:"Certificate chain in PEM. With --tls-key: serve HTTPS. A proxy that ends TLS would hold content outside Winnow's promise."`
	TLSKey  string `name:"tls-key" env:"WINNOW_TLS_KEY" placeholder:"FILE" help:"Private key of the certificate in PEM."`

	LockedMemory        int  `default:"6" env:"WINNOW_LOCKED_MEMORY" placeholder:"MIB" help:"Memory for content in the open, in MiB. It is locked, so that it is never written to swap."`
	AllowUnlockedMemory bool `env:"WINNOW_ALLOW_UNLOCKED_MEMORY" help:"Start even if the system refuses to lock memory. Content may then reach swap."`

	LogLevel string `default:"info" enum:"debug,info,warn,error" env:"WINNOW_LOG_LEVEL" placeholder:"LEVEL" help:"How much to log: debug, info, warn or error. Content is never logged."`
	Demo     bool   `env:"WINNOW_DEMO" help:"At the first start, create a demonstration department whose passwords everybody knows. Only on this computer's own address."`
}

// Check completes the settings and reports the first one that cannot be used, with the remedy.
func (c *Config) Check() error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil || port == "" {
		return fault.New(fault.Invalid, "The setting listen is %q. Write HOST:PORT, for example 127.0.0.1:8008", c.Listen)
	}
	if c.Data == "" {
		return fault.New(fault.Invalid, "The setting data is empty. Name a folder, for example var")
	}
	if c.ServerName == "" || !account.Plain(c.ServerName, 200) || strings.ContainsAny(c.ServerName, " /@!#$+") {
		return fault.New(fault.Invalid, "The setting server-name is %q. Write a host name, for example chat.example.org", c.ServerName)
	}
	if !account.Plain(c.Organisation, 100) || c.Organisation == "" {
		return fault.New(fault.Invalid, "The setting organisation must be a name of at most 100 characters")
	}
	if c.Drain < time.Second || c.Drain > 10*time.Minute {
		return fault.New(fault.Invalid, "The setting drain is %s. Write a time between 1s and 10m, for example 20s", c.Drain)
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return fault.New(fault.Invalid, "The setting time-zone is %q. Write a name from the time zone database, for example Europe/London", c.TimeZone)
	}
	if c.LockedMemory < 4 || c.LockedMemory > 1024 {
		return fault.New(fault.Invalid, "The setting locked-memory is %d. Write a number of MiB between 4 and 1024, for example 6", c.LockedMemory)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fault.New(fault.Invalid, "The settings tls-cert and tls-key belong together. Set both, or neither")
	}
	for name, file := range map[string]string{"tls-cert": c.TLSCert, "tls-key": c.TLSKey} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return fault.New(fault.Invalid, "The setting %s names a file that cannot be read: %s. Check the path and who may read it", name, file)
		}
	}
	if ip := net.ParseIP(host); c.Demo && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fault.New(fault.Invalid, "The setting demo cannot be used with listen %q, because everybody knows the demonstration's passwords. Listen on 127.0.0.1, or leave demo out", c.Listen)
	}
	return c.complete(host, port)
}

// complete fills in what follows from other settings.
func (c *Config) complete(host, port string) error {
	if c.PublicURL == "" {
		scheme := "http"
		if c.TLSCert != "" {
			scheme = "https"
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = c.ServerName
		}
		c.PublicURL = scheme + "://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fault.New(fault.Invalid, "The setting public-url is %q. Write the address without a path or a slash at the end, for example https://chat.example.org", c.PublicURL)
	}
	if c.Drive == "" {
		c.Drive = filepath.Join(c.Data, "drive")
	}
	if c.Database == "" {
		c.Database = "sqlite:" + filepath.Join(c.Data, "winnow.db")
	}
	return nil
}

// Default is the settings without any given, for tests and for showing.
func Default() Config {
	return Config{Listen: "127.0.0.1:8008", Data: "var", ServerName: "localhost", Organisation: "Winnow", TimeZone: "Europe/London", Drain: 20 * time.Second,
		LockedMemory: 6, LogLevel: "info"}
}
