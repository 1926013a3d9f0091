package adsync

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// parseJSON reads a JSON document with the places of its values.
func parseJSON(file, text string) (*tree, hcl.Range, error) {
	p := &jsonParser{file: file, lines: newLineOffsets(text), decoder: json.NewDecoder(strings.NewReader(text))}
	p.decoder.UseNumber()
	t, err := p.value(0)
	if err == nil {
		if _, more := p.decoder.Token(); more != io.EOF {
			err = errors.New("something stands after the end of the document")
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("it ends in the middle")
	}
	return t, p.at(), err
}

type jsonParser struct {
	file    string
	decoder *json.Decoder
	lines   lineOffsets
}

// at is the place behind the last token.
func (p *jsonParser) at() hcl.Range {
	pos := p.lines.pos(int(p.decoder.InputOffset()))
	return hcl.Range{Filename: p.file, Start: pos, End: pos}
}

func (p *jsonParser) value(depth int) (*tree, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("values are nested more than %d deep", maxDepth)
	}
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	t := &tree{at: p.at()}
	switch v := token.(type) {
	case string:
		t.kind, t.text = treeText, withoutReferences(v)
	case json.Number:
		t.kind, t.text = treeNumber, v.String()
	case bool:
		t.kind, t.text = treeBool, fmt.Sprint(v)
	case json.Delim:
		if v == '[' {
			t.kind = treeList
			for p.decoder.More() {
				item, err := p.value(depth + 1)
				if err != nil {
					return nil, err
				}
				t.items = append(t.items, item)
			}
		} else {
			t.kind = treeMap
			for p.decoder.More() {
				key, err := p.decoder.Token()
				if err != nil {
					return nil, err
				}
				value, err := p.value(depth + 1)
				if err != nil {
					return nil, err
				}
				t.keys, t.values = append(t.keys, fmt.Sprint(key)), append(t.values, value)
			}
		}
		if _, err := p.decoder.Token(); err != nil {
			return nil, err
		}
	}
	return t, nil
}
