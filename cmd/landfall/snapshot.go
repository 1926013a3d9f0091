package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/refresh"
)

func (a *app) snapshotCommand() *cobra.Command {
	var f snapshotFlags
	c := &cobra.Command{
		Use:   "snapshot FILE",
		Short: "Save what the directories hold, to plan without them",
		Long: "snapshot reads the directories and writes what they hold to FILE (compressed with zstd). \"plan -snapshot FILE\"\n" +
			"plans on it without any credential or network. FILE may be backend:NAME, which is kept where the journals are. It holds\n" +
			"names, addresses and memberships of people: treat it as such.\n\n" +
			"With -pseudonymise it holds pseudonyms, keyed with a secret, in place of all values but those that the rules look into,\n" +
			"which are listed. A plan on it has the shape of the real one, and cannot be applied.",
		Args: args(1, 1),
		RunE: func(c *cobra.Command, names []string) error { return a.saveSnapshot(c.Context(), names[0], f) },
	}
	c.Flags().BoolVar(&f.narrow, "narrow", false, "read only what this configuration needs; changed rules may then need another snapshot")
	c.Flags().StringVar(&f.key, "pseudonymise", "", "replace names and values by pseudonyms that are made with this `KEY`: a file with a secret of 16 characters or more, or env:NAME")
	c.Flags().StringArrayVar(&f.keep, "keep", nil, "with -pseudonymise, leave the values of this `ATTRIBUTE` as they are; may be repeated")
	return c
}

func (a *app) saveSnapshot(ctx context.Context, name string, f snapshotFlags) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	key, err := a.pseudonymKey(cfg, f)
	if err != nil {
		return err
	}
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	requests := planner.Requests(cfg)
	var snap planner.Snapshot
	if f.narrow {
		snap, err = a.read(ctx, cfg, dirs)
	} else {
		snap, err = a.reading(dirs, func() (s planner.Snapshot, err error) {
			s, requests, err = refresh.Everything(ctx, cfg, dirs.readers)
			return s, err
		})
	}
	if err != nil {
		return a.explain(err)
	}
	info := planner.SnapshotInfo{LandfallVersion: version, Created: time.Now().UTC().Format(time.RFC3339), ConfigDigest: cfg.Digest, Requests: requests}
	if key != nil {
		if snap, info.Pseudonymised, err = pseudonymise(cfg, snap, key, f.keep); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		return err
	}
	if err := planner.EncodeSnapshot(z, snap, info); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := a.writeSnapshot(ctx, cfg.Backend, name, out.Bytes()); err != nil {
		return fmt.Errorf("saving the snapshot: %w", err)
	}
	if _, err = fmt.Fprintf(a.stdout, "Saved to %s (%d bytes).\n", escapeLines(name), out.Len()); err == nil && info.Pseudonymised != nil {
		err = a.listReadable(info.Pseudonymised)
	}
	return err
}

// inBackend begins the name of a snapshot that is kept in the backend.
const inBackend = "backend:"

// inBackendName is the name in the backend.
func inBackendName(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, inBackend)
	return "snapshots/" + rest, ok
}

func (a *app) writeSnapshot(ctx context.Context, b *lang.Backend, name string, data []byte) error {
	stored, ok := inBackendName(name)
	if !ok {
		return writeFile(name, data)
	}
	s, err := a.openBackend(ctx, b)
	if err != nil {
		return err
	}
	return errors.Join(s.Write(ctx, stored, data), s.Close())
}

func (a *app) readSnapshot(ctx context.Context, b *lang.Backend, name string) ([]byte, error) {
	stored, ok := inBackendName(name)
	if !ok {
		return os.ReadFile(name)
	}
	s, err := a.openBackend(ctx, b)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	data, err := s.Read(ctx, stored)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no snapshot %q in %s; \"landfall snapshot %s\" makes it", strings.TrimPrefix(name, inBackend), s.Where(), name)
	}
	return data, err
}

// loadSnapshot reads a snapshot for a configuration and refuses an old one.
func (a *app) loadSnapshot(ctx context.Context, name string, cfg *lang.Config, maxAge time.Duration) (planner.Snapshot, error) {
	data, err := a.readSnapshot(ctx, cfg.Backend, name)
	if err != nil {
		return nil, fmt.Errorf("-snapshot: %w", err)
	}
	z, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	snap, info, err := planner.DecodeSnapshot(z, cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	created, err := time.Parse(time.RFC3339, info.Created)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: it does not say when it was made", name, planner.ErrSnapshot)
	}
	age := time.Since(created).Round(time.Second)
	if maxAge > 0 && age > maxAge {
		return nil, fmt.Errorf("%s was made %s ago, and -max-age is %s. Make it again", name, age, maxAge)
	}
	fmt.Fprintf(a.stderr, "Planning on a snapshot that was made %s ago; nothing is read from the directories.\n", age)
	if info.Pseudonymised != nil {
		fmt.Fprintln(a.stderr, "It is pseudonymised: no name or value in it is a real one, but for those that its maker kept.")
	}
	return snap, planner.CheckSnapshot(cfg, snap)
}
