package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

func explanation(t fataler, e *planner.Explanation, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Explanation(&b, e, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func words[V any](m map[string]V) []string {
	var out []string
	for w := range m {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}

// everyWord is an explanation with every code that there are words for.
func everyWord() *planner.Explanation {
	rule := why("In from AAD - Group SOAInAAD", "standard/group_writeback.hcl", 265)
	e := &planner.Explanation{
		Object:    planner.ObjectName{Provider: contoso, Type: "group", Name: "Finance", ID: "1f0c22b7-0000-4000-8000-000000000001", State: "live"},
		Attribute: "description", Number: 1234, MetaverseType: "group",
	}
	count := 4120
	has := planner.NamedValues{Name: "description", Values: planner.Texts("Money")}
	number := planner.NamedValues{Name: "memberCount", Values: planner.Texts("9")}
	none := planner.NamedValues{Name: "mail"}
	for _, role := range words(roleWords) {
		r := planner.ReadObject{Connector: planner.Connector{ObjectName: e.Object, Role: role, By: &rule}, ReadAt: "2026-11-22T16:40:30Z", Value: &has}
		if role == "restorable" {
			r.Provider, r.DN, r.State, r.Unreadable, r.Value = adCorp, "CN=Finance,"+cloudOU, "deleted", []string{"member"}, nil
		}
		if role == "matched" {
			r.By, r.Found, r.Value = nil, &planner.FoundByMatch{By: rule}, &planner.NamedValues{Name: "member", Count: &count}
		}
		e.Read = append(e.Read, r)
	}
	for _, state := range words(ruleStates) {
		r := planner.RuleStory{Reason: rule, Direction: "inbound", Provider: contoso, Object: "Finance", State: state}
		switch state {
		case "failed":
			r.Error = "Invalid operand: it is not a number."
		case "in":
			r.Scope = []planner.ScopeStory{
				{Clauses: []planner.ClauseStory{{Attribute: "mail", Operator: "ISNOTNULL", Has: none}}},
				{Holds: true, When: "source.memberCount >\n 5", Reads: []planner.NamedValues{number}},
			}
		case "out":
			r.Scope = []planner.ScopeStory{{Clauses: []planner.ClauseStory{
				{Attribute: "memberCount", Operator: "LESSTHAN", Value: "10", Has: number, Holds: true}, {Attribute: "description", Operator: "EQUAL", Value: "x", Has: has},
				{Attribute: "member", Operator: "ISNULL", Has: planner.NamedValues{Name: "member", Count: &count}},
			}}}
		}
		e.Rules = append(e.Rules, r)
		r.Direction, r.Provider, r.Object = "outbound", adCorp, "metaverse"
		e.Rules = append(e.Rules, r)
	}
	for _, outcome := range append(words(joinWords), "projected", "not_projected") {
		j := planner.JoinStory{Object: e.Object, By: rule, Join: 2, Outcome: outcome, Matches: []planner.JoinMatch{{Space: has, Metaverse: "cloudAnchor"}}}
		if outcome == "ambiguous" {
			j.Candidates = []planner.Candidate{{Number: 1, Type: "group", Name: "One"}, {Number: 2, Type: "group", Name: "Two"}}
		}
		e.Joins = append(e.Joins, j)
	}
	inbound := planner.AttributeStory{Attribute: "description", Values: planner.Texts("Money"), By: &rule, Result: "value"}
	for _, outcome := range words(outcomeWords) {
		c := planner.ContributorStory{Reason: rule, From: "description", Merge: "update", Reads: []planner.NamedValues{has}, Values: planner.Texts("Money"), Outcome: outcome}
		if outcome == "failed" {
			c.From, c.Expression, c.Merge, c.Once, c.Error = "", "Left([description],\n1)", "merge", true, "Something is wrong."
		}
		inbound.Contributors = append(inbound.Contributors, c)
	}
	e.Inbound = append(e.Inbound, inbound)
	for _, result := range words(resultWords) {
		s := planner.AttributeStory{Provider: adCorp, Attribute: "description", Values: planner.Texts("a", "b"), By: &rule, Has: planner.Texts("old"), Result: result}
		if result == "references" {
			s.References = &planner.ReferencesStory{Object: e.Object, Attribute: "owners"}
		}
		e.Outbound = append(e.Outbound, s)
		s.Provider = ""
		e.Inbound = append(e.Inbound, s)
	}
	for i, verdict := range words(verdictWords) {
		w := planner.WritebackStory{Reason: why("writeback.cloud", "main.hcl", 40), Provider: adCorp, Verdict: verdict, Code: "when", RecycleBin: []string{"readable", "disabled", "unknown"}[i%3]}
		if verdict == "write" {
			w.Code, w.Scope, w.When, w.Holds = "", true, "source.mail !=\n null", true
			w.State = planner.StateStory{IsEnabled: "TRUE", GroupType: "universalSecurityGroup"}
			w.Object = &planner.Connector{ObjectName: planner.ObjectName{DN: "CN=Finance," + cloudOU}}
			w.Naming = &planner.NameStory{CN: "source.displayName", Mapping: why("ou_mapping.cloud", "main.hcl", 20), Desired: "CN=Finance,OU=New," + cloudOU, After: "CN=Finance," + cloudOU, SAM: "finance",
				Rules: []planner.NameRule{{Name: "finance", When: "startswith(source.displayName, \"FIN\")", OU: "\"OU=New\"", Holds: true, Line: 21}, {OU: "\"\"", Holds: true, Line: 25}}}
			w.Notes = []string{"SID LOST: the Recycle Bin is off."}
			w.Blocked = &planner.Blocked{Code: "collision", By: "writeback.cloud", Detail: "The name is taken.", File: "main.hcl", Line: 40}
			w.Failed = &planner.ErrorStory{Rule: "writeback.cloud", File: "main.hcl", Line: 41, Text: "cn is empty"}
		}
		if verdict == "gone" {
			w.State.Declared = "security"
		}
		if verdict == "leave" {
			w.State, w.Naming = planner.StateStory{IsEnabled: "FALSE"}, &planner.NameStory{Flowed: true, Error: &planner.ErrorStory{Rule: "x", Text: "dn is empty"}}
		}
		e.Writebacks = append(e.Writebacks, w)
	}
	e.Members = []planner.MembersStory{{
		Provider: adCorp, By: rule, From: planner.ReferencesStory{Object: e.Object, Attribute: "member", Count: &count}, Before: 3, Kept: 2, After: 3,
		Add: added("Ada"), Remove: removed("Bruno"), Skipped: []planner.SkippedMember{{ID: "1", Name: "Nora", Reason: "cloud_only"}, {ID: "2", Reason: "guest"}},
	}}
	e.Plan = planner.PlanStory{
		Changes: []planner.Change{moved(), secret()}, Frozen: []planner.Frozen{{DN: "CN=Finance," + cloudOU, Reason: "orphan"}},
		NotWritten: []planner.NotWritten{{Name: "Finance", Provider: adCorp, Reason: "unset"}}, Errors: []planner.ErrorStory{{Rule: "x", File: "a.hcl", Line: 1, Text: "It fails."}},
	}
	for _, change := range words(membershipWords) {
		e.Plan.MemberOf = append(e.Plan.MemberOf, planner.MembershipStory{Group: "All", Change: change, Code: "in_cloud"})
	}
	return e
}

func TestExplanationGolden(t *testing.T) {
	golden(t, "explain-words.txt", explanation(t, everyWord(), TextOptions{}))
	whole := everyWord()
	whole.Attribute = ""
	golden(t, "explain-whole.txt", explanation(t, whole, TextOptions{}))
	golden(t, "explain-nothing.txt", explanation(t, &planner.Explanation{Object: planner.ObjectName{Provider: adCorp, Type: "user", Name: "Ada"}}, TextOptions{}))
}

// anyOf fills a value of any type with texts and with codes that have words.
func anyOf(t *rapid.T, v reflect.Value, texts *rapid.Generator[string], codes []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			anyOf(t, v.Elem(), texts, codes)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			anyOf(t, v.Field(i), texts, codes)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 2).Draw(t, "length"), 2))
		for i := range v.Len() {
			anyOf(t, v.Index(i), texts, codes)
		}
	case reflect.String:
		if rapid.IntRange(0, 2).Draw(t, "code") == 0 {
			v.SetString(rapid.SampledFrom(codes).Draw(t, "word"))
		} else {
			v.SetString(texts.Draw(t, "text"))
		}
	case reflect.Int:
		v.SetInt(int64(rapid.IntRange(-1, 5000).Draw(t, "number")))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	default:
		panic(fmt.Sprint("no generator of ", v.Type()))
	}
}

func codesOfExplanations() []string {
	return slices.Concat(words(roleWords), words(ruleStates), words(joinWords), words(outcomeWords), words(resultWords), words(verdictWords), words(membershipWords), words(reasonWords),
		[]string{"inbound", "outbound", "base64", "projected", "not_projected", "update", "live", "placeholder", "deleted", adCorp, contoso, "", "TRUE", "FALSE"})
}

func TestExplanationsAreSafe(t *testing.T) {
	codes := codesOfExplanations()
	rapid.Check(t, func(t *rapid.T) {
		var e planner.Explanation
		anyOf(t, reflect.ValueOf(&e).Elem(), anyText(), codes)
		o := anyOptions(false).Draw(t, "options")
		safely(t, explanation(t, &e, o), o)
		var m planner.MetaverseObject
		anyOf(t, reflect.ValueOf(&m).Elem(), anyText(), codes)
		var b strings.Builder
		if err := MetaverseObjects(&b, []planner.MetaverseObject{m, m}, 1, "-limit 0", o); err != nil {
			t.Fatal(err)
		}
		safely(t, b.String(), o)
	})
}

func safely(t *rapid.T, text string, o TextOptions) {
	t.Helper()
	for l := range strings.SplitSeq(text, "\n") {
		for _, r := range l {
			if !unicode.IsPrint(r) || o.ASCII && r > unicode.MaxASCII {
				t.Fatalf("%U in %q", r, l)
			}
		}
	}
}

func TestExplanationsHoldOnlyFacts(t *testing.T) {
	codes := codesOfExplanations()
	rapid.Check(t, func(t *rapid.T) {
		var e planner.Explanation
		anyOf(t, reflect.ValueOf(&e).Elem(), token(), codes)
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range tokens.FindAllString(explanation(t, &e, anyOptions(true).Draw(t, "options")), -1) {
			if !strings.Contains(string(data), fact) {
				t.Fatalf("%s is not in the explanation", fact)
			}
		}
	})
}

func TestMetaverseGolden(t *testing.T) {
	by := why("In from AD - User Join", "standard/group_writeback.hcl", 13)
	ada := planner.MetaverseObject{
		Number: 1, Type: "person", Name: "Ada", Error: "rule \"x\": it fails",
		Attributes: []planner.MetaverseAttribute{
			{Attribute: "displayName", Values: planner.Texts("Ada"), By: by}, {Attribute: "memberCount", Values: planner.Texts("9")},
			{Attribute: "objectSid", Encoding: "base64", Values: planner.Texts("AQUAAAAAAAUVAAAA"), By: by},
			{Attribute: "extensionAttribute9", Values: []planner.Datum{{Hash: "hmac:x", Length: 4}}, By: by},
		},
		References: []planner.MetaverseReferences{
			{Attribute: "member", By: by, Read: true, Objects: []planner.MetaverseReference{
				{Number: 2, Object: planner.ObjectName{Type: "user", Name: "Bruno", ID: "b"}}, {Object: planner.ObjectName{Type: "device", Name: "PC", ID: "c"}},
			}},
			{Attribute: "owners", By: by},
		},
		Connectors: []planner.Connector{
			{ObjectName: planner.ObjectName{Provider: adCorp, Type: "user", Name: "Ada", ID: "a", DN: "CN=Ada", State: "live"}, Role: "projected", By: &by},
			{ObjectName: planner.ObjectName{Provider: contoso, Type: "user", Name: "Ada", ID: "a", State: "deleted"}, Role: "joined", By: &by},
		},
	}
	var b strings.Builder
	if err := MetaverseObjects(&b, []planner.MetaverseObject{ada, {Number: 2, Type: "group", Name: "Empty"}}, 3, "-limit 0 shows all", TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := MetaverseObjects(&b, nil, 0, "", TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "metaverse.txt", b.String())
}
