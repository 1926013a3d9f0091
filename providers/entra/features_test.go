package entra

import (
	"slices"
	"testing"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

func TestFeatures(t *testing.T) {
	quiet := data{"groups": {group(1, "One", nil)}}
	features, known, err := connect(t, serve(t, quiet, tenant.Options{}), nil).Features(t.Context())
	if err != nil || known || features != nil {
		t.Errorf("what may not be read is unknown, and no error: %v, %v, %v", features, known, err)
	}

	loud := data{"groups": quiet["groups"], "onPremisesSynchronization": {{
		"id": guid('c', 1),
		"configuration": map[string]any{"accidentalDeletionPrevention": map[string]any{
			"alertThreshold": 500, "synchronizationPreventionType": "enabledForCount"}},
		"features": map[string]any{"groupWriteBackEnabled": true, "passwordSyncEnabled": false},
	}}}
	d := connect(t, serve(t, loud, tenant.Options{}), nil)
	features, known, err = d.Features(t.Context())
	want := []Feature{
		{"accidentalDeletionPrevention/alertThreshold", "500"},
		{"accidentalDeletionPrevention/synchronizationPreventionType", "enabledForCount"},
		{"groupWriteBackEnabled", "True"}, {"passwordSyncEnabled", "False"},
	}
	if err != nil || !known || !slices.Equal(features, want) {
		t.Errorf("got %v, %v, %v", features, known, err)
	}
	s := newSpace()
	if err := d.Read(t.Context(), everything(), s); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(s.Warnings, func(w planner.Diagnostic) bool { return w.Code == "other_writeback" }) {
		t.Errorf("no warning that the tenant writes back itself: %v", s.Warnings)
	}
}
