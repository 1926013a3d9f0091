package planner

import "encoding/json"

// Datum is one attribute value in a plan: text in LDAP's spelling, or, when the
// attribute is redacted, a keyed hash and the length of the value.
type Datum struct {
	Text   string
	Hash   string // not empty: redacted
	Length int    // of the redacted value, in UTF-16 units
}

// Texts makes data of plain values.
func Texts(values ...string) []Datum {
	out := make([]Datum, len(values))
	for i, v := range values {
		out[i] = Datum{Text: v}
	}
	return out
}

type redactedDatum struct {
	Hash   string `json:"hash"`
	Length int    `json:"length"`
}

// MarshalJSON writes a string, or {"hash", "length"}.
func (d Datum) MarshalJSON() ([]byte, error) {
	if d.Hash != "" {
		return json.Marshal(redactedDatum{d.Hash, d.Length})
	}
	return json.Marshal(d.Text)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Datum) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var r redactedDatum
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
		*d = Datum{Hash: r.Hash, Length: r.Length}
		return nil
	}
	*d = Datum{}
	return json.Unmarshal(data, &d.Text)
}

// HasRedacted reports whether a plan that was read from a file hides values.
func (p *Plan) HasRedacted() bool {
	for _, c := range p.Changes {
		for _, e := range c.Edits {
			for _, d := range append(e.Before[:len(e.Before):len(e.Before)], e.After...) {
				if d.Hidden() {
					return true
				}
			}
		}
	}
	return false
}

// Hidden reports whether the text of a redacted value is not known here.
func (d Datum) Hidden() bool { return d.Hash != "" && d.Text == "" && d.Length > 0 }

// Reveal fills in the texts that p hides from a plan that was made just now:
// where change, attribute and hash are the same, the value is.
func (p *Plan) Reveal(fresh *Plan) {
	type key struct{ address, provider, attribute, hash string }
	known := map[key]string{}
	each := func(q *Plan, f func(key, *Datum)) {
		for _, c := range q.Changes {
			for _, e := range c.Edits {
				for _, list := range [][]Datum{e.Before, e.After} {
					for i := range list {
						f(key{c.Address, c.Provider, e.Attribute, list[i].Hash}, &list[i])
					}
				}
			}
		}
	}
	each(fresh, func(k key, d *Datum) { known[k] = d.Text })
	each(p, func(k key, d *Datum) {
		if d.Hidden() {
			d.Text = known[k]
		}
	})
}
