package planner

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// inScope decides whether a rule takes an object: no scope group takes every
// object, otherwise one group must hold whole. The error is one of an
// expression, and concerns this object alone.
func (b *build) inScope(r *lang.Rule, src record) (bool, error) {
	if len(r.Scope) == 0 {
		return true, nil
	}
	for _, g := range r.Scope {
		ok, err := b.groupHolds(r, g, src)
		if err != nil {
			return false, err
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}

func (b *build) groupHolds(r *lang.Rule, g lang.ScopeGroup, src record) (bool, error) {
	if g.When != nil {
		return b.holds(g.When, src, b.params[r.Provider])
	}
	for _, c := range g.Clauses {
		if !clauseHolds(b.resolved(r, c), src) {
			return false, nil
		}
	}
	return true, nil
}

// resolved is a clause whose value may be a %parameter% of the rule's provider.
func (b *build) resolved(r *lang.Rule, c lang.Clause) lang.Clause {
	if len(c.Value) > 2 && c.Value[0] == '%' && c.Value[len(c.Value)-1] == '%' {
		if v, known := b.params[r.Provider][c.Value[1:len(c.Value)-1]]; known {
			c.Value = v
		}
	}
	return c
}

// holds evaluates a condition; null is false.
func (b *build) holds(e *lang.Expr, src record, params map[string]string) (bool, error) {
	v, err := b.evaluate(e, src, params)
	if err != nil {
		return false, err
	}
	return v.Truth(), nil
}

// clauseHolds compares one attribute as Entra Connect's scoping filter does: a
// negated operator is the exact negation of its positive one, so that it holds
// for an absent attribute. With several values, any match counts.
func clauseHolds(c lang.Clause, src record) bool {
	switch c.Operator {
	case "ISNULL":
		return !present(c, src)
	case "ISNOTNULL":
		return present(c, src)
	case "ISBITNOTSET":
		return !clauseMatches("ISBITSET", c, src)
	case "ISNOTIN":
		return !clauseMatches("ISIN", c, src)
	case "ISNOTMEMBEROF":
		return !clauseMatches("ISMEMBEROF", c, src)
	}
	if positive, negated := strings.CutPrefix(c.Operator, "NOT"); negated {
		return !clauseMatches(positive, c, src)
	}
	return clauseMatches(c.Operator, c, src)
}

func present(c lang.Clause, src record) bool { return src.count(c.Attribute) > 0 }

func clauseMatches(operator string, c lang.Clause, src record) bool {
	if operator == "ISMEMBEROF" {
		return isMemberOf(c.Value, src)
	}
	a := src.schemaOf(c.Attribute)
	for _, text := range src.texts(c.Attribute) {
		if a.Syntax == schema.Octets {
			text = typedOne(a.Syntax, text).Display()
		}
		if valueMatches(operator, a.Syntax, text, c.Value) {
			return true
		}
	}
	return false
}

func valueMatches(operator string, syntax schema.Syntax, text, want string) bool {
	switch operator {
	case "EQUAL", "ISIN":
		return strings.EqualFold(text, want) || syntax == schema.Int && compare(syntax, text, want) == 0
	case "CONTAINS":
		return strings.Contains(dn.Fold(text), dn.Fold(want))
	case "STARTSWITH":
		return strings.HasPrefix(dn.Fold(text), dn.Fold(want))
	case "ENDSWITH":
		return strings.HasSuffix(dn.Fold(text), dn.Fold(want))
	case "LESSTHAN":
		return compare(syntax, text, want) < 0
	case "LESSTHAN_OR_EQUAL":
		return compare(syntax, text, want) <= 0
	case "GREATERTHAN":
		return compare(syntax, text, want) > 0
	case "GREATERTHAN_OR_EQUAL":
		return compare(syntax, text, want) >= 0
	case "ISBITSET":
		n, err1 := strconv.ParseInt(text, 10, 64)
		mask, err2 := strconv.ParseInt(want, 10, 64)
		return err1 == nil && err2 == nil && n&mask != 0
	}
	panic(fmt.Sprintf("planner: operator %q passed the checks of lang", operator))
}

// compare is numeric where the schema says number (9 is less than 50000), and
// ordinal otherwise.
func compare(syntax schema.Syntax, text, want string) int {
	if syntax == schema.Int {
		x, err1 := strconv.ParseInt(text, 10, 64)
		y, err2 := strconv.ParseInt(want, 10, 64)
		if err1 == nil && err2 == nil {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	return strings.Compare(text, want)
}

// isMemberOf looks the group up in the connector space of the object itself.
func isMemberOf(group string, src record) bool {
	r, ok := src.(spaceRecord)
	if !ok {
		return false
	}
	g := r.s.ByName(group)
	if g == NoObject {
		return false
	}
	members, _ := r.s.References(g, "member")
	return containsObject(members, r.o)
}
