package postgres

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/landfall-directory/landfall/planner/backend"
)

// Config says where the storage is and who asks. What decides which storage it is
// (host, port, database, schema, prefix) comes from here alone; who asks may come
// from the environment as with every other client of PostgreSQL: PGUSER,
// PGPASSWORD, PGPASSFILE or ~/.pgpass, and PGSSLCERT, PGSSLKEY, PGSSLROOTCERT.
type Config struct {
	Host     string // a name, an address or the folder of a Unix socket; commas separate several, the writable one is used
	Port     int    // 0: 5432
	Database string
	User     string // "": PGUSER, or the account's name
	Password string // "": PGPASSWORD, or what the password file says
	SSLMode  string // as libpq; "": verify-full. Weaker than require on this machine only
	CAFile   string // authorities that the server's certificate is checked with; "": PGSSLROOTCERT, or the system's
	Schema   string // "": landfall
	Prefix   string // the target; "": default
}

func (c Config) withDefaults() Config {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&c.SSLMode, "verify-full")
	set(&c.Schema, "landfall")
	set(&c.Prefix, "default")
	if c.Port == 0 {
		c.Port = 5432
	}
	return c
}

// address is where the server is, for people.
func (c Config) address() string {
	var all []string
	for host := range strings.SplitSeq(c.Host, ",") {
		if socket(host) {
			all = append(all, filepath.Join(host, ".s.PGSQL."+strconv.Itoa(c.Port)))
			continue
		}
		all = append(all, net.JoinHostPort(host, strconv.Itoa(c.Port)))
	}
	return strings.Join(all, ", ")
}

func (c Config) check() error {
	switch c.SSLMode {
	case "verify-full", "verify-ca", "require":
	case "disable", "allow", "prefer":
		for host := range strings.SplitSeq(c.Host, ",") {
			if !socket(host) && !loopback(host) {
				return fmt.Errorf("sslmode %q sends the password and the journals readable to %q: use verify-full, or require where the server's certificate cannot be checked; %s is for this machine only",
					c.SSLMode, host, c.SSLMode)
			}
		}
	default:
		return fmt.Errorf("sslmode %q: it is one of verify-full, verify-ca, require, prefer, allow, disable", c.SSLMode)
	}
	switch {
	case c.Host == "":
		return fmt.Errorf("no host: all machines that run landfall for this target must use the same one, so it has no default")
	case c.Database == "":
		return fmt.Errorf("no database: all machines that run landfall for this target must use the same one, so it has no default")
	case c.Port < 1 || c.Port > 65535:
		return fmt.Errorf("port %d: it is between 1 and 65535", c.Port)
	case len(c.Schema) > 63 || strings.ContainsRune(c.Schema, 0):
		return fmt.Errorf("schema %q: PostgreSQL's names have at most 63 bytes", c.Schema)
	case !backend.ValidName(c.Prefix):
		return fmt.Errorf("prefix %q: it consists of letters, digits, '.', '-', '_' and '/'", c.Prefix)
	}
	return nil
}

// pool is how to connect.
func (c Config) pool() (*pgxpool.Config, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	var b strings.Builder
	add := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s='%s' ", key, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value))
		}
	}
	add("host", c.Host)
	add("port", strconv.Itoa(c.Port))
	add("dbname", c.Database)
	add("user", c.User)
	add("sslmode", c.SSLMode)
	add("sslrootcert", c.CAFile)
	add("application_name", "landfall")
	add("connect_timeout", strconv.Itoa(int(connectTimeout.Seconds())))
	add("target_session_attrs", "read-write") // of several hosts the primary
	settings, err := pgxpool.ParseConfig(b.String())
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	if c.Password != "" {
		settings.ConnConfig.Password = c.Password
	}
	settings.ConnConfig.DialFunc = dialer().DialContext
	// No statement stays prepared on the server: a pooler in between might run the
	// next transaction elsewhere.
	settings.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	settings.MaxConns = 4
	settings.MaxConnIdleTime = 5 * time.Minute
	return settings, nil
}

// socket reports whether a host is the folder of a Unix socket.
func socket(host string) bool { return filepath.IsAbs(host) || strings.HasPrefix(host, "/") }

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
