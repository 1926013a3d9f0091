package adsync

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/schema"
)

// Format is one of the forms in which configurations are exported.
type Format string

// The formats.
const (
	FormatServer     Format = "a server configuration"     // the folder of Get-ADSyncServerConfiguration
	FormatPowerShell Format = "PowerShell scripts"         // of the Synchronization Rules Editor's Export button
	FormatDSC        Format = "a DSC configuration"        // YAML of AADConnectDsc
	FormatJSON       Format = "the JSON of Get-ADSyncRule" // Get-ADSyncRule | ConvertTo-Json
)

// Export is a configuration in the normalised form. Rules are sorted by
// precedence and name, everything else by name.
type Export struct {
	Format     Format
	Connectors []*Connector
	Rules      []*Rule
	Metaverse  []Attribute // its own schema; nil when the format does not carry it
	Settings   []Setting
	Variables  []*Variable // of scripts; the texts of rules refer to them

	Notes   []Note
	Sources Sources
}

// ConnectorKind is the kind of directory that a connector connects.
type ConnectorKind string

// The kinds of connector. Others are left out.
const (
	KindAD    ConnectorKind = "AD"
	KindEntra ConnectorKind = "Entra"
)

// entraConnectorID is the GUID of the connector to Entra ID on every server.
const entraConnectorID = "b891884f-051e-4a83-95af-2544101c9083"

// Connector is one connected directory.
type Connector struct {
	ID         string // GUID in lower case without braces; "" where only a name is known
	Name       string
	Kind       ConnectorKind
	Forest     string // DNS name, of AD
	Partitions []Partition
	Schema     []Attribute // its own schema; nil when the format does not carry it
}

// Partition is one naming context of an AD connector that is synchronised.
type Partition struct {
	DN                     string
	DNSName                string
	Inclusions, Exclusions []string // DNs; the nearest listed ancestor decides
}

// Attribute is one attribute of a schema.
type Attribute struct {
	Name   string
	Syntax schema.Syntax
	Multi  bool
}

// Setting is one of Entra Connect's global settings.
type Setting struct{ Name, Value string }

// Variable is a variable of a script that a rule uses. A reference to it stands in
// a text as made by reference.
type Variable struct {
	Name        string // in HCL
	Script      string // in the script
	Number      bool
	Default     *string
	Description string
	At          hcl.Range
}

// Direction, FlowType and the other words of rules are those of the export:
// Inbound, Outbound; Direct, Constant, Expression; Update, Merge,
// MergeCaseInsensitive; Provision, Join, StickyJoin, JoinNoFlow.

// Rule is one sync rule. Source and target are seen along the flow: an inbound
// rule has the connector space as its source.
type Rule struct {
	Name             string        `json:"name"`
	Identifier       string        `json:"identifier"`
	Tag              string        `json:"immutableTag"`
	Direction        string        `json:"direction"`
	Connector        string        `json:"connector"` // ID of the connector, or its name where there is none
	SourceObjectType string        `json:"sourceObjectType"`
	TargetObjectType string        `json:"targetObjectType"`
	LinkType         string        `json:"linkType"`
	Precedence       int           `json:"precedence"`
	Disabled         bool          `json:"disabled"`
	PasswordSync     bool          `json:"enablePasswordSync"`
	Description      *string       `json:"description"`
	Scope            [][]Condition `json:"scopeGroups"` // OR of AND
	Join             [][]Match     `json:"joinGroups"`  // tried in order
	Mappings         []Mapping     `json:"mappings"`

	Version          string    `json:"-"`
	PrecedenceAfter  string    `json:"-"`
	PrecedenceBefore string    `json:"-"`
	PrecedenceText   string    `json:"-"` // a reference to a variable, in place of Precedence
	At               hcl.Range `json:"-"`

	broken bool // something in it could not be read, which was reported
}

// Condition is one clause of a scope group, over an attribute of the source.
type Condition struct {
	Attribute string    `json:"attribute"`
	Operator  string    `json:"operator"`
	Value     string    `json:"value"`
	At        hcl.Range `json:"-"`
}

// Match equates an attribute of the connector space with one of the metaverse.
type Match struct {
	Space         string    `json:"cs"`
	Metaverse     string    `json:"mv"`
	CaseSensitive bool      `json:"caseSensitive"`
	At            hcl.Range `json:"-"`
}

// Mapping is one attribute flow. Source are the attributes that it reads, or the
// one text of a constant.
type Mapping struct {
	Destination string    `json:"destination"`
	FlowType    string    `json:"flowType"`
	Source      []string  `json:"source"`
	Expression  *string   `json:"expression"`
	MergeType   string    `json:"valueMergeType"`
	ExecuteOnce bool      `json:"executeOnce"`
	At          hcl.Range `json:"-"`
}

// Inbound reports whether the rule flows into the metaverse.
func (r *Rule) Inbound() bool { return r.Direction == "Inbound" }

// Standard reports whether the rule is one that Entra Connect brings along.
func (r *Rule) Standard() bool { return strings.HasPrefix(r.Tag, "Microsoft.") }

// SpaceType is the object type in the connector space, MetaverseType that in the
// metaverse.
func (r *Rule) SpaceType() string {
	if r.Inbound() {
		return r.SourceObjectType
	}
	return r.TargetObjectType
}

// MetaverseType is the object type in the metaverse.
func (r *Rule) MetaverseType() string {
	if r.Inbound() {
		return r.TargetObjectType
	}
	return r.SourceObjectType
}

// Canonical is the normalised form of rules as JSON. Two exports with the same
// canonical form have the same rules.
func Canonical(rules []*Rule) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(rules); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// sort puts everything into the order that Export promises.
func (e *Export) sort() {
	slices.SortStableFunc(e.Rules, func(a, b *Rule) int {
		if a.Precedence != b.Precedence {
			return a.Precedence - b.Precedence
		}
		return strings.Compare(a.Name+"\x00"+a.Direction, b.Name+"\x00"+b.Direction)
	})
	slices.SortStableFunc(e.Connectors, func(a, b *Connector) int { return strings.Compare(a.Name, b.Name) })
	byName := func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(e.Metaverse, byName)
	for _, c := range e.Connectors {
		slices.SortFunc(c.Schema, byName)
	}
	slices.SortFunc(e.Settings, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(e.Variables, func(a, b *Variable) int { return strings.Compare(a.Name, b.Name) })
}

// dropUnused takes out the variables that no rule refers to.
func (e *Export) dropUnused() {
	used := map[string]bool{}
	see := func(texts ...string) {
		for _, text := range texts {
			for _, p := range parts(text) {
				used[p.text] = used[p.text] || p.variable
			}
		}
	}
	for _, r := range e.Rules {
		see(r.Name, r.PrecedenceText)
		for _, g := range r.Scope {
			for _, c := range g {
				see(c.Attribute, c.Value)
			}
		}
		for _, g := range r.Join {
			for _, m := range g {
				see(m.Space, m.Metaverse)
			}
		}
		for _, m := range r.Mappings {
			see(m.Source...)
			if m.Expression != nil {
				see(*m.Expression)
			}
		}
	}
	e.Variables = slices.DeleteFunc(e.Variables, func(v *Variable) bool { return !used[v.Name] })
}

// connector is the connector of a rule; nil when the export does not have it.
func (e *Export) connector(r *Rule) *Connector {
	for _, c := range e.Connectors {
		if r.Connector == c.ID || c.ID == "" && r.Connector == c.Name {
			return c
		}
	}
	return nil
}

// lookup finds an attribute by name, without regard to case, as in AD.
func lookup(attrs []Attribute, name string) (Attribute, bool) {
	for _, a := range attrs {
		if strings.EqualFold(a.Name, name) {
			return a, true
		}
	}
	return Attribute{}, false
}

// NoteKind says how far something of the input came through.
type NoteKind uint8

// The kinds of note.
const (
	Approximated NoteKind = iota // said in another way, or nearly the same
	LeftOut                      // not in the output
	NotARule                     // a statement of a script that does not make rules
)

// Note is one line of the report. At is zero for what concerns no one place.
type Note struct {
	Kind NoteKind
	Rule string // its name, if it concerns one
	Text string
	At   hcl.Range
}

func (e *Export) note(kind NoteKind, at hcl.Range, rule, text string) {
	e.Notes = append(e.Notes, Note{kind, rule, text, at})
}
