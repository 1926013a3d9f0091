package ad

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// Config says which directory to open and as whom.
type Config struct {
	Address    string // of the provider, for messages: provider.ad.corp
	URL        string // ldaps://host[:port], or ldap:// with StartTLS
	StartTLS   bool
	Plaintext  bool // allows ldap:// without TLS, to a loopback address only
	BaseDN     string
	CA         []byte // PEM; nil is the system's pool
	ServerName string // in the certificate, when it is not the URL's host
	Username   string // user@domain, DOMAIN\user or a DN
	Password   string
	// SearchBases are where Read looks for objects; none means BaseDN.
	SearchBases []string
	// GlobalCatalog is the URL of a global catalog, for names and members
	// beyond BaseDN; "" is none.
	GlobalCatalog string
	Timeout       time.Duration    // of one call; 0 is 60 s
	Schema        *planner.Schema  // nil is planner.ADSchema
	Progress      planner.Progress // may be nil

	pause          time.Duration // before the first try again; later ones wait longer
	historyObjects int           // bounds of ReadHistory
	historyValues  int
}

// DefaultWrites is how many writes may be under way at once, where nobody says
// otherwise. All use one connection and so one domain controller, which answers
// requests of one connection side by side.
const DefaultWrites = 8

// Directory is an open Active Directory. It is a planner.Reader and a
// planner.Writer; writes may run side by side with each other and with a read.
type Directory struct {
	config  Config
	base    planner.DN
	bases   []planner.DN // search bases, none below another
	reader  *link
	writer  *link
	catalog *link // nil without a global catalog
}

var (
	_ planner.Reader        = (*Directory)(nil)
	_ planner.Writer        = (*Directory)(nil)
	_ planner.HistoryReader = (*Directory)(nil)
)

// Open connects and binds, learns which domain controller answered and makes
// sure that it holds BaseDN.
func Open(ctx context.Context, c Config) (*Directory, error) {
	d, err := open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Address, err)
	}
	return d, nil
}

func open(ctx context.Context, c Config) (*Directory, error) {
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.Schema == nil {
		c.Schema = planner.ADSchema
	}
	if c.historyObjects <= 0 {
		c.historyObjects, c.historyValues = maxHistoryObjects, maxHistoryValues
	}
	if c.pause <= 0 {
		c.pause = 250 * time.Millisecond
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int, time.Duration) {}
	}
	d := &Directory{config: c}
	if err := d.readNames(); err != nil {
		return nil, err
	}
	t, err := newTarget(c.URL, ports{"389", "636"}, c)
	if err != nil {
		return nil, err
	}
	d.reader = &link{config: &d.config, target: t}
	if c.GlobalCatalog != "" {
		gc, err := newTarget(c.GlobalCatalog, ports{"3268", "3269"}, c)
		if err != nil {
			return nil, err
		}
		if c.ServerName != "" && gc.tls != nil {
			gc.tls.ServerName = gc.host // server_name is that of url
		}
		d.catalog = &link{config: &d.config, target: gc}
	}
	if err := d.connect(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// readNames checks what of the configuration needs no connection.
func (d *Directory) readNames() error {
	c := d.config
	if c.Username == "" || c.Password == "" {
		return errors.New("user name or password is missing. Set LANDFALL_AD_<LABEL>_USERNAME and LANDFALL_AD_<LABEL>_PASSWORD or _PASSWORD_FILE (a bind without password would be anonymous)")
	}
	base, err := planner.ParseDN(c.BaseDN)
	if err != nil || base.Len() == 0 {
		return fmt.Errorf("base_dn %q is not a distinguished name, such as DC=corp,DC=example,DC=com", printable(c.BaseDN))
	}
	d.base = base
	names := c.SearchBases
	if len(names) == 0 {
		names = []string{c.BaseDN}
	}
	for _, name := range names {
		b, err := planner.ParseDN(name)
		if err != nil || b.Len() == 0 || !b.IsBelow(base) {
			return fmt.Errorf("search base %q is not a distinguished name below base_dn %q", printable(name), printable(c.BaseDN))
		}
		d.bases = addBase(d.bases, b)
	}
	return nil
}

// addBase adds a search base, so that no base lies below another.
func addBase(bases []planner.DN, b planner.DN) []planner.DN {
	var kept []planner.DN
	for _, other := range bases {
		if b.IsBelow(other) {
			return bases
		}
		if !other.IsBelow(b) {
			kept = append(kept, other)
		}
	}
	return append(kept, b)
}

func (d *Directory) connect(ctx context.Context) error {
	conn, err := d.reader.get(ctx)
	if err != nil {
		return err
	}
	d.writer = &link{config: &d.config, target: d.reader.target, addr: d.reader.addr, dc: d.reader.dc}
	e, err := conn.entry(ctx, d.base.String(), false, "objectClass")
	if err != nil {
		return d.fault("read base_dn", d.base.String(), err, d.missingHint(conn, err))
	}
	if e == nil {
		return fmt.Errorf("base_dn %s is not visible to this identity", printable(d.base.String()))
	}
	if d.catalog != nil {
		if _, err := d.catalog.get(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the connections. It returns nothing that a caller could mend.
func (d *Directory) Close() error {
	for _, l := range []*link{d.reader, d.writer, d.catalog} {
		if l != nil {
			l.close()
		}
	}
	return nil
}

func (d *Directory) fault(doing, object string, err error, hint string) error {
	var known *fault
	if errors.As(err, &known) {
		return err // it was told where it happened
	}
	return newFault(doing, object, err, hint)
}

// missingHint helps when a base is not there.
func (d *Directory) missingHint(c *conn, err error) string {
	if hasCode(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultReferral) {
		return fmt.Sprintf("The domain controller %s holds %s: check the spelling of base_dn and search_bases, and that this identity may see them", c.root.host, c.root.defaultNC)
	}
	return ""
}

// link is a connection to one domain controller, made anew when it broke.
type link struct {
	config *Config
	target target

	mu   sync.Mutex
	conn *conn
	addr string // of the first connection: later ones go there
	dc   string // dnsHostName of the first connection

	failures atomic.Int64 // failed connections so far
	failed   error        // why the last one failed
	barred   error        // the login was refused: asking again would lock the account
}

// reconnectTimeout bounds the making of a connection in place of a broken one.
const reconnectTimeout = 15 * time.Second

// get returns the connection, which may break at any time. Of calls that wait for
// a new one together, one tries.
func (l *link) get(ctx context.Context) (*conn, error) {
	failures := l.failures.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.conn != nil && !l.conn.broken.Load() && !l.conn.ldap.IsClosing():
		return l.conn, nil
	case l.barred != nil:
		return nil, l.barred
	case l.failures.Load() != failures:
		return nil, l.failed
	}
	c, err := l.open(ctx)
	if err == nil {
		l.conn, l.addr, l.dc = c, c.raw.RemoteAddr().String(), c.root.host
		return c, nil
	}
	if ctx.Err() == nil {
		l.failed = err
		l.failures.Add(1)
	}
	if hasCode(err, ldap.LDAPResultInvalidCredentials) {
		l.barred = err
	}
	return nil, err
}

// open makes a connection and logs in.
func (l *link) open(ctx context.Context) (*conn, error) {
	limit := l.config.Timeout
	if l.addr != "" {
		limit = min(limit, reconnectTimeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	secured, raw, err := l.target.dial(ctx, orDefault(l.addr, l.target.addr))
	if err != nil {
		return nil, err
	}
	c := &conn{ldap: ldap.NewConn(secured, secured != raw), raw: raw, secured: secured, config: l.config}
	c.ldap.Start()
	if err := c.login(ctx); err != nil {
		c.close()
		return nil, err
	}
	if l.dc != "" && l.dc != c.root.host {
		c.close()
		return nil, fmt.Errorf("%s led to the domain controller %s and now leads to %s, so what was written could not be read back. Set url to one domain controller", printable(l.target.url), printable(l.dc), printable(c.root.host))
	}
	return c, nil
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.close()
	}
}

// conn is one connection, bound.
type conn struct {
	ldap    *ldap.Conn
	raw     net.Conn
	secured net.Conn // what LDAP is spoken on: raw, or TLS over it
	broken  atomic.Bool
	config  *Config
	root    rootDSE
}

// rootDSE is what a domain controller says of itself.
type rootDSE struct {
	host      string // dnsHostName
	defaultNC string
	configNC  string
	schemaNC  string
	controls  map[string]bool
}

func (c *conn) close() {
	c.broken.Store(true)
	c.raw.Close()
}

// call runs one exchange with the server. When ctx ends or the timeout is over,
// it closes the connection, which ends everything that waits on it: go-ldap has
// no other way that is safe (its own timeout may drop a single entry).
func (c *conn) call(ctx context.Context, f func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.Timeout, errTimeout)
	defer cancel()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, c.close)
	err := f(c.ldap)
	stop()
	if _, _, answered := answer(err); err == nil || answered {
		return err
	}
	c.close()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &lost{err}
}

// retry is call, again while the server says that it is busy. Nothing has
// happened then, so this is safe for writes, too.
func (c *conn) retry(ctx context.Context, f func(*ldap.Conn) error) error {
	wait := c.config.pause
	for try := 1; ; try++ {
		err := c.call(ctx, f)
		if try == 6 || !hasCode(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable) {
			return err
		}
		pause := wait/2 + rand.N(wait)
		wait *= 2
		c.config.Progress("waiting for the domain controller, which is busy", 0, 0, pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// login binds and reads the rootDSE.
func (c *conn) login(ctx context.Context) error {
	err := c.retry(ctx, func(l *ldap.Conn) error { return l.Bind(c.config.Username, c.config.Password) })
	if err != nil {
		return newFault("log in as", c.config.Username, err, "")
	}
	e, err := c.entry(ctx, "", false, "dnsHostName", "defaultNamingContext", "configurationNamingContext",
		"schemaNamingContext", "supportedControl")
	if err != nil {
		return newFault("read the rootDSE", "", err, "")
	}
	if e == nil || e.GetAttributeValue("defaultNamingContext") == "" {
		return errors.New("the server has no defaultNamingContext, so it is not an Active Directory domain controller")
	}
	c.root = rootDSE{
		host:      e.GetAttributeValue("dnsHostName"),
		defaultNC: e.GetAttributeValue("defaultNamingContext"),
		configNC:  e.GetAttributeValue("configurationNamingContext"),
		schemaNC:  e.GetAttributeValue("schemaNamingContext"),
		controls:  map[string]bool{},
	}
	for _, oid := range e.GetAttributeValues("supportedControl") {
		c.root.controls[strings.TrimSpace(oid)] = true
	}
	if !c.root.controls[ldap.ControlTypePaging] {
		return errors.New("the server does not support paged searches, so it is not an Active Directory domain controller")
	}
	return nil
}
