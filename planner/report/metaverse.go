package report

import (
	"io"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/planner"
)

// MetaverseObjects writes objects of the metaverse: what stands for each of them,
// and every attribute with its value and the rule that gave it. more objects were
// found and are not among them; next says how to see them.
func MetaverseObjects(w io.Writer, objects []planner.MetaverseObject, more int, next string, o TextOptions) error {
	if o.View == "" {
		o.View = ViewDefault
	}
	s := &story{page: &page{printer: newPrinter(w, o), plan: &planner.Plan{}, view: o.View, tally: newTally(&planner.Plan{}), hint: "-view full"}, e: &planner.Explanation{}}
	for i, m := range objects {
		if i > 0 {
			s.blank()
		}
		s.metaverseObject(m)
	}
	if len(objects) > 0 {
		s.blank()
	}
	s.linef(0, "%s found.", count(len(objects)+more, "object", "objects"))
	if more > 0 {
		s.linef(0, "%s not shown: %s", count(more, "more object is", "more objects are"), next)
	}
	return s.out.Flush()
}

func (s *story) metaverseObject(m planner.MetaverseObject) {
	s.line(0, bold, s.text("%s %s, metaverse object %s", m.Type, name(m.Name), m.Number))
	for _, c := range m.Connectors {
		t := s.text("%s: %s %s, id %s", c.Provider, objectType(c.Type), name(c.Name), c.ID)
		if c.State != "live" {
			t += s.text(", %s", stateText(c.State))
		}
		s.line(2, plain, t)
		if c.DN != "" {
			s.linef(6, "at  %s", c.DN)
		}
		how := roleWords[c.Role]
		if c.By != nil {
			how += ": " + s.by(*c.By)
		}
		s.line(6, plain, how)
	}
	if m.Error != "" {
		s.prose(2, redder, "FAILED: ", m.Error)
	}
	width := 0
	for _, a := range m.Attributes {
		width = max(width, utf8.RuneCountInString(string(s.text("%s", a.Attribute))))
	}
	for _, a := range m.Attributes {
		s.line(2, plain, pad(s.text("%s", a.Attribute), min(width, 40)+2)+"= "+s.values(a.Values, a.Attribute, a.Encoding, "")+s.given(a.By))
	}
	for _, r := range m.References {
		if !r.Read {
			s.line(2, plain, s.text("%s: not read, because no plan needs it", r.Attribute)+s.given(r.By))
			continue
		}
		s.line(2, plain, s.text("%s: %s", r.Attribute, count(len(r.Objects), "object", "objects"))+s.given(r.By))
		shown := s.atMost(len(r.Objects))
		for _, to := range r.Objects[:shown] {
			t := s.text("%s %s, id %s", objectType(to.Object.Type), name(to.Object.Name), to.Object.ID)
			if to.Number > 0 {
				t += s.text(", metaverse object %s", to.Number)
			} else {
				t += ", not in the metaverse"
			}
			s.line(6, plain, t)
		}
		if rest := len(r.Objects) - shown; rest > 0 {
			s.linef(6, "%s more: %s", rest, s.hint)
		}
	}
}

// given is the rule that gave a value, where one did.
func (s *story) given(by planner.Reason) safe {
	if by.Rule == "" {
		return ""
	}
	return "  by " + s.by(by)
}
