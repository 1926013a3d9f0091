package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
	"github.com/landfall-directory/landfall/planner/sqlite"
)

func (a *app) metaverseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "metaverse",
		Short: "Look into the metaverse: objects, values, the rules that gave them, and what they are joined to",
		Long:  "The metaverse is computed anew from the directories, or from a snapshot. It is not stored.",
		Args:  subcommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.metaverseSearchCommand(), a.metaverseShowCommand(), a.metaverseExportCommand())
	return c
}

// metaverseFlags are how objects of the metaverse are shown.
type metaverseFlags struct {
	offlineFlags
	format, view string
	limit        int
}

func (f *metaverseFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", "text", "`FORMAT` is text or json")
	c.Flags().StringVar(&f.view, "view", "default", "how much to show: `VIEW` is default, or full for lists without end")
	words(c, "format", "text", "json")
	words(c, "view", "default", "full")
	f.offlineFlags.register(c)
}

func (a *app) metaverseSearchCommand() *cobra.Command {
	var f metaverseFlags
	c := &cobra.Command{
		Use:   "search EXPRESSION",
		Short: "Find objects by their attributes",
		Long: "search compares attributes of the metaverse as scope clauses do: without case, and with several values any\n" +
			"match counts. The operators are =, !=, <, <=, >, >=, contains, startswith, endswith, present, absent and all\n" +
			"those of Entra Connect; and, or, not and brackets combine comparisons. type is the type of an object, provider\n" +
			"the address of a directory that it is joined to. An expression that reads source.… is HCL.",
		Example: "  landfall metaverse search 'displayName startswith \"M365\"'\n  landfall metaverse search 'type = person and cloudAnchor absent'\n" +
			"  landfall metaverse search 'length(source.proxyAddresses) > 1'",
		Args: args(1, 1),
		RunE: func(c *cobra.Command, words []string) error { return a.searchMetaverse(c.Context(), words[0], f) },
	}
	f.register(c)
	c.Flags().IntVar(&f.limit, "limit", 20, "show at most `COUNT` objects; 0 shows all")
	return c
}

func (a *app) searchMetaverse(ctx context.Context, expression string, f metaverseFlags) error {
	if f.limit < 0 {
		return fmt.Errorf("-limit is %d; it may be 0 or more", f.limit)
	}
	var search *lang.Search
	v, _, err := a.viewMetaverse(ctx, f, func(cfg *lang.Config) error {
		s, sources, diags := cfg.ParseSearch(lang.Line{File: "EXPRESSION", Text: expression})
		if search = s; s == nil {
			return errors.Join(a.diagnostics(sources, diags), &exit{status: exitError})
		}
		return nil
	})
	if err != nil {
		return err
	}
	found, failed, err := v.Search(search)
	if failed > 0 {
		fmt.Fprintf(a.stderr, "%s the expression fails for %d objects, which are not found; first for %s\n", a.paint("Warning:"), failed, report.Escape(err.Error()))
	}
	shown := found
	if f.limit > 0 && len(found) > f.limit {
		shown = found[:f.limit]
	}
	objects := make([]planner.MetaverseObject, len(shown))
	for i, number := range shown {
		objects[i] = v.Object(number)
	}
	return a.writeObjects(objects, len(found)-len(shown), f)
}

func (a *app) metaverseShowCommand() *cobra.Command {
	var f metaverseFlags
	c := &cobra.Command{
		Use:   "show OBJECT",
		Short: "Show one object with every value, the rule that gave it, and what stands for it",
		Long:  "OBJECT is a display name, an id, a DN, a cloudAnchor (Group_…), a sAMAccountName, an objectGUID, a userPrincipalName\nor a mail address.",
		Args:  args(1, 1),
		RunE:  func(c *cobra.Command, words []string) error { return a.showMetaverse(c.Context(), words[0], f) },
	}
	f.register(c)
	return c
}

func (a *app) showMetaverse(ctx context.Context, object string, f metaverseFlags) error {
	v, _, err := a.viewMetaverse(ctx, f, nil)
	if err != nil {
		return err
	}
	found, err := v.Find(object)
	if err != nil {
		return candidates(err)
	}
	if found.Number() == 0 {
		return fmt.Errorf("%q of %s is not in the metaverse: it joined no object there, and no rule projects it. \"landfall explain %s\" tells why",
			found.Object.Name, found.Object.Provider, quote(found.Object.ID))
	}
	return a.writeObjects([]planner.MetaverseObject{v.Object(found.Number())}, 0, f)
}

func (a *app) metaverseExportCommand() *cobra.Command {
	var o offlineFlags
	c := &cobra.Command{
		Use:   "export FILE.sqlite",
		Short: "Write the metaverse as an SQLite database",
		Long: "export writes objects, attributes, lineage, joins and references as tables, so that SQL answers questions;\n" +
			"docs/metaverse-sql.md has some. The file holds names, addresses and memberships of people: treat it as such.",
		Args: args(1, 1),
		RunE: func(c *cobra.Command, words []string) error { return a.exportMetaverse(c.Context(), words[0], o) },
	}
	o.register(c)
	return c
}

func (a *app) exportMetaverse(ctx context.Context, name string, o offlineFlags) error {
	if ext := strings.ToLower(filepath.Ext(name)); ext != ".sqlite" && ext != ".sqlite3" && ext != ".db" {
		return fmt.Errorf("%q: the file is an SQLite database; give it a name that ends in .sqlite", name)
	}
	v, cfg, err := a.viewMetaverse(ctx, metaverseFlags{offlineFlags: o, format: "text", view: "default"}, nil)
	if err != nil {
		return err
	}
	if err := sqlite.Export(name, cfg, v, version); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%d objects of the metaverse are in %s.\n", v.Len(), report.Escape(name))
	return err
}

// viewMetaverse computes the metaverse. What can be checked without reading any
// directory is checked first.
func (a *app) viewMetaverse(ctx context.Context, f metaverseFlags, check func(*lang.Config) error) (*planner.MetaverseView, *lang.Config, error) {
	if err := oneOf("-format", f.format, "text", "json"); err != nil {
		return nil, nil, err
	}
	if _, err := a.textOptions(f.view); err != nil {
		return nil, nil, err
	}
	cfg, snap, err := a.look(ctx, f.offlineFlags, check)
	if err != nil {
		return nil, nil, err
	}
	v, err := planner.Metaverse(cfg, snap, a.lookOptions(cfg))
	return v, cfg, err
}

func (a *app) writeObjects(objects []planner.MetaverseObject, more int, f metaverseFlags) error {
	if f.format == "json" {
		return writeJSON(a.stdout, struct {
			Objects []planner.MetaverseObject `json:"objects"`
			More    int                       `json:"more"` // found and left out
		}{objects, more})
	}
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	return report.MetaverseObjects(a.stdout, objects, more, "-limit 0 shows all", options)
}
