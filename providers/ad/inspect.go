package ad

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

var _ planner.Inspector = (*Directory)(nil)

// Inspect says how the domain controller was reached, who we are there, and
// whether this identity may do what is needed. Rights on objects that exist are
// those that the domain controller computes itself (allowedAttributesEffective,
// allowedChildClassesEffective); the others are worked out of access lists, with
// the SIDs that the domain controller says this connection has.
func (d *Directory) Inspect(ctx context.Context, what planner.Inspection) ([]planner.Fact, []planner.Check, error) {
	c, err := d.reader.get(ctx)
	if err != nil {
		return nil, nil, err
	}
	facts := d.connectionFacts(c, d.reader.target)
	if d.catalog != nil {
		gc, err := d.catalog.get(ctx)
		if err != nil {
			return facts, nil, err
		}
		for _, f := range d.connectionFacts(gc, d.catalog.target) {
			f.Name = "global catalog: " + f.Name
			facts = append(facts, f)
		}
	}
	who, err := c.whoAmI(ctx, d.base.String())
	if err != nil {
		return facts, nil, d.fault("ask who we are on", c.root.host, err, "")
	}
	facts = append(facts, planner.Fact{Name: "identity", Value: who.String()})
	r := newRights(d, c, who, what)
	if err := r.needs(ctx, what.Needs); err != nil {
		return facts, nil, err
	}
	if err := r.roots(ctx); err != nil {
		return facts, nil, err
	}
	checks := append(r.checks(), who.excess()...)
	bin, err := d.binCheck(ctx, c, who)
	if err != nil {
		return facts, nil, err
	}
	return facts, append(checks, bin...), nil
}

// expiresSoon is when people want to hear of a certificate that ends.
const expiresSoon = 30 * 24 * time.Hour

func (d *Directory) connectionFacts(c *conn, t target) []planner.Fact {
	facts := []planner.Fact{
		{Name: "address", Value: t.url + " at " + c.raw.RemoteAddr().String()},
		{Name: "domain controller", Value: c.root.host},
	}
	secure, ok := c.secured.(*tls.Conn)
	if !ok {
		return append(facts, planner.Fact{Name: "encryption", Value: "none", Warning: "the password travels readable; this is for a directory on this machine only"})
	}
	state := secure.ConnectionState()
	facts = append(facts, planner.Fact{Name: "encryption", Value: tls.VersionName(state.Version)})
	if len(state.PeerCertificates) > 0 {
		facts = append(facts, certificateFact(state.PeerCertificates[0], time.Now()))
	}
	return facts
}

// certificateFact says whose certificate it is and until when.
func certificateFact(cert *x509.Certificate, now time.Time) planner.Fact {
	f := planner.Fact{Name: "certificate", Value: fmt.Sprintf("%s, issued by %s, valid until %s", cert.Subject, cert.Issuer, cert.NotAfter.UTC().Format(time.DateOnly))}
	switch left := cert.NotAfter.Sub(now); {
	case left < 24*time.Hour:
		f.Warning = "it ends within a day: renew it on the domain controller"
	case left < expiresSoon:
		f.Warning = fmt.Sprintf("it ends in %.0f days: renew it on the domain controller", left.Hours()/24)
	}
	return f
}

// identity is who a connection is bound as.
type identity struct {
	name string          // DOMAIN\user, "" unknown
	user string          // its SID, octets
	sids map[string]bool // with those of all its groups
}

// trustee is the identity as dsacls takes it.
func (i identity) trustee() string {
	if i.name != "" {
		return i.name
	}
	return planner.FormatSID(i.user)
}

func (i identity) String() string {
	if i.name == "" {
		return planner.FormatSID(i.user)
	}
	return i.name + " (" + planner.FormatSID(i.user) + ")"
}

// whoAmI asks the domain controller. tokenGroups of the rootDSE are the SIDs of
// this very connection; the extended operation, which Samba lacks, has the name.
func (c *conn) whoAmI(ctx context.Context, base string) (identity, error) {
	who := identity{sids: map[string]bool{}}
	e, err := c.entry(ctx, "", false, "tokenGroups")
	if err != nil {
		return who, err
	}
	if e != nil {
		for i, sid := range e.GetEqualFoldAttributeValues("tokenGroups") {
			if i == 0 {
				who.user = sid
			}
			who.sids[sid] = true
		}
	}
	var authzID string
	err = c.call(ctx, func(l *ldap.Conn) error {
		result, err := l.WhoAmI(nil)
		if err == nil {
			authzID = result.AuthzID
		}
		return err
	})
	if _, _, answered := answer(err); err != nil && !answered {
		return who, err
	}
	if name, ok := strings.CutPrefix(authzID, "u:"); ok && name != "" {
		who.name = name
		return who, nil
	}
	if who.user == "" {
		return who, errors.New("the domain controller does not say who this connection is bound as")
	}
	return who, c.lookUpName(ctx, base, &who)
}

// lookUpName finds the name of the account in its domain.
func (c *conn) lookUpName(ctx context.Context, base string, who *identity) error {
	result, err := c.search(ctx, c.request(base, ldap.ScopeWholeSubtree, equals("objectSid", who.user), []string{"msDS-PrincipalName", "userPrincipalName", "sAMAccountName"}, false))
	if err != nil || len(result.Entries) != 1 {
		return err
	}
	for _, a := range []string{"msDS-PrincipalName", "userPrincipalName", "sAMAccountName"} {
		if name := result.Entries[0].GetEqualFoldAttributeValue(a); name != "" && who.name == "" {
			who.name = name
		}
	}
	return nil
}

// adminRIDs are the groups of a domain that may do everything, and adminSIDs
// those of every domain controller.
var (
	adminRIDs = map[uint32]string{512: "Domain Admins", 518: "Schema Admins", 519: "Enterprise Admins"}
	adminSIDs = map[string]string{"S-1-5-32-544": "Administrators", "S-1-5-32-548": "Account Operators"}
)

// adminGroups names the groups of administrators that the identity is in.
func (i identity) adminGroups() []string {
	var out []string
	for sid := range i.sids {
		text := planner.FormatSID(sid)
		name := adminSIDs[text]
		if strings.HasPrefix(text, "S-1-5-21-") {
			name = adminRIDs[ridOf(sid)]
		}
		if name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ridOf is the last number of a SID.
func ridOf(sid string) uint32 {
	if len(sid) < 12 {
		return 0
	}
	b := sid[len(sid)-4:]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// excess tells rights that landfall never needs.
func (i identity) excess() []planner.Check {
	groups := i.adminGroups()
	if len(groups) == 0 {
		return nil
	}
	return []planner.Check{{
		Status: planner.CheckExcess, What: "member of " + strings.Join(groups, ", "),
		Detail: "landfall needs no administrator: whoever can change what it runs could do everything in this domain",
		Fix:    "use a user without any group of administrators, and give it rights at the roots of the mappings only",
	}}
}

// binCheck says whether deleted groups are seen: without it landfall works, and
// cannot bring them back.
func (d *Directory) binCheck(ctx context.Context, c *conn, who identity) ([]planner.Check, error) {
	state, _, err := d.recycleBin(ctx, c)
	if err != nil {
		return nil, err
	}
	container := "CN=Deleted Objects," + c.root.defaultNC
	check := planner.Check{Status: planner.CheckOK, What: "see deleted objects"}
	switch state {
	case planner.RecycleBinReadable:
	case planner.RecycleBinUnreadable:
		check.Status = planner.CheckOptional
		check.Detail = "without it a deleted group cannot be brought back, and plans say that the Recycle Bin is unreadable"
		check.Fix = fmt.Sprintf("as a domain administrator: dsacls %q /takeownership, then dsacls %q /G %q", container, container, who.trustee()+":LCRP")
	case planner.RecycleBinDisabled:
		check.Status, check.What = planner.CheckOptional, "the Recycle Bin is off"
		check.Detail = "a deleted group can be brought back as a tombstone only, without its members"
	default:
		check.Status, check.Detail = planner.CheckUnknown, "this identity may not read whether the Recycle Bin is on"
	}
	return []planner.Check{check}, nil
}
