//go:build !linux

package samba

import "fmt"

func start(Options) (*DC, error) {
	return nil, fmt.Errorf("%w: it is run on Linux only", errUnavailable)
}
