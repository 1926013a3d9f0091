package lang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/landfall-directory/landfall/lang/standard"
)

// FindRule finds a rule by its name or address. Where there is none, the error
// suggests the nearest name.
func (c *Config) FindRule(name string) (*Rule, error) {
	var names []string
	for _, r := range c.Rules {
		if r.Name == name || r.Address == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return nil, fmt.Errorf("there is no rule %q.%s", name, didYouMean(name, names))
}

// RuleSource is the text of a rule as it is declared, with the comments right
// above it. A rule that a writeback compiles to has none of its own; the text of
// the writeback is returned.
func (c *Config) RuleSource(r *Rule) (string, error) {
	src, at, err := c.declaration(r)
	if err != nil {
		return "", err
	}
	return string(src[commentsAbove(src, at.Start.Byte):at.End.Byte]) + "\n", nil
}

// declaration finds the block of a rule.
func (c *Config) declaration(r *Rule) ([]byte, hcl.Range, error) {
	var src []byte
	if r.Standard {
		pack := strings.TrimSuffix(strings.TrimPrefix(r.Range.Filename, "standard/"), ".hcl")
		src, _ = standard.Source(pack)
	} else if f := c.Files[r.Range.Filename]; f != nil {
		src = f.Bytes
	}
	file, diags := hclsyntax.ParseConfig(src, r.Range.Filename, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, hcl.Range{}, diags
	}
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		if b.DefRange().Start.Line == r.Range.Start.Line {
			return src, b.Range(), nil
		}
	}
	return nil, hcl.Range{}, fmt.Errorf("the text of rule %q is not at hand (%s:%d)", r.Name, r.Range.Filename, r.Range.Start.Line)
}

// commentsAbove moves the start of a block up over the comment lines that stand
// right above it.
func commentsAbove(src []byte, start int) int {
	for start > 0 {
		line := strings.LastIndexByte(string(src[:start-1]), '\n') + 1
		if !strings.HasPrefix(strings.TrimSpace(string(src[line:start])), "#") {
			break
		}
		start = line
	}
	return start
}

// CloneRule prints a custom copy of a standard rule, to be put into a file of the
// configuration: the practice that Entra Connect's guidance asks for, since a
// standard rule cannot be edited. Its precedence is the highest number below 100
// that is free, so that it wins over the original and over nothing else.
func (c *Config) CloneRule(r *Rule) (string, error) {
	if !r.Standard {
		return "", fmt.Errorf("%s is not a standard rule; it is declared at %s:%d, where it can be edited", r.Name, r.Range.Filename, r.Range.Start.Line)
	}
	pack := c.packOf(r)
	precedence, err := c.freePrecedence()
	if err != nil {
		return "", err
	}
	src, at, err := c.declaration(r)
	if err != nil {
		return "", err
	}
	text := string(src[at.Start.Byte:at.End.Byte]) + "\n"
	original, label := strings.TrimSuffix(r.Name, pack.ruleName("")), "custom_"
	if pack.Name != pack.Pack {
		label += pack.Name + "_"
	}
	name := r.Name + " (custom)"
	text = strings.NewReplacer(
		strconv.Quote(original), strconv.Quote(name),
		"pack.entra", pack.Entra.Address(), "pack.ad", pack.AD.Address(),
		"${pack.member_limit_m365}", strconv.Itoa(pack.MemberLimitM365), "${pack.member_limit_security}", strconv.Itoa(pack.MemberLimitSecurity),
	).Replace(text)
	head, body, _ := strings.Cut(text, "\n")
	text = fmt.Sprintf("# A copy of the standard rule %q. It no longer receives changes of the pack.\n# Switch the original off in standard_rules %q: disable = [%q]\n%s\n  precedence = %d\n%s",
		r.Name, pack.Name, original, strings.Replace(head, `sync_rule "`, `sync_rule "`+label, 1), precedence, body)
	return string(Format([]byte(text))), nil
}

func (c *Config) packOf(r *Rule) *StandardRules {
	for _, p := range c.Packs {
		if strings.HasPrefix(r.Address, "standard_rules."+p.Name+"[") {
			return p
		}
	}
	return nil
}

func (c *Config) freePrecedence() (int, error) {
	for n := lastCustom; n >= 0; n-- {
		if !slices.ContainsFunc(c.Rules, func(r *Rule) bool { return r.Precedence == n }) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("every precedence from 0 to %d is taken", lastCustom)
}
