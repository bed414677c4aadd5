package services

import "testing"

// Control ends and starts a server that belongs to one test. Its address and
// its data stay the same. A method that fails fails the test. Methods may be
// called by one goroutine at a time.
type Control struct {
	t      testing.TB
	server *server
}

// fresh starts a server for one test, which ends it, too.
func fresh(t testing.TB, r *recipe) Control {
	t.Helper()
	s, err := r.launch()
	if err != nil {
		unavailable(t, r.name, err)
	}
	c := Control{t: t, server: s}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last words of %s at %s:\n%s", r.name, s.addr, s.machine.said())
		}
		c.must("removing", s.machine.remove())
	})
	return c
}

func (c Control) must(what string, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s %s at %s: %v", what, c.server.recipe.name, c.server.addr, err)
	}
}

// Kill ends the server at once, as SIGKILL does. What it had not handed to the
// operating system is lost. It returns when the server is gone.
func (c Control) Kill() { c.t.Helper(); c.must("killing", c.server.machine.kill()) }

// Stop asks the server to end, as SIGTERM does, and returns when it is gone.
// After ten seconds it is killed.
func (c Control) Stop() { c.t.Helper(); c.must("stopping", c.server.machine.stop()) }

// Restart starts the server again with the data that it left, at the same
// address, and returns when it serves. One that still runs is killed first.
func (c Control) Restart() {
	c.t.Helper()
	c.Kill()
	c.must("restarting", c.server.begin())
}

// RestartEmpty is Restart of a server that lost all its data.
func (c Control) RestartEmpty() {
	c.t.Helper()
	c.Kill()
	c.must("erasing", c.server.machine.erase())
	c.must("restarting", c.server.begin())
}

// Pause halts the server, as SIGSTOP does: it accepts connections and answers
// nothing, until Resume. Neither works on Windows.
func (c Control) Pause() { c.t.Helper(); c.must("pausing", c.server.machine.pause()) }

// Resume lets a paused server go on; it then handles what has piled up.
func (c Control) Resume() { c.t.Helper(); c.must("resuming", c.server.machine.resume()) }
