package adsync

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// element is one element of an XML document with its place. Namespaces are left
// out: exports use prefixes as they like.
type element struct {
	name     string
	attrs    []xml.Attr
	children []*element
	text     string // what stands directly in it
	at       hcl.Range
}

// parseXML reads a document. An error is an *xmlError.
func parseXML(file, text string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil } // decoded already
	here := func() hcl.Range {
		line, column := d.InputPos()
		pos := hcl.Pos{Line: line, Column: column, Byte: int(d.InputOffset())}
		return hcl.Range{Filename: file, Start: pos, End: pos}
	}
	var open []*element // from the root to the current one
	var texts []*strings.Builder
	var root *element
	for {
		at := here()
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, &xmlError{here(), syntaxText(err)}
		}
		switch t := token.(type) {
		case xml.StartElement:
			at.End = here().Start
			e := &element{name: t.Name.Local, attrs: t.Copy().Attr, at: at}
			switch {
			case len(open) >= maxDepth:
				return nil, &xmlError{at, fmt.Sprintf("elements are nested more than %d deep", maxDepth)}
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			case root != nil:
				return nil, &xmlError{at, "there is a second element after the first one"}
			default:
				root = e
			}
			open, texts = append(open, e), append(texts, &strings.Builder{})
		case xml.EndElement:
			last := len(open) - 1
			open[last].text = withoutReferences(texts[last].String())
			open, texts = open[:last], texts[:last]
		case xml.CharData:
			if len(texts) > 0 {
				texts[len(texts)-1].Write(t)
			}
		}
	}
	if root == nil {
		return nil, &xmlError{here(), "the file has no element"}
	}
	return root, nil
}

// xmlError is a mistake in a document.
type xmlError struct {
	at   hcl.Range
	text string
}

func (e *xmlError) Error() string { return e.text }

func syntaxText(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return err.Error()
}

// document reads and parses one XML file; nil when something is wrong, which is
// reported.
func (r *reader) document(name string) *element {
	text, ok := r.read(name)
	if !ok {
		return nil
	}
	root, err := parseXML(name, text)
	var mistake *xmlError
	if errors.As(err, &mistake) {
		r.problem(mistake.at, "Malformed XML", "The file is not well-formed XML: %s. Export it again; such files are not meant to be edited.", mistake.text)
		return nil
	}
	return root
}

// child is the first child of a name; nil when there is none. A nil element has
// no children.
func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all are the children at the end of a path of names.
func (e *element) all(names ...string) []*element {
	found := []*element{e}
	for _, name := range names {
		var next []*element
		for _, f := range found {
			if f == nil {
				continue
			}
			for _, c := range f.children {
				if c.name == name {
					next = append(next, c)
				}
			}
		}
		found = next
	}
	return found
}

// value is the text of a child without the white space around it.
func (e *element) value(name string) string {
	if c := e.child(name); c != nil {
		return strings.TrimSpace(c.text)
	}
	return ""
}

// attr is the value of an attribute; "" when there is none.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return withoutReferences(a.Value)
		}
	}
	return ""
}

// guid takes the braces off a GUID.
func guid(text string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(text), "{}"))
}
