package adsync

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
)

// noPlace is the place of what stands at no one place of the input.
var noPlace = hcl.Range{}

// ReportName is the name of the report in the folder of an import.
const ReportName = "report.txt"

// Options are what a run brings to an import.
type Options struct {
	// Vars are values of variables of scripts by their names there, for what a
	// script computes or asks for: precedenceValue, connectorAD.Identifier.
	Vars map[string]string
}

// Read reads an export in whatever format it is: a folder, or one file. The
// Export is nil when an error is among the diagnostics; Sources has the lines
// that diagnostics show.
func Read(path string, opts Options) (*Export, Sources, hcl.Diagnostics) {
	fsys, files, err := inputFiles(path)
	if err != nil {
		return nil, nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Export not readable", Detail: fmt.Sprintf("%s could not be read: %s.", path, plainError(err))}}
	}
	return read(fsys, files, path, opts)
}

func read(fsys fs.FS, files []string, path string, opts Options) (*Export, Sources, hcl.Diagnostics) {
	r := &reader{fsys: fsys, opts: opts, export: &Export{Sources: Sources{}}}
	format, chosen := r.recognise(files)
	r.export.Format = format
	switch format {
	case FormatServer:
		r.readServer(chosen)
	case FormatPowerShell:
		r.readScripts(chosen)
	case FormatDSC, FormatJSON:
		r.readTrees(chosen)
	default:
		r.problem(noPlace, "Not an export", "%s holds nothing that landfall knows: neither the folder that Get-ADSyncServerConfiguration writes (SynchronizationRules, Connectors, GlobalSettings), nor PowerShell scripts with New-ADSyncRule, nor DSC YAML or the JSON of Get-ADSyncRule with AttributeFlowMappings.", path)
	}
	if len(r.export.Rules) == 0 && !r.diags.HasErrors() {
		r.problem(noPlace, "No rules", "No sync rule was found in %s (%s), so there is nothing to import.", path, format)
	}
	r.export.dropUnused()
	r.export.sort()
	r.check()
	if r.diags.HasErrors() {
		return nil, r.export.Sources, r.diags
	}
	return r.export, r.export.Sources, r.diags
}

// Result is what an import makes.
type Result struct {
	Files  map[string]string // HCL by file name
	Report string
}

// Generate says an export in landfall's language.
func Generate(e *Export) Result {
	t := adapt(e)
	t.noteConnectors()
	t.noteSettings()
	files := t.files()
	return Result{Files: files, Report: t.report(files)}
}

// Import reads an export and writes what it makes of it into a new folder, whole
// or not at all. It returns the report.
func Import(path, out string, opts Options) (string, Sources, hcl.Diagnostics) {
	if err := vacant(out); err != nil {
		return "", nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Output folder not usable", Detail: err.Error()}}
	}
	export, sources, diags := Read(path, opts)
	if diags.HasErrors() {
		return "", sources, diags
	}
	result := Generate(export)
	report, err := write(result, out)
	if err != nil {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Output not written", Detail: fmt.Sprintf("Nothing was written to %s: %s.", out, plainError(err))})
	}
	return report, sources, diags
}

// vacant refuses a folder that has something in it.
func vacant(out string) error {
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s could not be read: %w. Name a folder that does not exist yet", out, plainError(err))
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty. An import never writes over files; name a folder that does not exist yet, and compare the two", out)
	}
	return nil
}

// write writes all files into a folder beside out and renames it, so that out is
// never half an import. The report ends with what validate says of the result.
func write(result Result, out string) (string, error) {
	out = filepath.Clean(out)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(filepath.Dir(out), ".landfall-import-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp) // nothing is left there after the rename
	for name, text := range result.Files {
		if err := os.WriteFile(filepath.Join(temp, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	report := result.Report + validation(temp)
	if err := os.WriteFile(filepath.Join(temp, ReportName), []byte(report), 0o644); err != nil {
		return "", err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", err
	}
	if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return report, os.Rename(temp, out)
}

// validation is what is still to be done before the configuration validates.
func validation(dir string) string {
	_, _, diags := lang.Load(dir, lang.LoadOptions{})
	var lines []string
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		line := d.Summary + ": " + d.Detail
		if d.Subject != nil {
			line = fmt.Sprintf("%s:%d: %s", d.Subject.Filename, d.Subject.Start.Line, line)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return "\nlandfall validate accepts the result.\n"
	}
	return section("Before landfall validate accepts the result", slices.Compact(lines))
}
