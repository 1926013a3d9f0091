package entra

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

var _ planner.Inspector = (*Directory)(nil)

// Inspect says how Graph was reached, who the access token is of, and which of
// the permissions it has that plans and their changes need. The token's signature
// is not checked, because only Graph can; a list of one group is what proves it.
func (d *Directory) Inspect(ctx context.Context, what planner.Inspection) ([]planner.Fact, []planner.Check, error) {
	if _, err := d.tokens.get(ctx, ""); err != nil {
		return nil, nil, err
	}
	probe, err := d.probe(ctx)
	if err != nil {
		return nil, nil, err
	}
	who := d.tokens.identity()
	checks := []planner.Check{probe}
	needed := needs(what)
	for _, n := range needed {
		checks = append(checks, n.check(who))
	}
	return append(d.retry.connection(), who.facts(d.tokens.auth, time.Now())...), append(checks, excess(who, needed)...), nil
}

// expiresSoon is when people want to hear of a certificate that ends.
const expiresSoon = 14 * 24 * time.Hour

// connection says how the server was reached.
func (r *retrier) connection() []planner.Fact {
	r.mu.Lock()
	defer r.mu.Unlock()
	facts := []planner.Fact{{Name: "address", Value: r.last.host}}
	if r.last.tls == nil {
		return facts
	}
	facts = append(facts, planner.Fact{Name: "encryption", Value: tls.VersionName(r.last.tls.Version)})
	if certs := r.last.tls.PeerCertificates; len(certs) > 0 {
		f := planner.Fact{Name: "certificate", Value: fmt.Sprintf("%s, issued by %s, valid until %s", plain(certs[0].Subject.String()), plain(certs[0].Issuer.String()), certs[0].NotAfter.UTC().Format(time.DateOnly))}
		if left := time.Until(certs[0].NotAfter); left < expiresSoon {
			f.Warning = fmt.Sprintf("it ends within %d days", int(left.Hours()/24)+1)
		}
		facts = append(facts, f)
	}
	return facts
}

// probe lists one group.
func (d *Directory) probe(ctx context.Context) (planner.Check, error) {
	check := planner.Check{Status: planner.CheckOK, What: "list groups"}
	r := newGet("{+baseurl}/groups{?%24select,%24top}")
	r.QueryParametersAny["%24select"], r.QueryParametersAny["%24top"] = []string{"id"}, int32(1)
	_, err := d.send(ctx, d.v1, r, operation{doing: "list groups", permission: "GroupMember.Read.All"})
	var f *failure
	switch {
	case err == nil:
	case errors.As(err, &f) && f.status != 0:
		check.Status, check.Detail = planner.CheckMissing, err.Error()
	default:
		return check, err
	}
	return check, nil
}

// facts are what a token says of its bearer.
func (i identity) facts(auth string, now time.Time) []planner.Fact {
	kind := "an application"
	if len(i.scopes) > 0 && len(i.roles) == 0 {
		kind = "an application on behalf of a user, and as far as that user may"
	}
	name := plain(i.application)
	if i.name != "" {
		name = plain(i.name) + " (" + name + ")"
	}
	facts := []planner.Fact{
		{Name: "tenant", Value: plain(i.tenant)},
		{Name: "identity", Value: name + ", " + kind},
		{Name: "signed in with", Value: cmp.Or(auth, "default")},
	}
	if i.user != "" {
		facts = append(facts, planner.Fact{Name: "user", Value: plain(i.user)})
	}
	if i.listsPermissions() {
		have := slices.Clone(i.permissions)
		slices.Sort(have)
		facts = append(facts, planner.Fact{Name: "permissions", Value: plain(strings.Join(have, ", "))})
	}
	if !i.expires.IsZero() {
		f := planner.Fact{Name: "token", Value: "valid until " + i.expires.UTC().Format(time.RFC3339)}
		if i.expires.Before(now) {
			f.Warning = "it has expired: sign in again, and check this machine's clock"
		}
		facts = append(facts, f)
	}
	return facts
}

// permissionNeed is a permission that something takes, the least privileged one
// first, then those that include it.
type permissionNeed struct {
	permissions []string
	purpose     string
	optional    bool // landfall does without, and detail says how
	detail      string
	uses        []planner.Use
	objects     int
}

// needs lists what reading and writing take.
func needs(what planner.Inspection) []permissionNeed {
	const directoryRead, directoryWrite, groupWrite = "Directory.Read.All", "Directory.ReadWrite.All", "Group.ReadWrite.All"
	out := []permissionNeed{
		{permissions: []string{"GroupMember.Read.All", "Group.Read.All", directoryRead, "GroupMember.ReadWrite.All", groupWrite, directoryWrite}, purpose: "read groups and their members"},
		{permissions: []string{"Group.Read.All", directoryRead, groupWrite, directoryWrite}, purpose: "read the writeback state of groups, and soft-deleted ones"},
		{permissions: []string{"User.Read.All", directoryRead, "User.ReadWrite.All", directoryWrite}, purpose: "tell which person a member is"},
	}
	for _, kind := range []string{kindDevice, kindContact, kindServicePrincipal} {
		c, _ := collectionOf(kind)
		i := slices.IndexFunc(what.Read.Types, func(t planner.TypeRequest) bool { return t.Type == kind })
		if i < 0 {
			continue
		}
		out = append(out, permissionNeed{
			permissions: []string{c.permission, directoryRead, directoryWrite}, purpose: "read " + c.plural, optional: !what.Read.Types[i].All,
			detail: "needed only if " + c.plural + " are members of groups; without it they have no names in plans, and plans say so",
		})
	}
	out = append(out,
		permissionNeed{permissions: []string{permissionHidden}, purpose: "read hidden memberships", optional: true, detail: "needed only for groups with hidden membership; without it they are not written back"},
		permissionNeed{permissions: []string{"OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"}, purpose: "see whether the tenant's own group writeback is on",
			optional: true, detail: "without it plans cannot warn of a second writer"},
	)
	return append(out, writeNeeds(what)...)
}

// writeNeeds are those of the plan's changes, by type of object. Without any, a
// configuration that may have some one day has them as optional.
func writeNeeds(what planner.Inspection) []permissionNeed {
	byType := map[string]*permissionNeed{}
	var out []*permissionNeed
	for _, n := range what.Needs {
		w := byType[n.ObjectType]
		if w == nil {
			w = &permissionNeed{permissions: []string{writePermission(n.ObjectType), "Directory.ReadWrite.All"}, purpose: "change " + n.ObjectType + " objects"}
			byType[n.ObjectType] = w
			out = append(out, w)
		}
		w.objects++
		w.uses = append(w.uses, n.Uses...)
	}
	list := make([]permissionNeed, len(out))
	for i, w := range out {
		list[i] = *w
	}
	if len(list) == 0 && what.Writes {
		list = append(list, permissionNeed{permissions: []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}, purpose: "change group objects", optional: true,
			detail: "the configuration writes to this tenant, and today's plan does not"})
	}
	return list
}

func writePermission(objectType string) string {
	switch objectType {
	case kindUser:
		return "User.ReadWrite.All"
	case kindDevice:
		return "Device.ReadWrite.All"
	}
	return "Group.ReadWrite.All"
}

// check compares a need with what the token lists.
func (n permissionNeed) check(who identity) planner.Check {
	c := planner.Check{What: n.permissions[0] + ": " + n.purpose, Objects: n.objects, Uses: n.uses}
	have := n.grantedBy(who)
	switch {
	case have != "":
		c.Status = planner.CheckOK
		if have != n.permissions[0] {
			c.Detail = "included in " + have
		}
	case !who.listsPermissions():
		c.Status, c.Detail = planner.CheckUnknown, "the access token does not list its permissions"
	case n.optional:
		c.Status, c.Detail = planner.CheckOptional, n.detail
	default:
		c.Status, c.Fix = planner.CheckMissing, grant(n.permissions[0], identity{application: who.application})
	}
	return c
}

// grantedBy is the least privileged permission of the token that suffices; "" if
// none does.
func (n permissionNeed) grantedBy(who identity) string {
	for _, p := range n.permissions {
		if who.may(p) {
			return p
		}
	}
	return ""
}

// excess tells the permissions that nothing needs: whoever gets the identity has
// them, too.
func excess(who identity, needed []permissionNeed) []planner.Check {
	used := map[string]bool{"openid": true, "profile": true, "email": true, "offline_access": true}
	for _, n := range needed {
		used[n.grantedBy(who)] = true
	}
	var reads, writes []string
	for _, p := range who.permissions {
		switch {
		case used[p]:
		case strings.HasSuffix(p, ".Read.All"), strings.HasSuffix(p, ".Read"), strings.HasSuffix(p, ".ReadBasic.All"):
			reads = append(reads, plain(p))
		default:
			writes = append(writes, plain(p))
		}
	}
	var out []planner.Check
	for _, list := range []struct {
		names  []string
		detail string
	}{
		{writes, "these may do more than read, and neither this configuration nor today's plan needs them"},
		{reads, "these may read what this configuration does not need"},
	} {
		if len(list.names) > 0 {
			slices.Sort(list.names)
			out = append(out, planner.Check{Status: planner.CheckExcess, What: strings.Join(list.names, ", "), Detail: list.detail,
				Fix: fmt.Sprintf("remove what no other program uses from the API permissions of the application %s", plain(who.application))})
		}
	}
	return out
}
