package lang

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// TestReference: docs/language.md names every block, argument, operator, function
// and guard action that the loader knows, in code type.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(text), "\n### ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		sections[title] = body
	}
	bodies := map[string][]*hcl.BodySchema{
		"landfall": {landfallSchema, backendSchemas["local"], backendSchemas["azblob"], backendSchemas["s3"], backendSchemas["postgres"]}, "variable": {variableSchema, bodySchema("condition error_message")},
		`provider "entra"`: {entraSchema}, `provider "ad"`: {adSchema}, "metaverse": {metaverseSchema}, "settings": {settingsSchema},
		"standard_rules": {packSchema}, "sync_rule": {ruleSchema, scopeSchema, clauseSchema, joinSchema, matchSchema, flowSchema},
		"ou_mapping": {mappingSchema, ouRuleSchema}, "writeback": {writebackSchema}, "guard": {guardSchema}, "protect": {bodySchema("dns")},
		"locals": nil,
	}
	needs := func(section, word string) {
		if !regexp.MustCompile("`" + regexp.QuoteMeta(word) + "[`( \"{]").MatchString(sections[section]) {
			t.Errorf("the section %q of docs/language.md does not mention %s", section, word)
		}
	}
	for _, block := range rootSchema.Blocks {
		found := slices.ContainsFunc([]string{block.Type, block.Type + ` "entra"`}, func(title string) bool {
			_, described := bodies[title]
			return described && sections[title] != ""
		})
		if !found {
			t.Errorf("docs/language.md has no section %q", block.Type)
		}
	}
	for section, schemas := range bodies {
		for _, schema := range schemas {
			for _, attr := range schema.Attributes {
				needs(section, attr.Name)
			}
			for _, block := range schema.Blocks {
				needs(section, block.Type)
			}
		}
	}
	for name := range operators {
		needs("sync_rule", name)
	}
	for name := range allFunctions() {
		needs("Functions", name)
	}
	for _, action := range guardActions {
		needs("guard", action)
	}
}
