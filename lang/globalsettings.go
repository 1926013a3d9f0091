package lang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// GlobalSetting is one of Entra Connect's global settings, under the name that
// Get-ADSyncGlobalSettings has for it.
type GlobalSetting struct {
	Name  string
	Value string
	// Range is where it is set; zero for a default.
	Range hcl.Range
}

// GlobalSettings lists the settings by name: those that landfall knows, those of
// settings.parameters, which are kept and shown, and where groups are written.
func (c *Config) GlobalSettings() []GlobalSetting {
	s := c.Settings
	out := []GlobalSetting{
		{"Microsoft.OptionalFeature.ExportDeletionThreshold", "True", s.Range},
		{"Microsoft.OptionalFeature.ExportDeletionThresholdValue", strconv.Itoa(s.DeleteThreshold), s.Range},
		{"Microsoft.OptionalFeature.GroupWriteBack", title(len(c.Writebacks) > 0), hcl.Range{}},
		{"Microsoft.SynchronizationOption.AnchorAttribute", s.SourceAnchor, s.Range},
		{"Microsoft.SynchronizationOption.UPNAttribute", s.UPNAttribute, s.Range},
		{"Microsoft.Synchronize.StagingMode", title(s.StagingMode), s.Range},
	}
	for _, w := range c.Writebacks {
		out = append(out, GlobalSetting{"Microsoft.GroupWriteBack.Container", w.OU.Root, w.OU.Range},
			GlobalSetting{"Microsoft.GroupWriteBack.Forest", w.To.AD.BaseDN, w.To.Range})
	}
	for name, v := range s.Parameters {
		if !slices.ContainsFunc(out, func(g GlobalSetting) bool { return g.Name == name }) {
			out = append(out, GlobalSetting{name, v, s.Range})
		}
	}
	slices.SortStableFunc(out, func(x, y GlobalSetting) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func title(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// Where renders the place of a setting, "default" when it is not set.
func (g GlobalSetting) Where() string {
	if g.Range.Filename == "" {
		return "default"
	}
	return fmt.Sprintf("%s:%d", g.Range.Filename, g.Range.Start.Line)
}

// Shadow says that a rule of one's own takes an attribute from a standard rule.
type Shadow struct {
	Attribute string
	Standard  *Rule
}

// Shadows lists the standard flows that a rule overrides, because it flows into
// the same attribute of the same type with a lower precedence number.
func (c *Config) Shadows(r *Rule) []Shadow {
	if r.Standard || r.Disabled {
		return nil
	}
	var out []Shadow
	for _, other := range c.Rules {
		if !other.Standard || other.Disabled || other.Direction != r.Direction || other.MetaverseType != r.MetaverseType || other.Precedence < r.Precedence ||
			r.Direction == Outbound && (other.Provider != r.Provider || other.ObjectType != r.ObjectType) {
			continue
		}
		for _, f := range r.Flows {
			if f.Merge == MergeUpdate && slices.ContainsFunc(other.Flows, func(o *Flow) bool { return strings.EqualFold(o.Attribute, f.Attribute) }) {
				out = append(out, Shadow{f.Attribute, other})
			}
		}
	}
	return out
}
