package lang

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// The bodies of backend blocks, by kind.
var backendSchemas = map[string]*hcl.BodySchema{
	"local":    bodySchema("path"),
	"azblob":   bodySchema("account endpoint container! prefix lease_seconds"),
	"s3":       bodySchema("bucket! region endpoint path_style prefix lease_seconds"),
	"postgres": bodySchema("host! port database! user sslmode ca_file schema prefix lease_seconds"),
}

var backendKinds = []string{"local", "azblob", "s3", "postgres"}

var landfallSchema = bodySchema("required_version", hcl.BlockHeaderSchema{Type: "backend", LabelNames: []string{"kind"}})

// The limits of a lease in seconds: Azure's, for all.
const (
	leastLease   = 15
	mostLease    = 60
	defaultLease = 60
)

// defaultFolder is the local backend's.
const defaultFolder = ".landfall"

// LoadBackend reads of a configuration only where its records are, so that a
// mistake elsewhere, or a variable without a value, keeps nobody from looking at a
// run. A folder without any configuration has the local backend.
func LoadBackend(dir string, opts LoadOptions) (*Backend, Sources, hcl.Diagnostics) {
	l := newLoader(dir, opts)
	l.readBlocks()
	if len(l.files) == 0 {
		return l.config.Backend, l.files, nil
	}
	if l.blocks != nil {
		elsewhere := l.diags
		l.diags = nil
		if l.backendRefers() {
			l.diags = elsewhere // to what may be wrong there
		}
		l.decodeLandfall()
	}
	l.hideSecrets()
	if l.diags = sorted(l.diags); l.diags.HasErrors() {
		return nil, l.files, l.diags
	}
	return l.config.Backend, l.files, l.diags
}

// backendRefers reports whether a backend block refers to variables or locals.
func (l *loader) backendRefers() bool {
	for _, b := range l.blocks["landfall"] {
		content, _, _ := b.Body.PartialContent(landfallSchema)
		for _, backend := range content.Blocks {
			attrs, _ := backend.Body.JustAttributes()
			for _, attr := range attrs {
				if len(attr.Expr.Variables()) > 0 {
					return true
				}
			}
		}
	}
	return false
}

// decodeBackend reads the backend blocks of a landfall block.
func (l *loader) decodeBackend(blocks hcl.Blocks) {
	if len(blocks) == 0 {
		return
	}
	b := blocks[0]
	if len(blocks) > 1 {
		l.report(hcl.Diagnostics{problem(blocks[1].DefRange, "Two backends", "The records are in one place: backend is already declared at %s. One of them must go.", place(b.DefRange))})
	}
	kind := b.Labels[0]
	schema := backendSchemas[kind]
	if schema == nil {
		l.report(hcl.Diagnostics{problem(b.LabelRanges[0], "Unknown kind of backend", "There is no backend %q; the kinds are %s.%s", kind, list(backendKinds), didYouMean(kind, backendKinds))})
		return
	}
	a := l.read(l.scope, blockName(b), b.Body, schema)
	out := &Backend{Kind: kind, Range: b.DefRange, LeaseSeconds: a.countOr("lease_seconds", defaultLease, leastLease, mostLease)}
	out.Prefix = l.prefix(a)
	switch kind {
	case "local":
		out.Path, out.LeaseSeconds = a.text("path", defaultFolder), 0
		if out.Path == "" {
			l.report(hcl.Diagnostics{problem(a.at("path"), "Folder without a name", "path in %s is empty. Leave it out for %s.", a.what, defaultFolder)})
		}
	case "azblob":
		out.Account, out.Endpoint, out.Container = a.text("account", ""), a.text("endpoint", ""), a.text("container", "")
		if out.Account == "" && out.Endpoint == "" {
			l.report(hcl.Diagnostics{problem(b.DefRange, "Backend without an address",
				"%s needs account, the name of a storage account, or endpoint, the whole address of its blob service.", a.what)})
		}
	case "s3":
		out.Bucket, out.Region, out.Endpoint = a.text("bucket", ""), a.text("region", ""), a.text("endpoint", "")
		out.PathStyle = a.flag("path_style", false)
	case "postgres":
		out.Host, out.Port = a.text("host", ""), a.countOr("port", 5432, 1, 65535)
		out.Database, out.User = a.text("database", ""), a.text("user", "")
		out.SSLMode = a.word("sslmode", "verify-full", "verify-full", "verify-ca", "require", "disable")
		out.CAFile, out.Schema = a.text("ca_file", ""), a.text("schema", "landfall")
		if out.SSLMode == "disable" && !loopback(out.Host) && !strings.HasPrefix(out.Host, "/") {
			l.report(hcl.Diagnostics{problem(a.at("sslmode"), "Unencrypted to another machine",
				"sslmode in %s is %q, and %q is not this machine: the password would cross the network readable. Use verify-full.", a.what, out.SSLMode, out.Host)})
		}
	}
	l.checkEndpoint(a, out)
	l.config.Backend = out
}

// checkEndpoint refuses an address that would send credentials in the clear or
// that holds some.
func (l *loader) checkEndpoint(a *arguments, b *Backend) {
	if b.Endpoint == "" {
		return
	}
	u, err := url.Parse(b.Endpoint)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		l.report(hcl.Diagnostics{problem(a.at("endpoint"), "Address not usable",
			"endpoint in %s must be https://HOST, with http:// for this machine only and without credentials in it.", a.what)})
	}
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$`)

// prefix is what a configuration's records have before their names; several
// targets may so share one storage.
func (l *loader) prefix(a *arguments) string {
	if !a.given("prefix") {
		return ""
	}
	text := strings.TrimSuffix(a.text("prefix", ""), "/")
	if text != "" && (len(text) > 100 || !prefixPattern.MatchString(text) || path.Clean(text) != text) {
		l.report(hcl.Diagnostics{problem(a.at("prefix"), "Prefix not usable",
			"prefix in %s may have letters, digits, '-', '_', '.' and '/', at most 100 of them, each part beginning with a letter or digit; it is %q.", a.what, text)})
	}
	return text
}
