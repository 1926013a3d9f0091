package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/landfall-directory/landfall/planner/signature"
)

// sigSuffix makes the name of a signature of that of a plan.
const sigSuffix = ".sig"

// key reads a key from a file, or, for env:NAME, from the environment.
func (a *app) key(flag, from string) ([]byte, error) {
	if name, ok := strings.CutPrefix(from, "env:"); ok {
		if text := a.getenv(name); text != "" {
			return []byte(strings.TrimSpace(text) + "\n"), nil
		}
		return nil, fmt.Errorf("%s: the environment has no %s", flag, name)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return data, nil
}

// sign writes the signature of a plan beside it.
func (a *app) sign(from, plan string, data []byte) error {
	if plan == "" {
		return errors.New("-sign signs the file that -out writes, so it needs -out")
	}
	key, err := a.key("-sign", from)
	if err != nil {
		return err
	}
	sig, err := signature.Sign(key, data)
	if err != nil {
		return fmt.Errorf("-sign: %w", err)
	}
	return writeFile(plan+sigSuffix, sig)
}

// verify refuses a plan that no trusted key signed.
func (a *app) verify(from, plan string, data []byte) error {
	keys, err := a.key("-verify", from)
	if err != nil {
		return err
	}
	sig, err := os.ReadFile(plan + sigSuffix)
	if err != nil {
		return fmt.Errorf("-verify: the plan is not signed: %w", err)
	}
	who, err := signature.Verify(keys, data, sig)
	if err != nil {
		return fmt.Errorf("-verify: %s: %w", plan+sigSuffix, err)
	}
	fmt.Fprintf(a.stderr, "The plan was signed by %s.\n", escapeLines(strings.TrimSpace(who)))
	return nil
}
