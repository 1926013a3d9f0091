package lang

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/schema"
)

// metaverseSchema is the block metaverse, which says what the metaverse has
// beside the built-in schema.
var metaverseSchema = bodySchema("attributes")

func (l *loader) decodeMetaverse() {
	for _, b := range l.blocks["metaverse"] {
		a := l.read(l.scope, "metaverse", b.Body, metaverseSchema)
		l.metaverse.schema = l.extend(l.metaverse.schema, a)
	}
	l.config.Metaverse = l.metaverse.schema
}

var syntaxWords = map[string]schema.Syntax{
	"text": schema.Text, "exact": schema.Exact, "bool": schema.Bool, "int": schema.Int, "octets": schema.Octets, "time": schema.Time, "ref": schema.Reference,
}

// extend adds the attributes that the argument "attributes" declares to a schema:
// "[private] [multi] SYNTAX". A private one exists only in the interface between
// Entra Connect and Entra ID: it is never read, and what flows to it is evaluated
// and not written.
func (l *loader) extend(base *schema.Schema, a *arguments) *schema.Schema {
	var more []schema.Attribute
	for _, p := range a.pairs("attributes") {
		word, private := strings.CutPrefix(p.text, "private ")
		word, multi := strings.CutPrefix(word, "multi ")
		syntax, ok := syntaxWords[word]
		_, known := base.Lookup(p.key)
		switch {
		case known:
			l.report(hcl.Diagnostics{problem(p.at, "Attribute already known", "attributes in %s declares %q, which is part of the schema. Declare only what your own schema adds.", a.what, p.key)})
		case !ok:
			l.report(hcl.Diagnostics{problem(p.at, "Unknown syntax", "The attribute %q in %s must be one of %s, with \"multi \" before it when it has several values, not %q.%s",
				p.key, a.what, list(slices.Sorted(maps.Keys(syntaxWords))), p.text, didYouMean(word, slices.Collect(maps.Keys(syntaxWords))))})
		case private && base.Kind() != "entra":
			l.report(hcl.Diagnostics{problem(p.at, "Private attribute", "The attribute %q in %s is private, which only attributes of an entra provider can be: those that exist in Entra Connect's own interface and not in Microsoft Graph.", p.key, a.what)})
		default:
			more = append(more, schema.Attribute{Name: p.key, Syntax: syntax, Multi: multi, Derived: private, ReadOnly: private})
		}
	}
	if len(more) == 0 {
		return base
	}
	return base.Extend(more...)
}
