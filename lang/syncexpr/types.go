package syncexpr

import (
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// typ is a set of kinds that a value may have. The empty set is the type of
// Error(), which gives no value at all.
type typ uint16

const (
	tNull     = typ(1) << value.Null
	tString   = typ(1) << value.String
	tBool     = typ(1) << value.Bool
	tInt      = typ(1) << value.Int
	tBytes    = typ(1) << value.Bytes
	tTime     = typ(1) << value.Time
	tRef      = typ(1) << value.Ref
	tList     = typ(1) << value.List
	tIgnore   = typ(1) << value.Ignore
	tAuthNull = typ(1) << value.AuthoritativeNull
	tEnum     = typ(1) << 15 // a constant such as vbTextCompare

	// tData is every kind that an attribute may have.
	tData = tString | tBool | tInt | tBytes | tTime | tRef
	// tAny is every kind that an expression may have.
	tAny = tData | tNull | tIgnore | tAuthNull
)

var typNames = []struct {
	t    typ
	name string
}{
	{tString, "text"}, {tBool, "True or False"}, {tInt, "a number"}, {tBytes, "binary"}, {tTime, "a date"}, {tRef, "a reference"},
	{tList, "several values"}, {tIgnore, "IgnoreThisFlow"}, {tAuthNull, "AuthoritativeNull"}, {tEnum, "a named constant"}, {tNull, "NULL"},
}

// String names the type for messages. NULL is mentioned only when it is all
// there is, because any expression may be NULL.
func (t typ) String() string {
	if t&tData == tData {
		return "any value"
	}
	var names []string
	for _, n := range typNames {
		if t&n.t != 0 && (n.t != tNull || t == tNull) {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, " or ")
}

func kindOf(v value.Value) typ { return typ(1) << v.Kind() }

// runtime is t as it is enforced on values: references and texts stand for each
// other there, because the name of an object may come as either.
func (t typ) runtime() typ {
	if t&(tString|tRef) != 0 {
		t |= tString | tRef
	}
	return t
}

// fits reports whether an expression of type t can be of use where want is
// accepted. NULL is always accepted.
func (t typ) fits(want typ) bool {
	rest := t &^ tNull
	return rest == 0 || rest&want != 0
}

var syntaxTypes = map[schema.Syntax]typ{
	schema.Text: tString, schema.Exact: tString, schema.Bool: tBool, schema.Int: tInt,
	schema.Octets: tBytes, schema.Reference: tRef,
	// Entra Connect has no attributes of this kind and reads them as texts.
	schema.Time: tTime | tString,
}

// card says how many values an expression has.
type card uint8

const (
	single card = iota
	maybe       // known only when it is evaluated
	many        // multi-valued
)

// key identifies what is evaluated value by value: an attribute, ImportedValue of
// one, a variable, or (by node) one particular call.
type key struct {
	kind nodeKind
	name string
	node *node
}

// source is a multi-valued expression in a place that takes one value: the
// expression around it is evaluated once per value.
type source struct {
	key  key
	node *node
	card card
}

// info is what the checker finds out about a node.
type info struct {
	typ  typ
	card card
	// needs are sources inside the node that some expression around it has to
	// walk through.
	needs []source
	// region are the sources that this node walks through: it is evaluated once
	// per value of the one that turns out to have several.
	region []source
	// element: where the node stands, it is one value of the source that it is.
	element bool
	// size counts the nodes of the subtree, the cost of evaluating it once.
	size int
	// fn is the function of a call.
	fn *function
}

func (n *node) key() key {
	switch {
	case n.kind == nodeAttribute, n.kind == nodeVariable:
		return key{kind: n.kind, name: n.text}
	case n.kind == nodeCall && n.info.fn != nil && n.info.fn.form == formImported:
		return key{kind: nodeCall, name: n.args[0].text}
	}
	return key{node: n}
}

// addSources merges two sets of sources. The first of a set stays the first.
func addSources(set []source, more ...source) []source {
next:
	for _, s := range more {
		for _, have := range set {
			if have.key == s.key {
				continue next
			}
		}
		set = append(set, s)
	}
	return set
}
