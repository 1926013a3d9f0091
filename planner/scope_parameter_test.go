package planner_test

import (
	"slices"
	"testing"
)

// A clause compares with what a %parameter% stands for, as real rules do with
// %Connector.ID%.
func TestClausesCompareWithParameters(t *testing.T) {
	scoped := func(value string) string {
		return outRule("scoped", "10", `
  scope {
    clause {
      attribute = "info"
      operator  = "EQUAL"
      value     = "`+value+`"
    }
  }
`+flow("url", `value = "taken"`))
	}
	from := inRule("connector", "11", flow("info", `value = "provider.ad.corp"`))
	for value, want := range map[string][]string{
		"%Connector.ID%": {"url:  -> taken"}, "%Connector.Nonesuch%": nil, "%Connector.ID": nil, "%": nil,
	} {
		_, plan := settled(t, "", func(w *world) { w.group("G") })
		var got []string
		for _, c := range plan(scoped(value), from).Changes {
			got = append(got, edits(c)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}
