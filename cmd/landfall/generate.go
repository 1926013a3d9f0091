package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/providers/sandbox"
)

// generatedConfig is the configuration of a generated sandbox.
//
//go:embed generated/main.hcl
var generatedConfig []byte

// The most that is generated: the files are made in memory.
const (
	mostGroups  = 200_000
	mostUsers   = 1_000_000
	mostMembers = 5_000_000
)

func (a *app) generateCommand() *cobra.Command {
	o := sandbox.GenerateOptions{OUs: 20, UnifiedShare: 0.2, NestedShare: 0.02, CloudOnlyShare: 0.05}
	c := &cobra.Command{
		Use:   "generate DIR",
		Short: "Make a tenant and a forest of any size, to try landfall on",
		Long: "generate writes three files to DIR, which it makes if it is not there: tenant.json, corp.ldif and a main.hcl that\n" +
			"connects to both. The people and groups are invented; the same numbers make the same files. Then: landfall -chdir DIR plan",
		Args: args(1, 1),
		RunE: func(_ *cobra.Command, dir []string) error { return a.generate(dir[0], o) },
	}
	c.Flags().IntVar(&o.Groups, "groups", 100, "`NUMBER` of cloud groups")
	c.Flags().IntVar(&o.Users, "users", 1000, "`NUMBER` of people")
	c.Flags().IntVar(&o.Memberships, "members", 2000, "`NUMBER` of members that the groups have in all; a few groups have most of them")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "another `NUMBER` makes other groups and members")
	return c
}

func (a *app) generate(dir string, o sandbox.GenerateOptions) error {
	for _, n := range []struct {
		flag       string
		have, most int
	}{{"groups", o.Groups, mostGroups}, {"users", o.Users, mostUsers}, {"members", o.Memberships, mostMembers}} {
		if n.have < 0 || n.have > n.most {
			return fmt.Errorf("-%s is %d; it may be 0 to %d", n.flag, n.have, n.most)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"tenant.json", "corp.ldif", "main.hcl"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s has a %s already; generate overwrites nothing. Name another folder", dir, name)
		}
	}
	tenant, forest := sandbox.Generate(o)
	for _, f := range []struct {
		name string
		data []byte
	}{{"tenant.json", tenant}, {"corp.ldif", forest}, {"main.hcl", generatedConfig}} {
		if err := writeFile(filepath.Join(dir, f.name), f.data); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.stdout, "%s has %s, %s and %s in all. Next: landfall -chdir %s plan\n", escapeLines(quote(dir)),
		count(o.Groups, "group"), count(o.Users, "user"), count(o.Memberships, "member"), escapeLines(quote(dir)))
	return err
}
