package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/dn"
)

// The defaults of the settings block.
const (
	defaultSourceAnchor    = "objectGUID"
	defaultUPNAttribute    = "userPrincipalName"
	defaultDeleteThreshold = 500
)

// maxCount bounds the counts in a configuration; no directory has more objects.
const maxCount = 1_000_000_000

var settingsSchema = bodySchema("staging_mode source_anchor upn_attribute delete_threshold redact parameters")

// declareSettings makes settings.* known to expressions, with the defaults of
// what the block does not say.
func (l *loader) declareSettings(b *hcl.Block) {
	defaults := map[string]cty.Value{
		"staging_mode":     cty.False,
		"source_anchor":    cty.StringVal(defaultSourceAnchor),
		"upn_attribute":    cty.StringVal(defaultUPNAttribute),
		"delete_threshold": cty.NumberIntVal(defaultDeleteThreshold),
		"redact":           cty.ListValEmpty(cty.String),
		"parameters":       cty.MapValEmpty(cty.String),
	}
	for _, attr := range settingsSchema.Attributes {
		l.scope.set("settings."+attr.Name, hcl.Range{}, defaults[attr.Name])
		if b == nil {
			continue
		}
		if body, ok := b.Body.(*hclsyntax.Body); ok && body.Attributes[attr.Name] != nil {
			given := body.Attributes[attr.Name]
			l.scope.define("settings."+attr.Name, given.NameRange, given.Expr)
			l.scope.declare("settings."+attr.Name, given.NameRange).absent = defaults[attr.Name]
		}
	}
}

func (l *loader) decodeSettings() {
	s := Settings{SourceAnchor: defaultSourceAnchor, UPNAttribute: defaultUPNAttribute, DeleteThreshold: defaultDeleteThreshold}
	for _, b := range l.blocks["settings"] {
		a := l.read(l.scope, "settings", b.Body, settingsSchema)
		s.Range = b.DefRange
		s.StagingMode = a.flag("staging_mode", false)
		s.SourceAnchor = a.word("source_anchor", defaultSourceAnchor, "objectGUID", "mS-DS-ConsistencyGuid")
		s.UPNAttribute = a.text("upn_attribute", defaultUPNAttribute)
		s.DeleteThreshold = a.countOr("delete_threshold", defaultDeleteThreshold, 0, maxCount)
		for _, item := range a.items("redact") {
			l.redacted = append(l.redacted, item)
			s.Redact = append(s.Redact, item.text)
		}
		for _, p := range a.pairs("parameters") {
			if s.Parameters == nil {
				s.Parameters = map[string]string{}
			}
			s.Parameters[p.key] = p.text
		}
		l.upnAttribute = a.at("upn_attribute")
	}
	l.config.Settings = s
}

func (l *loader) decodeLandfall() {
	for _, b := range l.blocks["landfall"] {
		a := l.read(l.scope, "landfall", b.Body, landfallSchema)
		l.decodeBackend(a.content.Blocks)
		want := a.text("required_version", "")
		if want == "" {
			continue
		}
		running := l.opts.Version
		if running == "" {
			running = "0" // only to check the constraint itself
		}
		ok, err := satisfies(running, want)
		switch {
		case err != nil:
			l.report(hcl.Diagnostics{problem(a.at("required_version"), "Invalid version constraint", "The constraint is not understood: %s. Write for example \">= 0.1, < 2\".", err)})
		case !ok && l.opts.Version != "":
			l.report(hcl.Diagnostics{problem(a.at("required_version"), "Another version is required",
				"This configuration asks for landfall %s, and this is landfall %s. Use a version that fits, or change the constraint.", want, l.opts.Version)})
		}
	}
}

var guardSchema = bodySchema("action! max_count max_percent min_objects writeback")

// guardActions are what a guard can limit.
var guardActions = []string{"create", "update", "move", "rename", "restore", "delete", "type_change", "member_add", "member_remove"}

func (l *loader) decodeGuards() {
	for _, b := range l.blocks["guard"] {
		a := l.read(l.scope, blockName(b), b.Body, guardSchema)
		g := &Guard{Name: b.Labels[0], Range: b.DefRange}
		g.Action = a.word("action", "", guardActions...)
		g.MaxCount = a.count("max_count", 0, maxCount)
		g.MaxPercent = a.number("max_percent", 0, 100)
		g.MinObjects = a.countOr("min_objects", 10, 0, maxCount)
		if address := a.reference("writeback", "writeback"); address != "" {
			g.Writeback = l.writebacks[address]
		}
		if !a.given("max_count") && !a.given("max_percent") {
			l.report(hcl.Diagnostics{problem(g.Range, "Guard without a limit", "guard %q limits nothing: set max_count, max_percent or both.", g.Name)})
		}
		l.config.Guards = append(l.config.Guards, g)
	}
}

func (l *loader) decodeProtected() {
	for _, b := range l.blocks["protect"] {
		a := l.read(l.scope, "protect", b.Body, bodySchema("dns!"))
		for _, item := range a.items("dns") {
			if _, ok := l.parseDN(item.text, item.at, "dns in protect"); ok {
				l.config.Protected = append(l.config.Protected, Protected{DN: item.text, Range: item.at})
			}
		}
	}
}

// parseDN reads a name that must not be empty.
func (l *loader) parseDN(text string, at hcl.Range, what string) (dn.DN, bool) {
	d, err := dn.Parse(text)
	if err != nil {
		l.report(hcl.Diagnostics{problem(at, "Not a distinguished name", "%s: %s. A name looks like OU=Groups,DC=corp,DC=example,DC=com.", what, err)})
		return d, false
	}
	if d.Len() == 0 {
		l.report(hcl.Diagnostics{problem(at, "Not a distinguished name", "%s is empty. A name looks like OU=Groups,DC=corp,DC=example,DC=com.", what)})
		return d, false
	}
	return d, true
}
