package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

// formats are the renderings of a plan that show knows.
var formats = []string{"text", "json", "markdown", "html", "sarif", "junit", "github", "azuredevops", "csv"}

// showFlags say how a plan is shown.
type showFlags struct {
	view, format, target, fullReport, compare string
	maxBytes                                  int
	source                                    report.Source
}

func (a *app) showCommand() *cobra.Command {
	var f showFlags
	c := &cobra.Command{
		Use:   "show PLAN",
		Short: "Show a saved plan: as text, as a web page, as a comment, for a pipeline",
		Long: "show reads a plan file and shows it. It reads nothing else: no configuration, no directory.\n\n" +
			"  text         for a terminal; -view says how much\n" +
			"  json         the plan file itself\n" +
			"  markdown     a comment on a pull request, of at most -max-bytes; its first line is a hidden marker by which\n" +
			"               a pipeline finds its earlier comment\n" +
			"  html         one file with everything in it, to search and filter\n" +
			"  sarif        findings for code scanning\n" +
			"  junit        limits, blocked changes and findings as test results\n" +
			"  github       findings as annotations of GitHub Actions\n" +
			"  azuredevops  findings as issues of Azure Pipelines\n" +
			"  csv          a row for every edit, for auditors",
		Args: args(1, 1),
		RunE: func(_ *cobra.Command, names []string) error {
			if !slices.Contains(formats, f.format) {
				return fmt.Errorf("-format is %q; it may be %s or %s", f.format, strings.Join(formats[:len(formats)-1], ", "), formats[len(formats)-1])
			}
			p, text, err := readPlan(names[0])
			if err != nil {
				return err
			}
			if f.compare != "" {
				return a.showDifference(names[0], p, f)
			}
			if f.format == "json" {
				_, err := a.stdout.Write(text)
				return err
			}
			return a.show(a.stdout, p, f)
		},
	}
	c.Flags().StringVar(&f.view, "view", "default", "how much text to show: `VIEW` is summary, default or full")
	c.Flags().StringVar(&f.format, "format", "text", "`FORMAT` is "+strings.Join(formats, ", "))
	words(c, "view", "summary", "default", "full")
	words(c, "format", formats...)
	c.Flags().StringVar(&f.compare, "compare", "", "show what the plan has and this `OTHER` plan has not, and the other way round")
	c.Flags().IntVar(&f.maxBytes, "max-bytes", report.DefaultBytes, "how long a comment may be: `BYTES`. GitHub takes about 65000, Bitbucket 32000, Azure DevOps 150000, GitLab 1000000")
	c.Flags().StringVar(&f.target, "target", "", "what the plan is of: a `NAME` for titles, and for the marker of a comment")
	c.Flags().StringVar(&f.source.Dir, "source-dir", "", "where the configuration lies in its repository: a `DIR` for links and annotations")
	c.Flags().StringVar(&f.source.LinkBase, "link-base", "", "where the repository can be seen: a `URL` for links to file and line, as in https://github.com/OWNER/REPO/blob/COMMIT")
	c.Flags().StringVar(&f.fullReport, "report-url", "", "where the full report can be seen: a `URL` for the end of a comment")
	return c
}

// showDifference writes what a plan has and another one has not, and the other way
// round.
func (a *app) showDifference(name string, p *planner.Plan, f showFlags) error {
	if f.format != "text" {
		return fmt.Errorf("-compare writes text, and -format is %s", f.format)
	}
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	other, _, err := readPlan(f.compare)
	if err != nil {
		return err
	}
	return report.Difference(a.stdout, other, p, report.DifferenceOptions{TextOptions: options, Before: f.compare, After: name})
}

// show writes a plan in one of the formats other than JSON, which is the file itself.
func (a *app) show(w io.Writer, p *planner.Plan, f showFlags) error {
	switch f.format {
	case "markdown":
		return report.Markdown(w, p, report.MarkdownOptions{MaxBytes: f.maxBytes, Target: f.target, Source: f.source, FullReport: f.fullReport})
	case "html":
		return report.HTML(w, p, report.HTMLOptions{Target: f.target, Source: f.source, FullReport: f.fullReport})
	case "sarif":
		return report.SARIF(w, p, f.source)
	case "junit":
		return report.JUnit(w, p, f.source)
	case "github":
		return report.GitHub(w, p, f.source)
	case "azuredevops":
		return report.AzureDevOps(w, p, f.source)
	case "csv":
		return report.CSV(w, p)
	}
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	return report.Text(w, p, options)
}
