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
