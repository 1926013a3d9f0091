package entra

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// change is an edit of one attribute; "" is absent, "a|b" are two values.
func change(attr, before, after string) planner.Edit {
	side := func(s string) []planner.Datum {
		if s == "" {
			return nil
		}
		return planner.Texts(strings.Split(s, "|")...)
	}
	return planner.Edit{Attribute: attr, Before: side(before), After: side(after)}
}

func TestWrite(t *testing.T) {
	writable := func() data {
		return data{"groups": {
			group(1, "Old", map[string]any{"description": "text", "writebackConfiguration": map[string]any{"isEnabled": false, "onPremisesGroupType": nil}}),
			group(2, "Synced", map[string]any{"onPremisesSyncEnabled": true}),
			group(3, "M365", map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false, "classification": "low",
				"writebackConfiguration": map[string]any{"isEnabled": true, "onPremisesGroupType": "universalSecurityGroup"}}),
		}}
	}
	tests := []struct {
		name   string
		id     string
		edits  []planner.Edit
		o      tenant.Options
		status planner.Status
		err    string
		want   string // of the group afterwards
	}{
		{"a text", guid('a', 1), []planner.Edit{change("displayName", "Old", "New \x1b[2J \"x\"")}, tenant.Options{},
			planner.StatusDone, "", "displayName=New \x1b[2J \"x\" description=text " + attrEnabled + "=FALSE"},
		{"two properties", guid('a', 1), []planner.Edit{change("displayName", "Old", "New"), change("description", "text", "other")}, tenant.Options{},
			planner.StatusDone, "", "displayName=New description=other " + attrEnabled + "=FALSE"},
		{"clearing", guid('a', 1), []planner.Edit{change("description", "text", "")}, tenant.Options{},
			planner.StatusDone, "", "displayName=Old " + attrEnabled + "=FALSE"},
		{"writeback on", guid('a', 1), []planner.Edit{change(attrEnabled, "FALSE", "TRUE"), change(attrGroupType, "", "universalSecurityGroup")}, tenant.Options{},
			planner.StatusDone, "", "displayName=Old description=text " + attrEnabled + "=TRUE " + attrGroupType + "=universalSecurityGroup"},
		{"one of two keeps the other", guid('a', 3), []planner.Edit{change(attrEnabled, "TRUE", "FALSE")}, tenant.Options{},
			planner.StatusDone, "", "displayName=M365 classification=low " + attrEnabled + "=FALSE " + attrGroupType + "=universalSecurityGroup"},
		{"clearing the writeback state", guid('a', 3), []planner.Edit{change(attrEnabled, "TRUE", ""), change(attrGroupType, "universalSecurityGroup", "")}, tenant.Options{},
			planner.StatusDone, "", "displayName=M365 classification=low"},
		{"both versions of Graph in one", guid('a', 3), []planner.Edit{change("classification", "low", "high"), change(attrEnabled, "TRUE", "FALSE")}, tenant.Options{},
			planner.StatusDone, "", "displayName=M365 classification=high " + attrEnabled + "=FALSE " + attrGroupType + "=universalSecurityGroup"},
		{"somebody was faster", guid('a', 1), []planner.Edit{change("displayName", "Older", "New"), change("description", "text", "other")}, tenant.Options{},
			planner.StatusStale, `displayName should be "Older" and is "Old"`, "displayName=Old description=text " + attrEnabled + "=FALSE"},
		{"unset is not off", guid('a', 1), []planner.Edit{change(attrEnabled, "", "TRUE")}, tenant.Options{},
			planner.StatusStale, "should be absent", "displayName=Old description=text " + attrEnabled + "=FALSE"},
		{"a case differs", guid('a', 1), []planner.Edit{change("displayName", "OLD", "New")}, tenant.Options{},
			planner.StatusStale, "displayName", "displayName=Old description=text " + attrEnabled + "=FALSE"},
		{"the group is gone", guid('a', 8), []planner.Edit{change("displayName", "Old", "New")}, tenant.Options{},
			planner.StatusStale, "does not exist any more", ""},
		{"mastered on-premises", guid('a', 2), []planner.Edit{change("displayName", "Synced", "New")}, tenant.Options{},
			planner.StatusFailed, "synchronised from Active Directory", "displayName=Synced"},
		{"throttled", guid('a', 1), []planner.Edit{change("displayName", "Old", "New")}, tenant.Options{Faults: []tenant.Fault{{Method: "PATCH", Status: 429, RetryAfter: "0.01", Times: 2}}},
			planner.StatusDone, "", "displayName=New description=text " + attrEnabled + "=FALSE"},
		{"cut before it was done", guid('a', 1), []planner.Edit{change("displayName", "Old", "New")}, tenant.Options{Faults: []tenant.Fault{{Method: "PATCH", CutAfter: -1, Times: 1}}},
			planner.StatusDone, "", "displayName=New description=text " + attrEnabled + "=FALSE"},
		{"cut every time", guid('a', 1), []planner.Edit{change("displayName", "Old", "New")}, tenant.Options{Faults: []tenant.Fault{{Method: "PATCH", CutAfter: -1}}},
			planner.StatusUnknown, "unknown whether", "displayName=Old description=text " + attrEnabled + "=FALSE"},
		{"a bad gateway every time", guid('a', 1), []planner.Edit{change("displayName", "Old", "New")}, tenant.Options{Faults: []tenant.Fault{{Method: "PATCH", Status: 502}}},
			planner.StatusUnknown, "502", "displayName=Old description=text " + attrEnabled + "=FALSE"},
		{"no permission", guid('a', 1), []planner.Edit{change("displayName", "Old", "New")}, tenant.Options{Roles: []string{"Group.Read.All"}},
			planner.StatusFailed, "Group.ReadWrite.All", "displayName=Old description=text " + attrEnabled + "=FALSE"},
		{"a value that Graph refuses", guid('a', 1), []planner.Edit{change("displayName", "Old", strings.Repeat("x", 300))}, tenant.Options{},
			planner.StatusFailed, "Request_BadRequest", "displayName=Old description=text " + attrEnabled + "=FALSE"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := connect(t, serve(t, writable(), test.o), nil)
			result := dir.Write(t.Context(), planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: test.id, Edits: test.edits})
			if result.Status != test.status || (result.Err == nil) != (test.err == "") || (result.Err != nil && !strings.Contains(result.Err.Error(), test.err)) {
				t.Errorf("got %s: %v; want %s with %q", result.Status, result.Err, test.status, test.err)
			}
			if result.Status == planner.StatusDone && (result.RequestID == "" || result.Code != 204) {
				t.Errorf("done with the request-id %q and the code %d", result.RequestID, result.Code)
			}
			if result.Err != nil && !strings.HasPrefix(result.Err.Error(), "provider.entra.contoso: group "+test.id+": ") {
				t.Errorf("the error does not name the group: %v", result.Err)
			}
			if test.want == "" {
				return
			}
			s := newSpace()
			if err := dir.Find(t.Context(), everything("classification"), "id", []string{test.id}, s); err != nil {
				t.Fatal(err)
			}
			got := dump(s, "displayName", "description", "classification", attrEnabled, attrGroupType)
			if diff := cmp.Diff([]string{test.id + " group 1 " + test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	dir := connect(t, serve(t, data{"groups": {group(1, "Old", nil)}}, tenant.Options{Faults: []tenant.Fault{{Status: 500}}}), nil)
	good := planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: guid('a', 1), Edits: []planner.Edit{change("displayName", "Old", "New")}}
	tests := []struct {
		name string
		spin func(*planner.Operation)
		want string
	}{
		{"a user", func(op *planner.Operation) { op.ObjectType = "user" }, "cannot write a user"},
		{"create", func(op *planner.Operation) { op.Verb = planner.VerbCreate }, "cannot create"},
		{"delete", func(op *planner.Operation) { op.Verb = planner.VerbDelete }, "cannot delete"},
		{"members", func(op *planner.Operation) { op.Verb = planner.VerbMembers }, "cannot members"},
		{"no id", func(op *planner.Operation) { op.Anchor = "../users" }, "not the id"},
		{"no edits", func(op *planner.Operation) { op.Edits = nil }, "consists of edits"},
		{"members beside edits", func(op *planner.Operation) { op.Add = []planner.MemberChange{{ID: "x"}} }, "consists of edits"},
		{"a property that is read-only", func(op *planner.Operation) { op.Edits[0].Attribute = "mail" }, "mail of a group cannot be written"},
		{"a derived attribute", func(op *planner.Operation) { op.Edits[0].Attribute = "targetWritebackType" }, "cannot be written"},
		{"an unknown attribute", func(op *planner.Operation) { op.Edits[0].Attribute = "nonsense" }, "cannot be written"},
		{"an attribute of Exchange", func(op *planner.Operation) { op.Edits[0].Attribute = "extensionAttribute1" }, "cannot be written"},
		{"a user's attribute", func(op *planner.Operation) { op.Edits[0].Attribute = "department" }, "cannot be written"},
		{"two values", func(op *planner.Operation) { op.Edits = []planner.Edit{change("displayName", "Old", "a|b")} }, "one value at most"},
		{"a boolean that is none", func(op *planner.Operation) { op.Edits = []planner.Edit{change("securityEnabled", "TRUE", "yes")} }, "not a value"},
		{"a redacted value", func(op *planner.Operation) {
			op.Edits = []planner.Edit{{Attribute: "description", After: []planner.Datum{{Hash: "h", Length: 3}}}}
		}, "hash"},
		{"octets", func(op *planner.Operation) {
			op.Edits = []planner.Edit{{Attribute: "description", Encoding: "base64", After: planner.Texts("AA==")}}
		}, "base64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			op := good
			op.Edits = append([]planner.Edit(nil), good.Edits...)
			test.spin(&op)
			result := dir.Write(t.Context(), op)
			if result.Status != planner.StatusFailed || result.Err == nil || !strings.Contains(result.Err.Error(), test.want) || result.Code != 0 {
				t.Errorf("got %s: %v, want %q", result.Status, result.Err, test.want)
			}
		})
	}
}

// The writeback state goes over the wire whole, and null is written out.
func TestPatchBody(t *testing.T) {
	dir := connect(t, serve(t, data{}, tenant.Options{}), nil)
	now := object{"writebackConfiguration": map[string]any{"isEnabled": true, "onPremisesGroupType": "universalSecurityGroup"}}
	tests := []struct {
		edits []planner.Edit
		now   object
		want  string
	}{
		{[]planner.Edit{change(attrEnabled, "TRUE", "FALSE")}, now, `{"writebackConfiguration":{"isEnabled":false,"onPremisesGroupType":"universalSecurityGroup"}}`},
		{[]planner.Edit{change(attrGroupType, "universalSecurityGroup", "")}, now, `{"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":null}}`},
		{[]planner.Edit{change(attrEnabled, "", "TRUE")}, object{}, `{"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":null}}`},
		{[]planner.Edit{change("description", "x", ""), change("securityEnabled", "TRUE", "FALSE")}, now, `{"description":null,"securityEnabled":false}`},
	}
	for _, test := range tests {
		u, err := dir.newUpdate(planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: guid('a', 1), Edits: test.edits})
		if err != nil {
			t.Fatal(err)
		}
		body, err := u.body(test.now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(body)); diff != "" {
			t.Error(diff)
		}
	}
}

// An operation that was tried before is looked up first: what has happened is
// done, and nothing is sent.
func TestWriteAgain(t *testing.T) {
	var patches atomic.Int64
	served := serve(t, data{"groups": {group(1, "New", nil), group(2, "Old", nil), group(3, "Third", nil)}}, tenant.Options{OnChange: func() { patches.Add(1) }})
	dir := connect(t, served, nil)
	for i, test := range []struct {
		want    planner.Status
		patches int64
	}{{planner.StatusDone, 0}, {planner.StatusDone, 1}, {planner.StatusStale, 1}} {
		r := dir.Write(t.Context(), planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: guid('a', i+1), Again: true,
			Edits: []planner.Edit{change("displayName", "Old", "New")}})
		if r.Status != test.want || patches.Load() != test.patches {
			t.Errorf("group %d: %s %v after %d writes", i+1, r.Status, r.Err, patches.Load())
		}
	}
}

// Several writes at once wait together when Graph throttles, and all are done.
func TestWritesSideBySide(t *testing.T) {
	const n = 12
	var groups []map[string]any
	for i := range n {
		groups = append(groups, group(i+1, "Old", nil))
	}
	dir := connect(t, serve(t, data{"groups": groups}, tenant.Options{Faults: []tenant.Fault{{Method: "PATCH", Every: 3, Status: 429, RetryAfter: "0.01"}}}), nil)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r := dir.Write(t.Context(), planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: guid('a', i+1), Edits: []planner.Edit{change("displayName", "Old", "New")}})
			if r.Status != planner.StatusDone {
				t.Errorf("group %d: %s %v", i+1, r.Status, r.Err)
			}
		})
	}
	wg.Wait()
}

// A value that is redacted in the plan is not told when it turns out to be another.
func TestWriteTellsNoRedactedValue(t *testing.T) {
	dir := connect(t, serve(t, data{"groups": {group(1, "a secret name", nil)}}, tenant.Options{}), nil)
	e := change("displayName", "an old secret", "a new secret")
	e.Before[0].Hash, e.After[0].Hash = "h", "h"
	r := dir.Write(t.Context(), planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: guid('a', 1), Edits: []planner.Edit{e}})
	if r.Status != planner.StatusStale || strings.Contains(r.Err.Error(), "secret") {
		t.Errorf("%s: %v", r.Status, r.Err)
	}
}
