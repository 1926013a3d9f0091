package report

import (
	"net/url"
	"path"
	"strconv"
	"strings"
)

// Source says where the configuration's files lie, for links and annotations.
type Source struct {
	// Dir is the configuration's directory in its repository, with slashes; ""
	// is the top.
	Dir string
	// LinkBase is where the repository's files can be seen, as in
	// https://github.com/contoso/identity/blob/3f9c2e1. "{path}" and "{line}" in
	// it are replaced; without them, "/path#Lline" is added. Empty: no links.
	LinkBase string
}

// packDir is where the built-in rules stand; they are in no repository.
const packDir = "standard/"

// path is a file's path in the repository, "" for what cannot be there.
func (s Source) path(file string) string {
	file = strings.ReplaceAll(file, `\`, "/")
	if file == "" || strings.HasPrefix(file, packDir) || path.IsAbs(file) {
		return ""
	}
	whole := path.Join(strings.ReplaceAll(s.Dir, `\`, "/"), file)
	if path.IsAbs(whole) || whole == ".." || strings.HasPrefix(whole, "../") || strings.Contains(whole, ":") || Escape(whole) != whole {
		return ""
	}
	return whole
}

// url links to a line of a file, "" where there is nothing to link to.
func (s Source) url(file string, line int) string {
	p := s.path(file)
	if s.LinkBase == "" || p == "" {
		return ""
	}
	p = (&url.URL{Path: p}).EscapedPath()
	number := strconv.Itoa(max(line, 1))
	if strings.Contains(s.LinkBase, "{path}") {
		return linkable(strings.NewReplacer("{path}", p, "{line}", number).Replace(s.LinkBase))
	}
	return linkable(strings.TrimRight(s.LinkBase, "/") + "/" + p + "#L" + number)
}

// linkable returns a link that may stand in Markdown and HTML, "" for what is no
// address of the web.
func linkable(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return unlinked.Replace(u.String())
}

// unlinked are the characters that could end a link of Markdown.
var unlinked = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20", "`", "%60", `"`, "%22", "'", "%27", "|", "%7C", "[", "%5B", "]", "%5D", "*", "%2A")
