package adsync

import (
	"slices"
	"strconv"
	"strings"
)

// hclSettings are the global settings as a settings block.
type hclSettings struct {
	typed  []argument // those that landfall acts on
	others []Setting
}

// argument is an argument of a block; value is HCL.
type argument struct{ name, value string }

// The global settings that landfall acts on.
const (
	settingStaging        = "Microsoft.Synchronize.StagingMode"
	settingAnchor         = "Microsoft.SynchronizationOption.AnchorAttribute"
	settingUPN            = "Microsoft.SynchronizationOption.UPNAttribute"
	settingThreshold      = "Microsoft.OptionalFeature.ExportDeletionThreshold"
	settingContainer      = "Microsoft.GroupWriteBack.Container"
	settingThresholdValue = "Microsoft.OptionalFeature.ExportDeletionThresholdValue"
)

// settings sorts the global settings. One whose value landfall cannot take stays
// among the others.
func (t *target) settings() hclSettings {
	var s hclSettings
	for _, x := range t.export.Settings {
		if name, value := t.setting(x); name != "" {
			s.typed = append(s.typed, argument{name, value})
			continue
		}
		s.others = append(s.others, x)
	}
	slices.SortFunc(s.typed, func(a, b argument) int {
		return slices.Index(settingNames, a.name) - slices.Index(settingNames, b.name)
	})
	return s
}

// settingNames are the arguments in the order in which they are written.
var settingNames = []string{"staging_mode", "source_anchor", "upn_attribute", "delete_threshold"}

func (t *target) setting(x Setting) (name, value string) {
	switch x.Name {
	case settingStaging:
		if strings.EqualFold(x.Value, "true") || strings.EqualFold(x.Value, "false") {
			return "staging_mode", strings.ToLower(x.Value)
		}
	case settingAnchor:
		for _, anchor := range []string{"objectGUID", "mS-DS-ConsistencyGuid"} {
			if strings.EqualFold(x.Value, anchor) {
				return "source_anchor", hclString(anchor)
			}
		}
	case settingUPN:
		if _, ok := t.adAttribute(x.Value); ok {
			return "upn_attribute", hclString(x.Value)
		}
	case settingThresholdValue:
		if n, err := strconv.Atoi(x.Value); err == nil && n >= 0 && n <= 1_000_000_000 && !t.thresholdOff() {
			return "delete_threshold", strconv.Itoa(n)
		}
	}
	return "", ""
}

func (t *target) adAttribute(name string) (string, bool) {
	for _, p := range t.providers {
		if p.kind == "ad" {
			if a, ok := p.schema.Lookup(name); ok {
				return a.Name, true
			}
		}
	}
	return "", false
}

func (t *target) value(setting string) string {
	for _, x := range t.export.Settings {
		if x.Name == setting {
			return x.Value
		}
	}
	return ""
}

func (t *target) thresholdOff() bool {
	return strings.EqualFold(t.value(settingThreshold), "false")
}

// noteSettings notes which settings mean something else here.
func (t *target) noteSettings() {
	if t.thresholdOff() {
		t.note(Approximated, nil, noPlace, "the server does not limit deletions; landfall always does, here at its default of 500 (settings.delete_threshold)")
	}
	if anchor := t.value(settingAnchor); anchor != "" && !strings.EqualFold(anchor, "objectGUID") && !strings.EqualFold(anchor, "mS-DS-ConsistencyGuid") {
		t.note(Approximated, nil, noPlace, "the source anchor %q is not one that landfall can match people by; the setting is kept and shown, and objectGUID is used", anchor)
	}
	if upn := t.value(settingUPN); upn != "" {
		if _, ok := t.adAttribute(upn); !ok {
			t.note(Approximated, nil, noPlace, "the UPN attribute %q is not an attribute of Active Directory that landfall knows; the setting is kept and shown, and userPrincipalName is used", upn)
		}
	}
	container := t.value(settingContainer)
	_, _, ok := t.writeback()
	switch {
	case ok:
		t.note(Approximated, nil, noPlace, "group writeback into %q is the writeback block in writeback.hcl: it creates and names the groups, and the outbound rules flow the rest. Delete the file to do without", container)
	case container != "":
		t.note(Approximated, nil, noPlace, "group writeback into %q takes an ou_mapping with that root and a writeback block here; they are not written, because it is open which two directories they connect", container)
	}
}
