package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/value"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) consoleCommand() *cobra.Command {
	var o offlineFlags
	var object, space, language string
	c := &cobra.Command{
		Use:   "console",
		Short: "Evaluate expressions against an object",
		Long: "console reads expressions from standard input, one a line, and prints the value and the type of each. A line that\n" +
			"begins with = is in Entra Connect's language for sync rules, every other in HCL, unless -language says otherwise.\n" +
			"Without -object, expressions may use everything but an object.\n\n" +
			"Exit status: 0, or 1 if any expression was wrong.",
		Example: "  echo 'left(source.displayName, 3)' | landfall console -object \"AZ SG01\"\n" +
			"  echo '=Left([displayName],3)' | landfall console -object \"AZ SG01\" -space provider.entra.contoso",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.console(c.Context(), object, space, language, o)
		},
	}
	c.Flags().StringVar(&object, "object", "", "the `OBJECT` that expressions read: a display name, an id, a DN, a cloudAnchor, …")
	c.Flags().StringVar(&space, "space", "", "read the object as `PROVIDER` has it (provider.entra.contoso); without it, as the metaverse has it")
	c.Flags().StringVar(&language, "language", "", "every line is in this `LANGUAGE`: hcl or sync")
	o.register(c)
	return c
}

// maxLine bounds a line of the console.
const maxLine = 1 << 20

// session is one run of the console.
type session struct {
	a        *app
	cfg      *lang.Config
	from     lang.Source
	read     func([]lang.Use) []value.Value
	language string
	failed   bool
}

func (a *app) console(ctx context.Context, object, space, language string, o offlineFlags) error {
	if err := oneOf("-language", language, "", "hcl", "sync"); err != nil {
		return fmt.Errorf("-language is %q; it may be hcl or sync", language)
	}
	s := &session{a: a, language: language}
	if err := s.choose(ctx, object, space, o); err != nil {
		return err
	}
	in := bufio.NewReaderSize(a.stdin, 64<<10)
	for number := 1; ctx.Err() == nil; number++ {
		if isTerminal(a.stdin) {
			fmt.Fprint(a.stdout, "> ")
		}
		line, err := readLine(in)
		if errors.Is(err, io.EOF) && line == "" {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := s.evaluate(line, number); err != nil {
			return err
		}
	}
	if s.failed {
		return &exit{status: exitError}
	}
	return ctx.Err()
}

// readLine reads one line without its end.
func readLine(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		part, err := in.ReadSlice('\n')
		if b.Len()+len(part) > maxLine {
			return "", fmt.Errorf("a line of standard input is longer than %d bytes", maxLine)
		}
		b.Write(part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return strings.TrimRight(b.String(), "\r\n"), err
		}
	}
}

// choose finds the object. Without one, no directory is read.
func (s *session) choose(ctx context.Context, object, space string, o offlineFlags) error {
	if object == "" {
		if space != "" {
			return errors.New("-space says how an object is read; choose one with -object")
		}
		cfg, err := s.a.load()
		s.cfg, s.from = cfg, lang.Source{None: true}
		return err
	}
	var provider *lang.Provider
	cfg, snap, err := s.a.look(ctx, o, func(cfg *lang.Config) (err error) {
		provider, err = chosenProvider(cfg, space)
		return err
	})
	if err != nil {
		return err
	}
	v, err := planner.Metaverse(cfg, snap, s.a.lookOptions(cfg))
	if err != nil {
		return err
	}
	found, err := v.Find(object)
	if err != nil {
		return candidates(err)
	}
	s.cfg, s.from = cfg, lang.Source{Provider: provider}
	s.read, s.from.ObjectType, err = v.Reader(found, provider)
	if err != nil && space == "" {
		return fmt.Errorf("%w. Choose it with -space %s", err, found.Object.Provider)
	}
	return err
}

func chosenProvider(cfg *lang.Config, space string) (*lang.Provider, error) {
	if space == "" {
		return nil, nil
	}
	var addresses []string
	for _, p := range cfg.Providers {
		if p.Address() == space {
			return p, nil
		}
		addresses = append(addresses, p.Address())
	}
	return nil, fmt.Errorf("-space is %q, which is no provider of the configuration.%s They are %s", space, lang.DidYouMean(space, addresses), strings.Join(addresses, ", "))
}

// evaluate prints the value of one line, or what is wrong with it.
func (s *session) evaluate(text string, number int) error {
	line := lang.Line{File: "stdin", Number: number, Text: text}
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || strings.HasPrefix(trimmed, "#") {
		return nil
	}
	language := lang.LanguageHCL
	if s.language == "sync" {
		language = lang.LanguageSync
	}
	if s.language == "" && strings.HasPrefix(trimmed, "=") {
		language = lang.LanguageSync
		before, after, _ := strings.Cut(text, "=")
		line.Prefix, line.Text = before+"=", after
	}
	e, sources, diags := s.cfg.CompileLine(line, language, s.from)
	if err := s.a.diagnostics(sources, diags); err != nil {
		return err
	}
	if e == nil {
		s.failed = true
		return nil
	}
	var args []value.Value
	if s.read != nil {
		args = s.read(e.Uses)
	}
	v, diags := e.Eval(args)
	if hidden := s.redacted(e); hidden != "" {
		s.failed = s.failed || diags.HasErrors()
		_, err := fmt.Fprintf(s.a.stdout, "(value hidden: settings.redact names %s)\n", hidden)
		return err
	}
	if diags.HasErrors() {
		s.failed = true
		return s.a.diagnostics(sources, diags)
	}
	_, err := fmt.Fprintf(s.a.stdout, "%s : %s\n", report.Escape(v.Text), v.Type)
	return err
}

// redacted is an attribute that the expression reads and nobody may see.
func (s *session) redacted(e *lang.LineExpr) string {
	for _, u := range e.Uses {
		if slices.ContainsFunc(s.cfg.Settings.Redact, func(name string) bool { return strings.EqualFold(name, u.Name) }) {
			return u.Name
		}
	}
	return ""
}
