package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// GitHub writes the findings as workflow commands, which GitHub Actions shows as
// annotations beside the lines of the configuration. It shows ten of each level
// for a step, so the worst come first, and changes that one limit blocks are one
// annotation.
func GitHub(w io.Writer, p *planner.Plan, s Source) error {
	r := newPage(p)
	var b strings.Builder
	for _, f := range r.allFindings(true) {
		var properties []string
		if file := s.path(f.file); file != "" {
			properties = append(properties, "file="+githubProperty(file))
			if f.line > 0 {
				properties = append(properties, fmt.Sprintf("line=%d", f.line))
			}
		}
		properties = append(properties, "title="+githubProperty(f.code))
		fmt.Fprintf(&b, "::%s %s::%s\n", f.level, strings.Join(properties, ","), githubData(f.message()))
	}
	fmt.Fprintf(&b, "::notice title=landfall plan::%s\n", githubData(r.verdict()))
	_, err := io.WriteString(w, b.String())
	return err
}

// verdict is the answer in one line.
func (r *page) verdict() string {
	a := r.answer()
	return lines([]string{string(a.first), string(a.second)})
}

// What ends a value of a workflow command, as GitHub's toolkit writes it.
var (
	githubEscapes         = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubData(s string) string     { return githubEscapes.Replace(s) }
func githubProperty(s string) string { return githubPropertyEscapes.Replace(s) }

// AzureDevOps writes the findings as logging commands, which Azure Pipelines shows
// on the run's page.
func AzureDevOps(w io.Writer, p *planner.Plan, s Source) error {
	r := newPage(p)
	var b strings.Builder
	for _, f := range r.allFindings(true) {
		fmt.Fprintf(&b, "##vso[task.logissue type=%s;", f.level)
		if file := s.path(f.file); file != "" {
			fmt.Fprintf(&b, "sourcepath=%s;", azureProperty(file))
			if f.line > 0 {
				fmt.Fprintf(&b, "linenumber=%d;", f.line)
			}
		}
		fmt.Fprintf(&b, "code=%s]%s\n", azureProperty(f.code), azureData(f.message()))
	}
	fmt.Fprintf(&b, "%s\n", strings.ReplaceAll(r.verdict(), "\n", " "))
	_, err := io.WriteString(w, b.String())
	return err
}

// What ends a value of a logging command, as Azure's task library writes it.
var (
	azureEscapes         = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A")
	azurePropertyEscapes = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", "]", "%5D", ";", "%3B")
)

func azureData(s string) string     { return azureEscapes.Replace(s) }
func azureProperty(s string) string { return azurePropertyEscapes.Replace(s) }
