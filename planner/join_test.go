package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// joinTable is a metaverse of persons and a space with one object to join.
type joinTable struct {
	b *build
	s *Space
	o ObjectID
}

func newJoinTable(values map[string][]string) joinTable {
	s := NewSpace("provider.ad.corp", KindAD, schema.AD)
	o := s.Add("user", "11111111-0000-4000-8000-000000000001", "CN=Ada,DC=corp", Live)
	for name, v := range values {
		s.Set(o, name, v...)
	}
	b := &build{spaces: []*Space{s}, mv: newMetaverse(schema.Metaverse, []*Space{s}), valueIndex: map[valueKey]map[string][]ObjectID{}, doubts: map[entraKey][]mvID{}}
	return joinTable{b, s, o}
}

func (j joinTable) person(objectType string, values map[string][]string) {
	m := j.b.mv.project(objectType)
	for name, v := range values {
		c := j.b.mv.column(name)
		c.indexed()
		c.set(m, v)
		c.addKeys(m, v)
	}
}

func match(space, metaverse string) lang.Match { return lang.Match{Space: space, Metaverse: metaverse} }

func group(matches ...lang.Match) lang.JoinGroup { return lang.JoinGroup{Matches: matches} }

// sync-engine §1.5: the first group that finds exactly one object decides.
func TestJoinGroups(t *testing.T) {
	exact := match("employeeID", "employeeID")
	exact.CaseSensitive = true
	mail, id, sid := match("mail", "mail"), match("employeeID", "employeeID"), match("objectSid", "objectSid")
	for _, test := range []struct {
		name      string
		groups    []lang.JoinGroup
		values    map[string][]string
		want      []mvID
		ambiguous int
	}{
		{"exactly one", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"A1"}}, []mvID{0}, 0},
		{"without case", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"a1"}}, []mvID{0}, 0},
		{"with case", []lang.JoinGroup{group(exact)}, map[string][]string{"employeeID": {"a1"}}, nil, 0},
		{"with case, the same", []lang.JoinGroup{group(exact)}, map[string][]string{"employeeID": {"A1"}}, []mvID{0}, 0},
		{"none", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"Z9"}}, nil, 0},
		{"several", []lang.JoinGroup{group(mail)}, map[string][]string{"mail": {"shared@x"}}, nil, 1},
		{"several, then one", []lang.JoinGroup{group(mail), group(id)}, map[string][]string{"mail": {"shared@x"}, "employeeID": {"B2"}}, []mvID{1}, 1},
		{"none, then one", []lang.JoinGroup{group(mail), group(id)}, map[string][]string{"mail": {"nobody@x"}, "employeeID": {"B2"}}, []mvID{1}, 0},
		{"the first that decides", []lang.JoinGroup{group(id), group(mail)}, map[string][]string{"employeeID": {"A1"}, "mail": {"c@x"}}, []mvID{0}, 0},
		{"all matches of a group", []lang.JoinGroup{group(mail, id)}, map[string][]string{"mail": {"shared@x"}, "employeeID": {"B2"}}, []mvID{1}, 0},
		{"matches that contradict", []lang.JoinGroup{group(mail, id)}, map[string][]string{"mail": {"c@x"}, "employeeID": {"B2"}}, nil, 0},
		{"an absent value matches nothing", []lang.JoinGroup{group(id, mail)}, map[string][]string{"employeeID": {"A1"}}, nil, 0},
		{"an absent value skips the group only", []lang.JoinGroup{group(mail), group(id)}, map[string][]string{"employeeID": {"A1"}}, []mvID{0}, 0},
		{"octets, byte by byte", []lang.JoinGroup{group(sid)}, map[string][]string{"objectSid": {"\x01AB"}}, []mvID{2}, 0},
		{"octets in other bytes", []lang.JoinGroup{group(sid)}, map[string][]string{"objectSid": {"\x01ab"}}, nil, 0},
		{"any of several values, once", []lang.JoinGroup{group(match("proxyAddresses", "employeeID"))}, map[string][]string{"proxyAddresses": {"x", "A1", "a1"}}, []mvID{0}, 0},
		{"another type is no candidate", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"G"}}, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := newJoinTable(test.values)
			j.person("person", map[string][]string{"employeeID": {"A1"}, "mail": {"Shared@x"}})
			j.person("person", map[string][]string{"employeeID": {"B2"}, "mail": {"shared@X"}})
			j.person("person", map[string][]string{"mail": {"c@x"}, "objectSid": {"\x01AB"}})
			j.person("group", map[string][]string{"employeeID": {"G"}})
			r := &lang.Rule{Name: "join", MetaverseType: "person", Join: test.groups}
			if got := j.b.candidates(r, 0, j.o); !slices.Equal(got, test.want) || len(j.b.plan.Diagnostics) != test.ambiguous {
				t.Errorf("found %v, %d diagnostics; want %v, %d", got, len(j.b.plan.Diagnostics), test.want, test.ambiguous)
			}
		})
	}
}

func TestJoinsOfAnyType(t *testing.T) {
	j := newJoinTable(map[string][]string{"employeeID": {"G"}})
	j.person("person", nil)
	j.person("group", map[string][]string{"employeeID": {"G"}})
	r := &lang.Rule{MetaverseType: "*", Join: []lang.JoinGroup{group(match("employeeID", "employeeID"))}}
	if got := j.b.candidates(r, 0, j.o); !slices.Equal(got, []mvID{1}) {
		t.Errorf("found %v", got)
	}
}

// A provision rule with join criteria projects nothing that has none of the values.
func TestProjectionNeedsOneJoinValue(t *testing.T) {
	j := newJoinTable(map[string][]string{"employeeID": {"A1"}})
	may := func(groups ...lang.JoinGroup) bool {
		return j.b.mayProject(&inRule{Rule: &lang.Rule{Join: groups}}, j.o)
	}
	mail, id := match("mail", "mail"), match("employeeID", "employeeID")
	if !may() || !may(group(mail), group(id)) || !may(group(mail, id)) {
		t.Error("refused, and there is a value or nothing to join by")
	}
	if may(group(mail)) {
		t.Error("projected without any join value")
	}
}

// The joins of outbound rules look for objects that stand for nobody else.
func TestJoinGroupsOutward(t *testing.T) {
	exact := match("employeeID", "employeeID")
	exact.CaseSensitive = true
	mail, id := match("mail", "mail"), match("employeeID", "employeeID")
	for _, test := range []struct {
		name      string
		groups    []lang.JoinGroup
		values    map[string][]string // of the metaverse object
		want      string
		ambiguous int
	}{
		{"exactly one", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"a1"}}, "CN=A", 0},
		{"with case", []lang.JoinGroup{group(exact)}, map[string][]string{"employeeID": {"a1"}}, "", 0},
		{"with case, the same", []lang.JoinGroup{group(exact)}, map[string][]string{"employeeID": {"A1"}}, "CN=A", 0},
		{"several, then one", []lang.JoinGroup{group(mail), group(id)}, map[string][]string{"mail": {"s@x"}, "employeeID": {"B2"}}, "CN=B", 1},
		{"all matches of a group", []lang.JoinGroup{group(mail, id)}, map[string][]string{"mail": {"s@x"}, "employeeID": {"B2"}}, "CN=B", 0},
		{"an absent value matches nothing", []lang.JoinGroup{group(id, mail)}, map[string][]string{"employeeID": {"A1"}}, "", 0},
		{"a deleted object", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"D4"}}, "", 0},
		{"an object with a mark", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"E5"}}, "", 0},
		{"an object of another type", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"F6"}}, "", 0},
		{"an object that is joined", []lang.JoinGroup{group(id)}, map[string][]string{"employeeID": {"J7"}}, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := NewSpace("provider.ad.corp", KindAD, schema.AD)
			add := func(objectType, name, id, mail string, state State) ObjectID {
				o := s.Add(objectType, name, name, state)
				s.Set(o, "employeeID", id)
				s.Set(o, "mail", mail)
				return o
			}
			add("user", "CN=A", "A1", "S@x", Live)
			add("user", "CN=B", "B2", "s@x", Live)
			add("user", "CN=D", "D4", "d", Deleted)
			s.Set(add("user", "CN=E", "E5", "e", Live), markAttribute, "Group_11111111-0000-4000-8000-000000000001")
			add("contact", "CN=F", "F6", "f", Live)
			taken := add("user", "CN=J", "J7", "j", Live)
			b := &build{spaces: []*Space{s}, mv: newMetaverse(schema.Metaverse, []*Space{s}), valueIndex: map[valueKey]map[string][]ObjectID{}, doubts: map[entraKey][]mvID{}}
			b.mv.link(0, taken, b.mv.project("person"))
			m := b.mv.project("person")
			for name, v := range test.values {
				b.mv.set(m, name, v, nil)
			}
			got := ""
			if found := b.findOut(&lang.Rule{ObjectType: "user", Join: test.groups}, 0, mvRecord{b, m}); len(found) == 1 {
				got = s.Name(found[0])
			}
			if got != test.want || len(b.plan.Diagnostics) != test.ambiguous {
				t.Errorf("found %q, %d diagnostics; want %q, %d", got, len(b.plan.Diagnostics), test.want, test.ambiguous)
			}
		})
	}
}

// sync-engine §1.8: who decides, and how values merge.
func TestDecide(t *testing.T) {
	from := func(values ...string) flowed { return flowed{values: values} }
	ignore, null := flowed{ignore: true}, flowed{null: true}
	for _, test := range []struct {
		name  string
		merge lang.Merge
		says  []flowed
		have  []string
		want  []string
		by    int // the contributor, -1: what the target has stays
		asked int
	}{
		{"the first value", lang.MergeUpdate, []flowed{from("a"), from("b")}, []string{"mine"}, []string{"a"}, 0, 1},
		{"null leaves it to the next", lang.MergeUpdate, []flowed{from(), from("b")}, nil, []string{"b"}, 1, 2},
		{"ignore leaves it to the next", lang.MergeUpdate, []flowed{ignore, from("b")}, nil, []string{"b"}, 1, 2},
		{"ignored by all", lang.MergeUpdate, []flowed{ignore, from()}, []string{"mine"}, nil, -1, 2},
		{"null by all", lang.MergeUpdate, []flowed{from(), from()}, []string{"mine"}, nil, 0, 2},
		{"an authoritative null", lang.MergeUpdate, []flowed{null, from("b")}, []string{"mine"}, nil, 0, 1},
		{"an authoritative null behind null", lang.MergeUpdate, []flowed{from(), null, from("c")}, nil, nil, 1, 2},
		{"an authoritative null behind ignore", lang.MergeUpdate, []flowed{ignore, null, from("c")}, []string{"mine"}, nil, 1, 2},
		{"merge", lang.MergeAll, []flowed{from("a"), from("b", "a")}, nil, []string{"a", "b"}, 0, 2},
		{"merge counts case", lang.MergeAll, []flowed{from("a"), from("A")}, nil, []string{"a", "A"}, 0, 2},
		{"merge without case", lang.MergeCaseInsensitive, []flowed{from("a"), from("A", "b", "B")}, nil, []string{"a", "b"}, 0, 2},
		{"merge with the target's own", lang.MergeAll, []flowed{from("a", "mine"), from()}, []string{"mine"}, []string{"mine", "a"}, 0, 2},
		{"merge of nothing", lang.MergeAll, []flowed{from()}, []string{"mine"}, []string{"mine"}, 0, 1},
		{"an authoritative null ends a merge", lang.MergeAll, []flowed{from("a"), null, from("c")}, []string{"mine"}, []string{"mine", "a"}, 0, 2},
		{"an authoritative null first", lang.MergeAll, []flowed{null, from("c")}, []string{"mine"}, nil, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var contributors []contributor
			for range test.says {
				contributors = append(contributors, contributor{&lang.Rule{}, &lang.Flow{Merge: test.merge}})
			}
			asked := 0
			result, _, err := decide(contributors, test.have, func(contributor) (flowed, error) { asked++; return test.says[asked-1], nil }, nil)
			if err != nil || !slices.Equal(result.values, test.want) || asked != test.asked || result.keep() != (test.by < 0) {
				t.Errorf("got %q (keep %v, asked %d), %v", result.values, result.keep(), asked, err)
			}
			if test.by >= 0 && result.source(contributors) != contributors[test.by] {
				t.Error("it is another contributor's")
			}
		})
	}
}

func TestMergeKeepsWhatItWasGiven(t *testing.T) {
	into := make([]string, 1, 4)
	into[0] = "a"
	mergeValues(into, []string{"b"}, lang.MergeAll)
	if got := into[:2][1]; got != "" {
		t.Errorf("the values of another were overwritten: %q", got)
	}
}

// Errors of a flow name no value of a redacted attribute.
func TestFlowsThatCannotBeConverted(t *testing.T) {
	j := newJoinTable(map[string][]string{"displayName": {"secret"}, "proxyAddresses": {"a", "b"}, "userAccountControl": {"514"}})
	j.b.cfg = &lang.Config{}
	src, number := spaceRecord{j.s, j.o}, schema.Attribute{Name: "number", Syntax: schema.Int}
	direct := func(from string, a schema.Attribute) (flowed, error) {
		return j.b.flow(&lang.Rule{}, &lang.Flow{From: from}, src, a)
	}
	if _, err := direct("displayName", number); err == nil || !strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if got, err := direct("userAccountControl", schema.Attribute{Name: "text"}); err != nil || !slices.Equal(got.values, []string{"514"}) {
		t.Errorf("a number into text: %v, %v", got, err)
	}
	if _, err := direct("proxyAddresses", schema.Attribute{Name: "text"}); err == nil {
		t.Error("two values into one")
	}
	e := &lang.Expr{Uses: []lang.Use{{Name: "displayName"}}, Eval: func(args []value.Value) (value.Value, error) { return args[0], nil }}
	computed := func() (flowed, error) { return j.b.flow(&lang.Rule{}, &lang.Flow{Value: e}, src, number) }
	if _, err := computed(); err == nil || !strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	j.b.cfg.Settings.Redact = []string{"DISPLAYNAME"}
	for _, ask := range []func() (flowed, error){computed, func() (flowed, error) { return direct("displayName", number) }} {
		if _, err := ask(); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "displayName is redacted") {
			t.Errorf("got %v", err)
		}
	}
}

func TestArguments(t *testing.T) {
	j := newJoinTable(map[string][]string{"proxyAddresses": {"a", "b"}})
	uses := []lang.Use{{Name: "proxyAddresses", Kind: lang.UseCount}, {Name: "Domain.FQDN", Kind: lang.UseParam}, {Name: "proxyAddresses", Kind: lang.UseImported}, {Name: "mail"}}
	got := arguments(uses, spaceRecord{j.s, j.o}, map[string]string{"Domain.FQDN": "corp"})
	if got[0].Number() != 2 || got[1].Text() != "corp" || len(got[2].Items()) != 2 || !got[3].IsNull() {
		t.Errorf("got %v", got)
	}
}
