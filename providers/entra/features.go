package entra

import (
	"context"
	"slices"
	"strconv"
)

// Feature is one setting of the tenant's own synchronisation, as Graph names it.
type Feature struct {
	Name  string // groupWriteBackEnabled, accidentalDeletionPrevention/alertThreshold, …
	Value string // True, False, or text
}

// synchronization is an item of directory/onPremisesSynchronization.
type synchronization struct {
	Configuration struct {
		AccidentalDeletionPrevention *struct {
			AlertThreshold                *int    `json:"alertThreshold"`
			SynchronizationPreventionType *string `json:"synchronizationPreventionType"`
		} `json:"accidentalDeletionPrevention"`
	} `json:"configuration"`
	Features map[string]any `json:"features"`
}

// Features reads the tenant's own synchronisation features and its setting on
// accidental deletes. known is false when this identity may not read them, which
// is usual: Graph documents the call for users and not for applications.
func (d *Directory) Features(ctx context.Context) (features []Feature, known bool, err error) {
	r := newGet("{+baseurl}/directory/onPremisesSynchronization")
	op := operation{doing: "read the tenant's synchronisation features"}
	err = pages(ctx, d, d.v1, r, op, func(items []synchronization) error {
		for _, item := range items {
			features = append(features, item.list()...)
		}
		return nil
	})
	if forbidden(err) {
		return nil, false, nil
	}
	slices.SortFunc(features, func(x, y Feature) int { return slices.Compare([]string{x.Name, x.Value}, []string{y.Name, y.Value}) })
	return features, err == nil, err
}

func (s synchronization) list() []Feature {
	var out []Feature
	for name, v := range s.Features {
		if on, ok := v.(bool); ok {
			out = append(out, Feature{name, word(on)})
		}
	}
	if p := s.Configuration.AccidentalDeletionPrevention; p != nil {
		if p.SynchronizationPreventionType != nil {
			out = append(out, Feature{"accidentalDeletionPrevention/synchronizationPreventionType", *p.SynchronizationPreventionType})
		}
		if p.AlertThreshold != nil {
			out = append(out, Feature{"accidentalDeletionPrevention/alertThreshold", strconv.Itoa(*p.AlertThreshold)})
		}
	}
	return out
}

func word(on bool) string {
	if on {
		return "True"
	}
	return "False"
}
