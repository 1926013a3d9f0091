package adsync

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"go.yaml.in/yaml/v3"
)

// parseYAML reads a YAML document, or several as a list.
func parseYAML(file, text string) (*tree, hcl.Range, error) {
	start := hcl.Range{Filename: file, Start: hcl.InitialPos, End: hcl.InitialPos}
	root := &tree{kind: treeList, at: start}
	lines := newLineOffsets(text)
	d := yaml.NewDecoder(strings.NewReader(text))
	for {
		var n yaml.Node
		err := d.Decode(&n)
		if errors.Is(err, io.EOF) {
			return root, start, nil
		}
		if err != nil {
			return root, yamlPlace(start, lines, err), errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
		}
		t, err := yamlTree(file, lines, &n, 0)
		if err != nil {
			return root, start, err
		}
		root.items = append(root.items, t)
	}
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

// yamlPlace is the line that an error of the YAML parser names.
func yamlPlace(at hcl.Range, lines lineOffsets, err error) hcl.Range {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			at.Start.Line, at.Start.Byte = line, lines.offset(line)
			at.End = at.Start
		}
	}
	return at
}

func yamlTree(file string, lines lineOffsets, n *yaml.Node, depth int) (*tree, error) {
	pos := hcl.Pos{Line: n.Line, Column: n.Column, Byte: lines.offset(n.Line)}
	t := &tree{at: hcl.Range{Filename: file, Start: pos, End: pos}}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: values are nested more than %d deep", n.Line, maxDepth)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return t, nil
		}
		return yamlTree(file, lines, n.Content[0], depth)
	case yaml.AliasNode:
		return nil, fmt.Errorf("line %d: anchors and aliases are not supported; write the value out", n.Line)
	case yaml.ScalarNode:
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 { // the text begins on the next line
			t.at.Start = hcl.Pos{Line: n.Line + 1, Column: 1, Byte: lines.offset(n.Line + 1)}
			t.at.End = t.at.Start
		}
		t.text, t.kind = withoutReferences(n.Value), treeText
		switch n.Tag {
		case "!!null":
			t.kind = treeNull
		case "!!bool":
			t.kind = treeBool
		case "!!int", "!!float":
			t.kind = treeNumber
		}
	case yaml.SequenceNode:
		t.kind = treeList
		for _, c := range n.Content {
			item, err := yamlTree(file, lines, c, depth+1)
			if err != nil {
				return nil, err
			}
			t.items = append(t.items, item)
		}
	case yaml.MappingNode:
		t.kind = treeMap
		for i := 0; i+1 < len(n.Content); i += 2 {
			value, err := yamlTree(file, lines, n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			t.keys, t.values = append(t.keys, n.Content[i].Value), append(t.values, value)
		}
	}
	return t, nil
}
