package lang

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

var (
	entraSchema = bodySchema("tenant_id! cloud auth client_id endpoint ca_file sandbox attributes")
	adSchema    = bodySchema("url base_dn! ca_file auth search_bases global_catalog start_tls plaintext server_name timeout sandbox attributes")
)

// guidPattern is the text form of a GUID, without braces.
var guidPattern = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)

func (l *loader) decodeProviders() {
	l.providers = map[string]*Provider{}
	for _, b := range l.blocks["provider"] {
		p := &Provider{Kind: ProviderKind(b.Labels[0]), Label: b.Labels[1], Range: b.DefRange}
		switch p.Kind {
		case KindEntra:
			l.decodeEntra(b, p)
		case KindAD:
			l.decodeAD(b, p)
		default:
			l.report(hcl.Diagnostics{problem(b.LabelRanges[0], "Unknown kind of provider", "There is no provider %q; the kinds are entra and ad.%s", b.Labels[0], didYouMean(b.Labels[0], []string{"entra", "ad"}))})
			continue
		}
		l.providers[p.Address()] = p
	}
	for _, address := range slices.Sorted(maps.Keys(l.providers)) {
		l.config.Providers = append(l.config.Providers, l.providers[address])
	}
}

func (l *loader) decodeEntra(b *hcl.Block, p *Provider) {
	a := l.read(l.scope, blockName(b), b.Body, entraSchema)
	e := &EntraProvider{
		TenantID: a.text("tenant_id", ""),
		Cloud:    a.word("cloud", "public", "public", "usgov", "china"),
		Auth: a.word("auth", "default", "default", "client_secret", "certificate", "workload_identity",
			"managed_identity", "github_oidc", "azure_pipelines", "cli"),
		ClientID: a.text("client_id", ""),
		Endpoint: a.text("endpoint", ""),
		CAFile:   a.text("ca_file", ""),
		Sandbox:  a.text("sandbox", ""),
	}
	p.Entra = e
	p.Schema = l.extend(schema.Entra, a)
	for argument, id := range map[string]string{"tenant_id": e.TenantID, "client_id": e.ClientID} {
		if id != "" && !guidPattern.MatchString(id) {
			l.report(hcl.Diagnostics{problem(a.at(argument), "Not a GUID", "%s in %s must be a GUID such as 5d1c7a52-0000-4000-8000-000000000001, not %q.", argument, a.what, id)})
		}
	}
	if e.Endpoint != "" {
		u, err := url.Parse(e.Endpoint)
		if err != nil || u.Scheme != "https" || !loopback(u.Hostname()) {
			l.report(hcl.Diagnostics{problem(a.at("endpoint"), "Endpoint is not on this machine",
				"endpoint in %s is for an emulator on the same machine and must be https:// with a loopback address, not %q. Real clouds are chosen with cloud.", a.what, e.Endpoint)})
		}
		if e.Sandbox != "" {
			l.report(hcl.Diagnostics{problem(a.at("endpoint"), "Endpoint and sandbox", "%s has a sandbox, which brings its own endpoint. Leave one of the two out.", a.what)})
		}
	}
	if e.CAFile != "" && e.Endpoint == "" {
		l.report(hcl.Diagnostics{problem(a.at("ca_file"), "CA file without endpoint", "ca_file in %s is only used with endpoint; the certificates of real clouds are checked against the system's list.", a.what)})
	}
}

func (l *loader) decodeAD(b *hcl.Block, p *Provider) {
	a := l.read(l.scope, blockName(b), b.Body, adSchema)
	d := &ADProvider{
		URL:           a.text("url", ""),
		StartTLS:      a.flag("start_tls", false),
		Plaintext:     a.flag("plaintext", false),
		BaseDN:        a.text("base_dn", ""),
		CAFile:        a.text("ca_file", ""),
		ServerName:    a.text("server_name", ""),
		Auth:          a.word("auth", "simple", "simple", "gssapi"),
		GlobalCatalog: a.text("global_catalog", ""),
		Timeout:       a.countOr("timeout", 60, 1, 86400),
		Sandbox:       a.text("sandbox", ""),
	}
	p.AD = d
	p.Schema = l.extend(schema.AD, a)
	l.checkURL(a, "url", d)
	l.checkURL(a, "global_catalog", d)
	switch {
	case d.URL == "" && d.Sandbox == "" && !l.unreadable(a, "url") && !l.unreadable(a, "sandbox"):
		l.report(hcl.Diagnostics{problem(b.DefRange, "Provider without an address", "%s needs url, the address of a domain controller, or sandbox, a file to play with.", a.what)})
	case d.URL != "" && d.Sandbox != "":
		l.report(hcl.Diagnostics{problem(a.at("sandbox"), "Address and sandbox", "%s has both url and sandbox. A sandbox stands in for the real forest: leave one of the two out.", a.what)})
	}
	base, ok := dn.DN{}, false
	if d.BaseDN != "" || a.given("base_dn") && !l.unreadable(a, "base_dn") {
		base, ok = l.parseDN(d.BaseDN, a.at("base_dn"), "base_dn in "+a.what)
	}
	d.SearchBases = []string{d.BaseDN}
	if items := a.items("search_bases"); len(items) > 0 {
		d.SearchBases = nil
		for _, item := range items {
			d.SearchBases = append(d.SearchBases, item.text)
			name, fine := l.parseDN(item.text, item.at, "search_bases in "+a.what)
			if ok && fine && !name.IsBelow(base) {
				l.report(hcl.Diagnostics{problem(item.at, "Search base outside base_dn", "%q is not below the base_dn %q of %s.", item.text, d.BaseDN, a.what)})
			}
		}
	}
}

// unreadable reports whether an argument is there but could not be evaluated,
// which was reported already.
func (l *loader) unreadable(a *arguments, argument string) bool {
	if !a.given(argument) {
		return false
	}
	_, ok := a.scope.eval(a.expr(argument))
	return !ok
}

// checkURL refuses addresses that would send credentials in the clear.
func (l *loader) checkURL(a *arguments, argument string, d *ADProvider) {
	text := d.URL
	if argument == "global_catalog" {
		text = d.GlobalCatalog
	}
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	refuse := func(format string, args ...any) {
		l.report(hcl.Diagnostics{problem(a.at(argument), "Address not usable", argument+" in "+a.what+" "+format, args...)})
	}
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		refuse("must be ldaps://HOST or ldaps://HOST:PORT, and is %q.", text)
	case u.Scheme == "ldaps" && d.StartTLS && argument == "url":
		refuse("begins with ldaps://, which is encrypted from the first byte, so start_tls cannot be used. Leave start_tls out.")
	case u.Scheme == "ldaps", u.Scheme == "ldap" && d.StartTLS:
	case u.Scheme == "ldap" && d.Plaintext && loopback(u.Hostname()):
	case u.Scheme == "ldap" && d.Plaintext:
		refuse("is unencrypted to another machine: the password and every membership would cross the network readable. plaintext = true is for loopback only; use ldaps:// or start_tls = true.")
	case u.Scheme == "ldap":
		refuse("is unencrypted: the password would cross the network readable. Use ldaps://, or start_tls = true, or, to this machine only, plaintext = true.")
	default:
		refuse("must begin with ldaps:// or ldap://, and is %q.", text)
	}
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
