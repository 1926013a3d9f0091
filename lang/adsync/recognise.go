package adsync

import (
	"io/fs"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// formats in the order in which they win when a folder has files of several.
var formats = []Format{FormatServer, FormatPowerShell, FormatDSC, FormatJSON}

// recognise tells the format of an export by what is in its files, and which of
// them belong to it.
func (r *reader) recognise(files []string) (Format, []string) {
	byFormat := map[Format][]string{}
	for _, name := range files {
		if format := r.formatOf(name); format != "" {
			byFormat[format] = append(byFormat[format], name)
		}
	}
	for i, format := range formats {
		if len(byFormat[format]) == 0 {
			continue
		}
		for _, other := range formats[i+1:] {
			for _, name := range byFormat[other] {
				r.export.note(LeftOut, hcl.Range{}, "", "the file "+name+": the folder is read as "+string(format))
			}
		}
		return format, byFormat[format]
	}
	return "", nil
}

var (
	jsonRules   = regexp.MustCompile(`"AttributeFlowMappings"\s*:`)
	yamlRules   = regexp.MustCompile(`(?m)^[\s-]*['"]?(AttributeFlowMappings|ScopeFilter|JoinFilter|AADSyncRules)['"]?\s*:`)
	scriptRules = regexp.MustCompile(`(?i)\b(New|Add|Get)-ADSync(Rule|AttributeFlowMapping|ScopeConditionGroup|JoinConditionGroup)\b`)
)

// formatOf tells the format of one file; "" for a file of another kind. What its
// ending promises counts only where the content does not tell.
func (r *reader) formatOf(name string) Format {
	promised := map[string]Format{".xml": FormatServer, ".ps1": FormatPowerShell, ".psm1": FormatPowerShell, ".yml": FormatDSC, ".yaml": FormatDSC, ".json": FormatJSON}[extension(name)]
	info, err := fs.Stat(r.fsys, name)
	if err != nil || info.Size() > maxFileSize {
		return promised
	}
	raw, err := fs.ReadFile(r.fsys, name)
	if err != nil {
		return promised
	}
	text, _ := decodeText(raw)
	head := strings.TrimSpace(text[:min(len(text), 1000)])
	switch {
	case strings.HasPrefix(head, "<") && !strings.HasPrefix(head, "<#"):
		return FormatServer
	case jsonRules.MatchString(text):
		return FormatJSON
	case scriptRules.MatchString(text):
		return FormatPowerShell
	case yamlRules.MatchString(text):
		return FormatDSC
	}
	return promised
}
