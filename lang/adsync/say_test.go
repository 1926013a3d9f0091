package adsync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// saying is what a rule says, in one form for the export and for the loaded
// configuration.
type saying struct {
	Name, Direction, Provider, Space, Metaverse, Link string
	Precedence                                        int
	Disabled                                          bool
	Scope, Join                                       [][]string
	Flows                                             []string
}

// conversions are the flows that are something else here, each with a note in
// the report: "RULE: ATTRIBUTE".
func conversions(t *target) map[string]bool {
	out := map[string]bool{}
	for _, r := range t.rules {
		for _, m := range r.Mappings {
			kept := slices.Contains(r.copies, m.Destination) || slices.ContainsFunc(r.flows, func(f hclFlow) bool {
				return f.attribute == m.Destination && (f.argument == "expression") == (m.FlowType == "Expression")
			})
			if !kept {
				out[r.Name+": "+m.Destination] = true
			}
		}
	}
	return out
}

func sayRule(e *Export, r *Rule, converted map[string]bool) saying {
	s := saying{
		Name: r.Name, Direction: r.Direction, Provider: string(e.connector(r).Kind), Space: r.SpaceType(), Metaverse: r.MetaverseType(), Link: r.LinkType,
		Precedence: r.Precedence, Disabled: r.Disabled,
	}
	for _, g := range r.Scope {
		var group []string
		for _, c := range g {
			group = append(group, c.Attribute+" "+c.Operator+" "+c.Value)
		}
		s.Scope = append(s.Scope, group)
	}
	for _, g := range r.Join {
		var group []string
		for _, m := range g {
			group = append(group, fmt.Sprint(m.Space, " = ", m.Metaverse, " ", m.CaseSensitive))
		}
		s.Join = append(s.Join, group)
	}
	for _, m := range r.Mappings {
		if converted[r.Name+": "+m.Destination] {
			continue
		}
		from := "from " + strings.Join(m.Source, ",")
		switch m.FlowType {
		case "Constant":
			from = "constant " + strings.ToLower(m.Source[0])
		case "Expression":
			from = "expression " + *m.Expression
		}
		s.Flows = append(s.Flows, fmt.Sprint(m.Destination, " ", from, " ", m.MergeType, " ", m.ExecuteOnce))
	}
	slices.Sort(s.Flows)
	return s
}

func sayLoaded(r *lang.Rule, converted map[string]bool) saying {
	s := saying{
		Name: r.Name, Direction: "Inbound", Provider: "AD", Space: r.ObjectType, Metaverse: r.MetaverseType,
		Link:       map[lang.LinkType]string{lang.Join: "Join", lang.Provision: "Provision", lang.StickyJoin: "StickyJoin", lang.JoinNoFlow: "JoinNoFlow"}[r.Link],
		Precedence: r.Precedence, Disabled: r.Disabled,
	}
	if r.Direction == lang.Outbound {
		s.Direction = "Outbound"
	}
	if r.Provider.Kind == lang.KindEntra {
		s.Provider = "Entra"
	}
	for _, g := range r.Scope {
		var group []string
		for _, c := range g.Clauses {
			group = append(group, c.Attribute+" "+c.Operator+" "+c.Value)
		}
		s.Scope = append(s.Scope, group)
	}
	for _, g := range r.Join {
		var group []string
		for _, m := range g.Matches {
			group = append(group, fmt.Sprint(m.Space, " = ", m.Metaverse, " ", m.CaseSensitive))
		}
		s.Join = append(s.Join, group)
	}
	for _, f := range r.Flows {
		from := "from " + f.From
		switch {
		case f.Value == nil:
		case f.Value.Const && !strings.HasSuffix(f.Value.Text, "\n"):
			v, err := f.Value.Eval(nil)
			from = "constant " + strings.ToLower(v.Display())
			if err != nil {
				from = err.Error()
			}
		default:
			from = "expression " + strings.TrimSuffix(f.Value.Text, "\n")
		}
		if converted[r.Name+": "+f.Attribute] {
			continue
		}
		merge := map[lang.Merge]string{lang.MergeUpdate: "Update", lang.MergeAll: "Merge", lang.MergeCaseInsensitive: "MergeCaseInsensitive"}[f.Merge]
		s.Flows = append(s.Flows, fmt.Sprint(f.Attribute, " ", from, " ", merge, " ", f.Once))
	}
	slices.Sort(s.Flows)
	return s
}
