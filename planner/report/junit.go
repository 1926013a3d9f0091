package report

import (
	"cmp"
	"encoding/xml"
	"io"

	"github.com/landfall-directory/landfall/planner"
)

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the plan as test results: a case for every directory that was
// read, for every limit, for every blocked change and for every diagnostic.
// Warnings are skipped cases, which readers show without failing.
func JUnit(w io.Writer, p *planner.Plan, s Source) error {
	r := newPage(p)
	var read, limits, found []junitCase
	for _, d := range p.Providers {
		c := junitCase{Class: "landfall.read", Name: r.show(d.Address), Out: string(r.text("%s read %s", count(d.Objects, "object", "objects"), r.clock(d.ReadAt)))}
		if d.Objects == 0 {
			c.Failure = &junitMessage{Message: "0 objects were read: what the plan says of this directory may be wrong", Type: "read"}
		}
		read = append(read, c)
	}
	for _, u := range p.Guards {
		c := junitCase{Class: "landfall.limits", Name: string(r.text("%s in %s", u.Guard, u.In)), File: s.path(u.File), Line: u.Line, Out: string(r.guardText(u) + ": " + verdict(u))}
		if u.Exceeded {
			c.Failure = &junitMessage{Message: string(r.guardText(u)), Type: "guard"}
		}
		limits = append(limits, c)
	}
	for _, f := range r.allFindings(false) {
		m := &junitMessage{Message: cmp.Or(f.summary, f.code), Type: f.code, Text: f.detail}
		c := junitCase{Class: "landfall.findings", Name: cmp.Or(f.summary, f.code), File: s.path(f.file), Line: f.line}
		if f.level == "error" {
			c.Failure = m
		} else {
			c.Skipped = m
		}
		found = append(found, c)
	}
	all := junitSuites{Name: "landfall plan"}
	for _, suite := range []junitSuite{{Name: "read", Cases: read}, {Name: "limits", Cases: limits}, {Name: "findings", Cases: found}} {
		for _, c := range suite.Cases {
			suite.Tests++
			if c.Failure != nil {
				suite.Failures++
			}
			if c.Skipped != nil {
				suite.Skipped++
			}
		}
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	out, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(out)+"\n")
	return err
}
