package services

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// readyLimit is how long a server may take to serve after its start.
const readyLimit = time.Minute

// server is one that runs somewhere and has an address.
type server struct {
	recipe  *recipe
	addr    string // host:port, for clients on this machine
	machine machine
}

// begin starts the server and returns when it serves.
func (s *server) begin() error {
	if err := s.machine.start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.recipe.name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	err := poll(ctx, s.machine.exited(), func(ctx context.Context) error { return s.recipe.ready(ctx, s.addr) })
	if err != nil {
		return fmt.Errorf("starting %s: %w; it said: %s", s.recipe.name, err, s.machine.said())
	}
	return nil
}

// errEnded says that a program ended instead of serving. Another process may
// have taken its port, and answer there.
var errEnded = errors.New("it ended")

// poll asks until the answer is nil, the context is done or ended is closed.
func poll(ctx context.Context, ended <-chan struct{}, ask func(context.Context) error) error {
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ask(once)
		cancel()
		select {
		case <-ended:
			return errEnded
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-ended:
		case <-pause.C:
		case <-ctx.Done():
			return err
		}
	}
}
