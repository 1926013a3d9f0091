package lang

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/landfall-directory/landfall/lang/schema"
)

// LoadOptions are what a run brings to a configuration.
type LoadOptions struct {
	Vars     map[string]string // -var name=value
	VarFiles []string          // -var-file, relative to the configuration, later ones win
	Environ  []string          // NAME=value; LANDFALL_VAR_name sets a variable
	Version  string            // of the program, for required_version; "" satisfies every constraint
	// DigestKey keys the digests of sensitive variables in Config.Digest.
	DigestKey []byte
}

// maxFileSize bounds a source file; HCL's parser recurses as deep as its input.
const maxFileSize = 8 << 20

// Load reads the configuration in a directory. The Config is nil when an error is
// among the diagnostics; the sources come back in every case, to show lines of.
func Load(dir string, opts LoadOptions) (*Config, Sources, hcl.Diagnostics) {
	return newLoader(dir, opts).load()
}

// LoadFS is Load from a file system, which also holds the variable files.
func LoadFS(fsys fs.FS, opts LoadOptions) (*Config, Sources, hcl.Diagnostics) {
	return newLoaderFS(fsys, ".", opts, func(name string) ([]byte, error) { return fs.ReadFile(fsys, name) }).load()
}

// newLoader reads from a directory.
func newLoader(dir string, opts LoadOptions) *loader {
	return newLoaderFS(os.DirFS(dir), dir, opts, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return os.ReadFile(name)
	})
}

func newLoaderFS(fsys fs.FS, dir string, opts LoadOptions, readVarFile func(string) ([]byte, error)) *loader {
	l := &loader{
		opts: opts, fsys: fsys, dir: dir, readVarFile: readVarFile,
		files:     Sources{},
		functions: allFunctions(),
		secrets:   map[string]bool{},
		varFiles:  map[string]bool{},
		config:    &Config{Backend: &Backend{Kind: "local", Path: defaultFolder}},
		metaverse: space{schema: schema.Metaverse, name: "the metaverse"},
	}
	l.scope = newScope(l)
	return l
}

func (l *loader) load() (*Config, Sources, hcl.Diagnostics) {
	l.run()
	l.hideSecrets()
	l.diags = sorted(l.diags)
	if l.diags.HasErrors() {
		return nil, l.files, l.diags
	}
	l.config.Files, l.config.loader = l.files, l
	return l.config, l.files, l.diags
}

// loader carries one load from the files to the Config.
type loader struct {
	opts        LoadOptions
	fsys        fs.FS
	dir         string // for messages
	readVarFile func(string) ([]byte, error)

	files     Sources
	diags     hcl.Diagnostics
	functions map[string]function.Function
	scope     *scope          // of the user's files
	secrets   map[string]bool // texts that came out of sensitive values
	variables []*variable
	varFiles  map[string]bool         // names of variable files
	blocks    map[string][]*hcl.Block // by type, in order of file names

	config     *Config
	metaverse  space                 // what ou_mapping, writeback and outbound rules read
	providers  map[string]*Provider  // by address
	mappings   map[string]*OUMapping // by address
	writebacks map[string]*Writeback // by address
	rules      []*declaredRule       // of the user's files and of packs

	writebackArguments map[*Writeback]*arguments

	redacted     []item    // the elements of settings.redact
	upnAttribute hcl.Range // of settings.upn_attribute
}

func (l *loader) report(diags hcl.Diagnostics) { l.diags = append(l.diags, diags...) }

// run is the way of a configuration; see the package comment.
func (l *loader) run() {
	l.readBlocks()
	if l.blocks == nil {
		return
	}
	l.decodeLandfall()
	l.decodeSettings()
	l.decodeMetaverse()
	l.decodeProviders()
	l.decodeMappings()
	l.decodePacks()
	l.decodeRules()
	l.decodeWritebacks()
	l.decodeGuards()
	l.decodeProtected()
	l.assemble()
	l.check()
	l.config.Digest = l.digest()
}

// readBlocks parses the files and makes their names known; blocks stays nil when
// a file cannot be parsed.
func (l *loader) readBlocks() {
	bodies := l.parse()
	if l.diags.HasErrors() {
		return
	}
	l.blocks = map[string][]*hcl.Block{}
	for _, body := range bodies {
		content, diags := body.Content(rootSchema)
		l.report(l.suggest(diags, rootSchema))
		for _, b := range content.Blocks {
			l.blocks[b.Type] = append(l.blocks[b.Type], b)
		}
	}
	l.checkLabels()
	l.loadVariables()
	l.declareNames()
	l.evaluateLocals()
	l.validateVariables()
}

// rootSchema lists the blocks of a file.
var rootSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "landfall"},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "locals"},
	{Type: "provider", LabelNames: []string{"kind", "label"}},
	{Type: "settings"},
	{Type: "metaverse"},
	{Type: "standard_rules", LabelNames: []string{"pack"}},
	{Type: "sync_rule", LabelNames: []string{"label"}},
	{Type: "ou_mapping", LabelNames: []string{"name"}},
	{Type: "writeback", LabelNames: []string{"name"}},
	{Type: "guard", LabelNames: []string{"name"}},
	{Type: "protect"},
}}

// parse reads the source files, in order of their names.
func (l *loader) parse() []hcl.Body {
	names, err := fs.Glob(l.fsys, "*.hcl")
	if err == nil {
		_, err = fs.Stat(l.fsys, ".")
	}
	if err != nil {
		l.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Configuration not readable", Detail: fmt.Sprintf("The directory %s could not be read: %s.", l.dir, err)}})
		return nil
	}
	slices.Sort(names)
	var bodies []hcl.Body
	for _, name := range names {
		if strings.HasSuffix(name, ".vars.hcl") || strings.HasSuffix(name, ".test.hcl") || strings.HasPrefix(name, ".") {
			continue
		}
		src, err := fs.ReadFile(l.fsys, name)
		if err != nil {
			l.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "File not readable", Detail: fmt.Sprintf("%s could not be read: %s.", name, err)}})
			continue
		}
		if f, ok := l.parseFile(name, src); ok {
			bodies = append(bodies, f.Body)
		}
	}
	if len(bodies) == 0 && !l.diags.HasErrors() {
		l.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "No configuration",
			Detail: fmt.Sprintf("The directory %s has no file whose name ends in .hcl, apart from variable and test files. Name the directory of the configuration with -chdir.", l.dir)}})
	}
	return bodies
}

// parseFile parses one file and keeps it for snippets.
func (l *loader) parseFile(name string, src []byte) (*hcl.File, bool) {
	at := hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
	switch {
	case len(src) > maxFileSize:
		l.report(hcl.Diagnostics{problem(at, "File too large", "The file has %d bytes; %d is the most that is read.", len(src), maxFileSize)})
		return nil, false
	case !utf8.Valid(src):
		l.report(hcl.Diagnostics{problem(at, "File is not UTF-8", "The file holds bytes that are not UTF-8 text. Save it as UTF-8.")})
		return nil, false
	case tooDeep(src):
		l.report(hcl.Diagnostics{problem(at, "Nested too deeply", "Brackets or templates are nested more than %d deep in this file, or one block has more than %d operators.", maxDepth, maxChain)})
		return nil, false
	}
	f, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	l.files[name] = f
	l.report(diags)
	return f, f != nil && !diags.HasErrors()
}

// maxDepth and maxChain are far above what people write and far below what
// exhausts a stack.
const (
	maxDepth = 500
	maxChain = 50_000
)

// tooDeep reports whether parsing or evaluating src would recurse without bound:
// open brackets and templates, and chains of operators and indexes in one block.
func tooDeep(src []byte) bool {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	depth, chain := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOParen, hclsyntax.TokenOBrace, hclsyntax.TokenTemplateInterp,
			hclsyntax.TokenTemplateControl, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
			depth++
		case hclsyntax.TokenOBrack:
			depth++
			chain++
		case hclsyntax.TokenCParen, hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenTemplateSeqEnd,
			hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
			depth--
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion, hclsyntax.TokenPlus, hclsyntax.TokenStar,
			hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp,
			hclsyntax.TokenNotEqual, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq:
			chain++
		case hclsyntax.TokenNewline:
			if depth == 0 {
				chain = 0
			}
		}
		if depth > maxDepth || chain > maxChain {
			return true
		}
	}
	return false
}

// checkLabels drops blocks whose labels cannot be referred to and reports those
// that are there twice.
func (l *loader) checkLabels() {
	for _, header := range rootSchema.Blocks {
		seen := map[string]*hcl.Block{}
		var kept []*hcl.Block
		for _, b := range l.blocks[header.Type] {
			if !l.checkLabel(b) {
				continue
			}
			key := strings.Join(b.Labels, ".")
			if header.Type == "locals" || header.Type == "protect" {
				kept = append(kept, b)
				continue
			}
			if first := seen[key]; first != nil {
				l.report(hcl.Diagnostics{problem(b.DefRange, "Declared twice", "%s is already declared at %s. One of them must go, or take another name.", blockName(b), place(first.DefRange))})
				continue
			}
			seen[key] = b
			kept = append(kept, b)
		}
		l.blocks[header.Type] = kept
	}
}

func (l *loader) checkLabel(b *hcl.Block) bool {
	for i, label := range b.Labels {
		if !hclsyntax.ValidIdentifier(label) {
			l.report(hcl.Diagnostics{problem(b.LabelRanges[i], "Invalid name",
				"%q cannot be used as a name: a name begins with a letter and has letters, digits, _ and - only, so that other blocks can refer to it.", label)})
			return false
		}
	}
	return true
}

// blockName is how messages name a block: its type and labels.
func blockName(b *hcl.Block) string {
	name := b.Type
	for _, label := range b.Labels {
		name += fmt.Sprintf(" %q", label)
	}
	return name
}

// declareNames makes every block and value known to the expressions.
func (l *loader) declareNames() {
	s := l.scope
	for _, root := range []string{"var", "local", "provider.entra", "provider.ad", "ou_mapping", "writeback"} {
		n := s.declare(root, hcl.Range{})
		n.kids = map[string]*name{}
	}
	for _, v := range l.variables {
		n := s.declare("var."+v.name, v.at)
		n.value, n.state = v.value, evaluated
		if v.failed {
			n.state = failed
		}
	}
	for _, b := range l.blocks["locals"] {
		attrs, diags := b.Body.JustAttributes()
		l.report(diags)
		for _, key := range slices.Sorted(maps.Keys(attrs)) {
			attr := attrs[key]
			if n := s.root.kids["local"].kids[key]; n != nil {
				l.report(hcl.Diagnostics{problem(attr.NameRange, "Declared twice", "local.%s is already declared at %s. One of them must go, or take another name.", key, place(n.at))})
				continue
			}
			s.define("local."+key, attr.NameRange, attr.Expr)
		}
	}
	for _, b := range l.blocks["provider"] {
		l.declareBlock(b, "provider."+b.Labels[0]+"."+b.Labels[1], providerNames[b.Labels[0]])
	}
	for _, b := range l.blocks["ou_mapping"] {
		l.declareBlock(b, "ou_mapping."+b.Labels[0], []string{"root"})
	}
	for _, b := range l.blocks["writeback"] {
		l.declareBlock(b, "writeback."+b.Labels[0], nil)
	}
	s.declare("settings", hcl.Range{})
	var settings *hcl.Block
	if blocks := l.blocks["settings"]; len(blocks) > 0 {
		settings = blocks[0]
	}
	l.declareSettings(settings)
}

// providerNames are the arguments of providers that expressions can read.
var providerNames = map[string][]string{
	"entra": {"tenant_id"},
	"ad":    {"base_dn"},
}

// declareBlock makes a block and some of its arguments known.
func (l *loader) declareBlock(b *hcl.Block, address string, arguments []string) {
	n := l.scope.declare(address, b.DefRange)
	n.block = &blockRef{address: address}
	n.value, n.state = cty.CapsuleVal(blockType, n.block), evaluated
	attrs, _ := b.Body.(*hclsyntax.Body)
	for _, argument := range arguments {
		if attrs == nil || attrs.Attributes[argument] == nil {
			l.scope.set(address+"."+argument, b.DefRange, cty.NullVal(cty.String))
			continue
		}
		attr := attrs.Attributes[argument]
		l.scope.define(address+"."+argument, attr.NameRange, attr.Expr)
	}
}

// evaluateLocals evaluates every local value, so that mistakes in those nobody
// uses are found as well.
func (l *loader) evaluateLocals() {
	for _, group := range []string{"local", "settings"} {
		kids := l.scope.root.kids[group].kids
		for _, key := range slices.Sorted(maps.Keys(kids)) {
			l.scope.force(kids[key])
		}
	}
}

// remember keeps the texts in a sensitive value, which no diagnostic may show.
func (l *loader) remember(v cty.Value) {
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		switch {
		case !v.IsKnown() || v.IsNull():
		case v.Type() == cty.String && v.AsString() != "":
			l.secrets[v.AsString()] = true
		case v.Type() == cty.Number:
			l.secrets[v.AsBigFloat().Text('f', -1)] = true
		}
		return true, nil
	})
}

// hideSecrets takes sensitive texts out of the diagnostics, the longest first.
func (l *loader) hideSecrets() {
	if len(l.secrets) == 0 {
		return
	}
	secrets := slices.SortedFunc(maps.Keys(l.secrets), func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var forms []string
	for _, secret := range secrets {
		quoted := fmt.Sprintf("%q", secret)
		for _, form := range []string{quoted, quoted[1 : len(quoted)-1], secret} {
			form = regexp.QuoteMeta(form)
			if wordPattern.MatchString(secret) {
				form = `\b` + form + `\b` // "a" is not the secret in "that"
			}
			forms = append(forms, form)
		}
	}
	hide := regexp.MustCompile(strings.Join(forms, "|"))
	for _, d := range l.diags {
		d.Detail = hide.ReplaceAllLiteralString(d.Detail, "(sensitive value)")
	}
}

// wordPattern is a short word: it may be a part of others.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,5}$`)
