package planner

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// finish completes the plan: what blocked changes imply, findings about the
// whole, and what every plan has.
func (b *build) finish() *Plan {
	b.consequences()
	b.findings()
	return b.complete()
}

// complete adds what every plan says of itself: what gives power, what was read,
// order, redaction, counts and digest.
func (b *build) complete() *Plan {
	b.privileged()
	p := &b.plan
	p.FormatVersion, p.LandfallVersion = FormatVersion, b.options.Version
	p.Created = b.options.Now.UTC().Format(time.RFC3339)
	p.ConfigDigest = b.cfg.Digest
	p.Providers = b.providers()
	for _, s := range b.spaces {
		p.Diagnostics = append(p.Diagnostics, s.Warnings...)
	}
	b.pseudonyms()
	b.redact()
	sortPlan(p)
	normalise(p)
	p.Summary = summarise(p)
	p.Digest = p.ComputeDigest()
	return p
}

// providers says what was read of each directory.
func (b *build) providers() []ProviderInfo {
	var out []ProviderInfo
	for _, s := range b.spaces {
		refresh := cmp.Or(b.options.Refresh, "full")
		if s.Pseudonyms != nil {
			refresh = refreshPseudonymised
		}
		out = append(out, ProviderInfo{
			Address: s.Provider, Kind: string(s.Kind), Objects: s.read(), ReadAt: s.ReadAt.UTC().Format(time.RFC3339), Refresh: refresh,
		})
	}
	return out
}

// findings adds what concerns the run as a whole: silence is a defect.
func (b *build) findings() {
	for _, r := range b.cfg.Rules {
		if !r.Standard && r.Writeback == nil && !r.Disabled && b.matched[r] == 0 {
			b.diagnose("warning", "rule_matched_nothing", "A rule matched nothing",
				"Rule \""+r.Name+"\" took no object in this run, so it has no effect. Check its scope.", r.Range)
		}
	}
	written := map[*lang.Writeback]int{}
	for _, it := range b.items {
		if it.verdict == verdictWrite {
			written[it.w]++
		}
	}
	for _, w := range b.cfg.Writebacks {
		if written[w] == 0 && !w.Absent {
			b.diagnose("warning", "writeback_matched_nothing", "A writeback writes no group",
				w.Address()+" found no group in "+w.From.Address()+" that is to be written. Look at not_written for the reasons, and at when, unset "+
					"and the groups' writeback state in Entra ID.", w.Range)
		}
	}
	b.updateRecipient()
	b.unreadableBins()
	b.emptyOUs()
}

// updateRecipient lists the Microsoft 365 groups that Exchange does not show in
// its address lists until Update-Recipient has run (sync-engine §3.8).
func (b *build) updateRecipient() {
	var names []string
	for _, c := range b.plan.Changes {
		if c.Blocked != nil || !slices.Contains(c.Actions, ActionCreate) {
			continue
		}
		if slices.ContainsFunc(c.Edits, func(e Edit) bool { return e.Attribute == "msExchRecipientTypeDetails" && len(e.After) > 0 }) {
			names = append(names, c.Name)
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		b.diagnose("warning", "update_recipient", "New Microsoft 365 groups need Update-Recipient",
			"Exchange on-premises shows "+plural(len(names), "new group", "new groups")+" in no address list until an Exchange administrator runs Update-Recipient: "+
				strings.Join(names, ", ")+".", b.cfg.Writebacks[0].Range)
	}
}

// unreadableBins warns where groups are made beside a Recycle Bin that cannot be
// read: one that was deleted by hand would come back with another SID.
func (b *build) unreadableBins() {
	for _, t := range b.targets {
		made := 0
		for i := range b.plan.Changes {
			c := &b.plan.Changes[i]
			if c.Provider == t.space.Provider && c.Blocked == nil && c.ObjectType == "group" && slices.Contains(c.Actions, ActionCreate) {
				made++
			}
		}
		if made > 0 && (t.space.RecycleBin == RecycleBinUnreadable || t.space.RecycleBin == RecycleBinUnknown) {
			b.diagnose("warning", "recycle_bin_unreadable", "New groups may be deleted ones",
				plural(made, "group", "groups")+" will be made anew in "+t.space.Provider+", and this identity cannot read its Recycle Bin. A group that somebody deleted "+
					"there would get another SID, and access given to it would stop working. Let this identity read the deleted objects, or look for them by hand first.", t.provider.Range)
		}
	}
}

// emptyOUs notes OUs below a root that hold nothing. landfall never deletes one.
func (b *build) emptyOUs() {
	for _, t := range b.targets {
		var roots []dn.DN
		for _, w := range b.cfg.Writebacks {
			if w.To == t.provider {
				if root, err := dn.Parse(w.OU.Root); err == nil {
					roots = append(roots, root)
				}
			}
		}
		if len(roots) == 0 {
			continue
		}
		departing := b.departing(t)
		used := map[string]bool{}
		for _, c := range b.plan.Changes {
			if c.Provider == t.space.Provider && c.DN.After != nil {
				if d, err := dn.Parse(*c.DN.After); err == nil {
					used[d.Parent().Key()] = true
				}
			}
		}
		type ou struct {
			name string
			key  string
		}
		var ous []ou
		for o := range ObjectID(t.space.Len()) {
			if t.space.State(o) != Live {
				continue
			}
			d, err := dn.Parse(t.space.Name(o))
			if err != nil || !slices.ContainsFunc(roots, func(root dn.DN) bool { return d.IsBelow(root) && d.Len() > root.Len() }) {
				continue
			}
			if strings.EqualFold(t.space.Type(o), "organizationalUnit") {
				ous = append(ous, ou{t.space.Name(o), d.Key()})
			}
			if it := t.items[o]; it == nil || !departing[it.address()] {
				used[d.Parent().Key()] = true
			}
		}
		var empty []string
		for _, x := range ous {
			if !used[x.key] {
				empty = append(empty, x.name)
			}
		}
		if len(empty) > 0 {
			slices.Sort(empty)
			b.diagnose("warning", "empty_ou", "Organizational units without content",
				plural(len(empty), "organizational unit", "organizational units")+" below a root will hold nothing: "+shortList(empty)+
					". landfall never deletes one; delete them by hand if nobody needs them.", t.provider.Range)
		}
	}
}

// departing are the addresses of a target's objects that leave their place.
func (b *build) departing(t *target) map[string]bool {
	out := map[string]bool{}
	for _, c := range b.plan.Changes {
		if c.Provider == t.space.Provider && c.Blocked == nil && (slices.Contains(c.Actions, ActionMove) || slices.Contains(c.Actions, ActionDelete)) {
			out[c.Address] = true
		}
	}
	return out
}

// redact hides the values of the attributes that settings.redact names. The
// plain text stays in memory, for an apply in the same process, and is never
// encoded.
func (b *build) redact() {
	if len(b.cfg.Settings.Redact) == 0 {
		return
	}
	for _, c := range b.plan.Changes {
		for _, e := range c.Edits {
			if b.redacted(e.Attribute) {
				b.hide(e.Before)
				b.hide(e.After)
			}
		}
	}
}

// redacted reports whether settings.redact names an attribute.
func (b *build) redacted(attribute string) bool {
	return slices.ContainsFunc(b.cfg.Settings.Redact, func(name string) bool { return strings.EqualFold(name, attribute) })
}

// hide gives values the keyed hashes that are shown in their place.
func (b *build) hide(data []Datum) {
	for i, d := range data {
		mac := hmac.New(sha256.New, b.options.RedactKey)
		mac.Write([]byte(d.Text))
		data[i].Hash, data[i].Length = "hmac-sha256:"+hex.EncodeToString(mac.Sum(nil)[:16]), dn.Units(d.Text)
	}
}

func sortPlan(p *Plan) {
	slices.SortFunc(p.Changes, func(x, y Change) int {
		return cmp.Or(strings.Compare(x.Address, y.Address), strings.Compare(dnOf(x), dnOf(y)), strings.Compare(x.Provider, y.Provider))
	})
	slices.SortFunc(p.Skipped, func(x, y Skipped) int { return strings.Compare(x.Address, y.Address) })
	slices.SortFunc(p.NotWritten, func(x, y NotWritten) int {
		return cmp.Or(strings.Compare(x.Provider, y.Provider), strings.Compare(x.Reason, y.Reason), strings.Compare(x.Name, y.Name), strings.Compare(x.ID, y.ID))
	})
	slices.SortFunc(p.Frozen, func(x, y Frozen) int {
		return cmp.Or(strings.Compare(x.Address, y.Address), strings.Compare(x.DN, y.DN))
	})
	slices.SortFunc(p.Diagnostics, func(x, y Diagnostic) int {
		return cmp.Or(strings.Compare(x.Severity, y.Severity), strings.Compare(x.Code, y.Code), strings.Compare(x.File, y.File),
			cmp.Compare(x.Line, y.Line), strings.Compare(x.Detail, y.Detail))
	})
	p.Diagnostics = slices.Compact(p.Diagnostics)
	slices.SortStableFunc(p.Guards, func(x, y GuardUse) int { return cmp.Or(strings.Compare(x.Guard, y.Guard), strings.Compare(x.In, y.In)) })
	slices.SortFunc(p.Accepted, func(x, y Accepted) int { return strings.Compare(x.Name, y.Name) })
}

func dnOf(c Change) string {
	switch {
	case c.DN.After != nil:
		return *c.DN.After
	case c.DN.Before != nil:
		return *c.DN.Before
	}
	return ""
}

// normalise turns nil lists into empty ones, so that JSON has [] everywhere.
func normalise(p *Plan) {
	p.Accepted, p.Providers, p.Changes, p.Guards = nonNil(p.Accepted), nonNil(p.Providers), nonNil(p.Changes), nonNil(p.Guards)
	p.Skipped, p.NotWritten, p.Frozen, p.Diagnostics = nonNil(p.Skipped), nonNil(p.NotWritten), nonNil(p.Frozen), nonNil(p.Diagnostics)
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Actions, c.Edits, c.Notes = nonNil(c.Actions), nonNil(c.Edits), nonNil(c.Notes)
		for j := range c.Edits {
			c.Edits[j].Before, c.Edits[j].After = nonNil(c.Edits[j].Before), nonNil(c.Edits[j].After)
		}
		if m := c.Members; m != nil {
			m.Add, m.Remove, m.Skipped = nonNil(m.Add), nonNil(m.Remove), nonNil(m.Skipped)
		}
	}
}
