package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// The parts of SARIF 2.1.0 that we write.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name            string      `json:"name"`
		InformationURI  string      `json:"informationUri"`
		SemanticVersion string      `json:"semanticVersion,omitempty"`
		Rules           []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifMessage      `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	projectURL  = "https://github.com/landfall-directory/landfall"
	// GitHub shows the first 5,000 results of a run and refuses more than 25,000.
	sarifMost = 5000
	// nowhere is the place of a finding that stands in no file of the repository.
	nowhere = "plan.json"
)

// SARIF writes the findings for code scanning. Every code is a rule, every
// diagnostic and every blocked change a result. Fingerprints hold neither lines nor
// counts, so that what was seen yesterday is not new today.
func SARIF(w io.Writer, p *planner.Plan, s Source) error {
	r := newPage(p)
	found := r.allFindings(false)
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "landfall", InformationURI: projectURL, Rules: []sarifRule{}}},
		ColumnKind: "utf16CodeUnits", Results: []sarifResult{},
	}
	run.Invocations = []sarifInvocation{{true, []sarifNotification{{"note", sarifMessage{plainMessage(r.verdict())}}}}}
	if semantic(p.LandfallVersion) {
		run.Tool.Driver.SemanticVersion = p.LandfallVersion
	}
	if left := len(found) - sarifMost; left > 0 {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{
			"warning", sarifMessage{fmt.Sprintf("%s more findings are in the plan; code scanning shows %s.", thousands(left), thousands(sarifMost))},
		})
		found = found[:sarifMost]
	}
	index := map[string]int{}
	seen := map[string]int{}
	for _, f := range found {
		if _, known := index[f.code]; !known {
			index[f.code] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{f.code, sarifMessage{plainMessage(f.code)}})
		}
		sum := sha256.Sum256([]byte(f.key))
		print := hex.EncodeToString(sum[:16])
		seen[print]++
		run.Results = append(run.Results, sarifResult{
			RuleID: f.code, RuleIndex: index[f.code], Level: f.level, Message: sarifMessage{plainMessage(f.message())},
			Locations:           []sarifLocation{{sarifPlace(s, f)}},
			PartialFingerprints: map[string]string{"landfallFinding/v1": fmt.Sprintf("%s:%d", print, seen[print])},
		})
	}
	out, err := json.MarshalIndent(sarifLog{sarifSchema, "2.1.0", []sarifRun{run}}, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

// sarifPlace is a relative place in the repository: code scanning wants one for
// every result.
func sarifPlace(s Source, f finding) sarifPhysical {
	file := s.path(f.file)
	if file == "" {
		return sarifPhysical{ArtifactLocation: sarifArtifact{nowhere}, Region: &sarifRegion{1}}
	}
	return sarifPhysical{sarifArtifact{(&url.URL{Path: file}).EscapedPath()}, &sarifRegion{max(f.line, 1)}}
}

// plainMessage keeps text from being a link: "[text](target)" is one in SARIF.
func plainMessage(s string) string {
	s = strings.ReplaceAll(s, "](", "] (")
	if s == "" {
		return "(no text)"
	}
	return s
}

// semantic reports whether a version is one: 1.2.3, perhaps with more after it.
func semantic(v string) bool {
	core, _, _ := strings.Cut(v, "-")
	parts := strings.Split(core, ".")
	return len(parts) == 3 && plainASCII(v) && !slices.ContainsFunc(parts, func(part string) bool {
		return part == "" || strings.Trim(part, "0123456789") != ""
	})
}
