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

// launchAttempts is how many ports are tried.
const launchAttempts = 3

// begun prepares a server and starts it. One that ends at once may have found
// that somebody took its port, so another one is tried.
func begun(prepare func() (*server, error)) (*server, error) {
	for i := 1; ; i++ {
		s, err := prepare()
		if err != nil {
			return nil, err
		}
		if err = s.begin(); err == nil {
			return s, nil
		}
		_ = s.machine.remove()
		if i == launchAttempts || !errors.Is(err, errEnded) {
			return nil, err
		}
	}
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
