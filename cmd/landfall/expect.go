package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

// approval is what -expect names: the digest that was approved and, when it names a
// file, the plan that has it.
type approval struct {
	digest string
	plan   *planner.Plan // nil: only the digest is known
	file   string
}

// digestPrefix begins every digest; anything else is the name of a file.
const digestPrefix = "sha256:"

// approved reads what -expect names, before anything else is read. The signature of
// a file is checked with -verify.
func (a *app) approved(f applyFlags) (approval, error) {
	if f.expect == "" || strings.HasPrefix(f.expect, digestPrefix) {
		return approval{digest: f.expect}, nil
	}
	data, err := os.ReadFile(f.expect)
	if errors.Is(err, os.ErrNotExist) {
		return approval{}, fmt.Errorf("-expect is %q, which is neither a digest nor a file; a digest begins with %s and stands at the end of a plan", f.expect, digestPrefix)
	}
	if err != nil {
		return approval{}, &exit{exitRefused, fmt.Errorf("-expect: reading the approved plan: %w. Nothing was written", err)}
	}
	if f.verify != "" {
		if err := a.verify(f.verify, f.expect, data); err != nil {
			return approval{}, &exit{exitRefused, fmt.Errorf("%w. Nothing was written", err)}
		}
	}
	p, err := decodePlan(data)
	if err != nil {
		return approval{}, &exit{exitRefused, fmt.Errorf("-expect: %s: %w. Nothing was written", f.expect, err)}
	}
	return approval{p.Digest, p, f.expect}, nil
}

// compare shows the plan that was made now, and refuses one that is not the
// approved one: with what differs, where the approved plan is known.
func (a *app) compare(want approval, p *planner.Plan, options report.TextOptions) error {
	if want.plan == nil || want.digest == p.Digest {
		if err := report.Text(a.stdout, p, options); err != nil {
			return err
		}
	}
	switch {
	case want.digest == "" || want.digest == p.Digest:
		return nil
	case want.plan == nil:
		return &exit{exitRefused, fmt.Errorf("the plan has the digest %s, and %s was expected: the directories or the configuration changed since it was approved. "+
			"Nothing was written; review the plan above. A digest does not say what it stands for: to see what differs, give the approved plan itself, as in -expect plan.json", p.Digest, want.digest)}
	}
	o := report.DifferenceOptions{TextOptions: options, Before: "the approved plan (" + want.file + ")", After: "the plan of now"}
	if err := report.Difference(a.stdout, want.plan, p, o); err != nil {
		return err
	}
	why := "the directories changed since it was approved"
	if want.plan.ConfigDigest != p.ConfigDigest {
		why = "the configuration or a variable is not what it was when it was approved"
	}
	return &exit{exitRefused, fmt.Errorf("the plan of now is not the approved one (%s): %s. Nothing was written. "+
		"If what differs is right, make the plan again (landfall plan -out FILE) and have it approved", want.file, why)}
}
