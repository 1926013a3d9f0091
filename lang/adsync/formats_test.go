package adsync

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// The same rules in every format are the same rules: those of the example always,
// those of a real server where they are there.
func TestFormatsAgree(t *testing.T) {
	exports := map[string]*Export{"example": mustRead(t, os.DirFS(exampleExport))}
	if _, err := os.Stat(contosoFolder); err == nil {
		exports["real server"] = contoso(t)
	} else {
		t.Logf("%s is absent: only the example is compared", contosoFolder)
	}
	for name, export := range exports {
		for format, fsys := range map[string]fs.FS{
			"script": fstest.MapFS{"rules.ps1": {Data: []byte(editorScript(export.Rules))}},
			"JSON":   fstest.MapFS{"rules.json": {Data: marshalled(t, json.Marshal, ruleObjects(export, false))}},
			"DSC":    fstest.MapFS{"rules.yml": {Data: marshalled(t, yaml.Marshal, map[string]any{"Items": ruleObjects(export, true)})}},
		} {
			t.Run(name+" as "+format, func(t *testing.T) {
				got := mustRead(t, fsys)
				if format == "DSC" { // which names connectors
					for _, r := range got.Rules {
						r.Connector = idOf(export, r.Connector)
					}
				}
				if d := cmp.Diff(string(canonical(t, export)), string(canonical(t, got))); d != "" {
					t.Errorf("rules differ: -server +%s\n%s", format, d)
				}
			})
		}
	}
}

func idOf(e *Export, name string) string {
	for _, c := range e.Connectors {
		if c.Name == name {
			return c.ID
		}
	}
	return name
}

func marshalled(t *testing.T, marshal func(any) ([]byte, error), v any) []byte {
	t.Helper()
	data, err := marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ruleObjects are rules as PowerShell's objects of Get-ADSyncRule.
func ruleObjects(e *Export, named bool) []any {
	type object = map[string]any
	var out []any
	for _, r := range e.Rules {
		o := object{
			"Name": r.Name, "Identifier": r.Identifier, "ImmutableTag": r.Tag, "Direction": r.Direction, "SourceObjectType": r.SourceObjectType,
			"TargetObjectType": r.TargetObjectType, "LinkType": r.LinkType, "Precedence": r.Precedence, "Disabled": r.Disabled, "EnablePasswordSync": r.PasswordSync,
			"Description": r.Description, "ScopeFilter": []any{}, "JoinFilter": []any{}, "AttributeFlowMappings": []any{},
		}
		if named {
			o["ConnectorName"] = e.connector(r).Name
		} else {
			o["Connector"] = r.Connector
		}
		add := func(key string, v any) { o[key] = append(o[key].([]any), v) }
		for _, g := range r.Scope {
			list := []any{}
			for _, c := range g {
				list = append(list, object{"Attribute": c.Attribute, "ComparisonOperator": c.Operator, "ComparisonValue": c.Value})
			}
			add("ScopeFilter", object{"ScopeConditionList": list})
		}
		for _, g := range r.Join {
			list := []any{}
			for _, m := range g {
				list = append(list, object{"CSAttribute": m.Space, "MVAttribute": m.Metaverse, "CaseSensitive": m.CaseSensitive})
			}
			add("JoinFilter", object{"JoinConditionList": list})
		}
		for _, m := range r.Mappings {
			add("AttributeFlowMappings", object{"Source": m.Source, "Destination": m.Destination, "FlowType": m.FlowType, "Expression": m.Expression, "ValueMergeType": m.MergeType, "ExecuteOnce": m.ExecuteOnce})
		}
		out = append(out, o)
	}
	return out
}

// editorScript is what the Synchronization Rules Editor exports for rules.
func editorScript(rules []*Rule) string {
	var b strings.Builder
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+" `\r\n", args...) }
	for _, r := range rules {
		description := ""
		if r.Description != nil {
			description = *r.Description
		}
		line("New-ADSyncRule ")
		line("-Name %s", quote(r.Name))
		line("-Identifier '%s'", r.Identifier)
		line("-Description %s", quote(description))
		line("-Direction '%s'", r.Direction)
		line("-Precedence %d", r.Precedence)
		line("-PrecedenceAfter '%s'", noTenant)
		line("-SourceObjectType '%s'", r.SourceObjectType)
		line("-TargetObjectType '%s'", r.TargetObjectType)
		line("-Connector '%s'", r.Connector)
		line("-LinkType '%s'", r.LinkType)
		line("-SoftDeleteExpiryInterval 0")
		line("-ImmutableTag '%s'", r.Tag)
		if r.PasswordSync {
			line("-EnablePasswordSync ")
		}
		if r.Disabled {
			line("-Disabled ")
		}
		b.WriteString("-OutVariable syncRule\r\n\r\n")
		for _, m := range r.Mappings {
			line("Add-ADSyncAttributeFlowMapping ")
			line("-SynchronizationRule $syncRule[0]")
			if len(m.Source) > 0 {
				var sources []string
				for _, s := range m.Source {
					sources = append(sources, quote(s))
				}
				line("-Source @(%s)", strings.Join(sources, ","))
			}
			line("-Destination '%s'", m.Destination)
			line("-FlowType '%s'", m.FlowType)
			line("-ValueMergeType '%s'", m.MergeType)
			if m.ExecuteOnce {
				line("-ExecuteOnce ")
			}
			if m.Expression != nil {
				line("-Expression %s", quote(*m.Expression))
			}
			b.WriteString("-OutVariable syncRule\r\n\r\n")
		}
		conditions := func(kind, parameter string, groups [][]string) {
			for _, g := range groups {
				var names []string
				for i, arguments := range g {
					line("New-Object ")
					line("-TypeName 'Microsoft.IdentityManagement.PowerShell.ObjectModel.%s'", kind)
					line("-ArgumentList %s", arguments)
					fmt.Fprintf(&b, "-OutVariable condition%d\r\n\r\n", i)
					names = append(names, fmt.Sprintf("$condition%d[0]", i))
				}
				line("Add-ADSync%sGroup ", kind)
				line("-SynchronizationRule $syncRule[0]")
				line("-%s @(%s)", parameter, strings.Join(names, ","))
				b.WriteString("-OutVariable syncRule\r\n\r\n")
			}
		}
		var scope, join [][]string
		for _, g := range r.Scope {
			var group []string
			for _, c := range g {
				group = append(group, quote(c.Attribute)+","+quote(c.Value)+","+quote(c.Operator))
			}
			scope = append(scope, group)
		}
		for _, g := range r.Join {
			var group []string
			for _, m := range g {
				group = append(group, fmt.Sprintf("'%s','%s',$%t", m.Space, m.Metaverse, m.CaseSensitive))
			}
			join = append(join, group)
		}
		conditions("ScopeCondition", "ScopeConditions", scope)
		conditions("JoinCondition", "JoinConditions", join)
		fmt.Fprintf(&b, "Add-ADSyncRule  `\r\n-SynchronizationRule $syncRule[0]\r\n\r\nGet-ADSyncRule  `\r\n-Identifier '%s'\r\n\r\n", r.Identifier)
	}
	return b.String()
}
