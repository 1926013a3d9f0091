//go:build !linux

package postgrestest

import "fmt"

type process struct{}

func (*process) stop() {}
func (*process) kill() {}

func start() (*Server, error) {
	return nil, fmt.Errorf("%w: it is run on Linux only", errUnavailable)
}

func (s *Server) run() error                { return errUnavailable }
func (s *Server) standby() (*Server, error) { return nil, errUnavailable }
