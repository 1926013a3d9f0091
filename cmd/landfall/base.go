package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// loadBase reads the configuration that a plan is compared with: a folder, or the
// working directory as it is at a Git reference.
func (a *app) loadBase(ctx context.Context, base string) (*lang.Config, error) {
	options, err := a.variables()
	if err != nil {
		return nil, err
	}
	dir := base
	if info, err := os.Stat(base); err != nil || !info.IsDir() {
		dir, err = gitFiles(ctx, base)
		if dir != "" {
			defer os.RemoveAll(dir)
		}
		if err != nil {
			return nil, err
		}
	}
	cfg, files, diags := lang.Load(dir, options)
	if diags.HasErrors() {
		fmt.Fprintf(a.stderr, "The base configuration (%s):\n", escapeLines(base))
		if err := a.diagnostics(files, diags); err != nil {
			return nil, err
		}
		return nil, &exit{status: exitError}
	}
	return cfg, nil
}

// gitFiles unpacks the working directory as it is at a Git reference into a
// temporary folder.
func gitFiles(ctx context.Context, ref string) (string, error) {
	if strings.HasPrefix(ref, "-") {
		return "", fmt.Errorf("-base is %q; it may be a folder or a Git reference", ref)
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", "archive", "--format=tar", ref, "--", ".")
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("-base is %q, which is neither a folder nor a Git reference that has this directory: %s", ref, strings.TrimSpace(complaint.String()))
	}
	dir, err := os.MkdirTemp("", "landfall-base-")
	if err != nil {
		return "", err
	}
	return dir, unpack(tar.NewReader(&out), dir)
}

// unpack writes the regular files of an archive; names that lead out of the
// folder are refused by os.Root.
func unpack(r *tar.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || strings.Contains(strings.TrimPrefix(h.Name, "./"), "/") {
			continue // a configuration is the files of one folder
		}
		data, err := io.ReadAll(r)
		if err == nil {
			err = root.WriteFile(h.Name, data, 0o600)
		}
		if err != nil {
			return err
		}
	}
}

// sameProviders: two configurations can only be compared on one read when they
// connect the same directories.
func sameProviders(cfg, base *lang.Config) error {
	var x, y []string
	for _, p := range cfg.Providers {
		x = append(x, p.Address())
	}
	for _, p := range base.Providers {
		y = append(y, p.Address())
	}
	if strings.Join(x, " ") != strings.Join(y, " ") {
		return fmt.Errorf("the base configuration connects %s, and this one %s; they cannot be compared on one read", strings.Join(y, ", "), strings.Join(x, ", "))
	}
	return nil
}
