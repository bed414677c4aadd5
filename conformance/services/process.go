package services

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopPatience is how long a server may take to end before it is killed.
const stopPatience = 10 * time.Second

// process is a machine that is a child of this process. It dies with it, even
// if this process is killed.
type process struct {
	program string
	args    []string
	env     []string
	folder  string // everything below is its own
	place   place
	cmd     *exec.Cmd
	done    chan struct{}
}

var _ machine = (*process)(nil)

func (p *process) log() string { return filepath.Join(p.folder, "log") }

func (p *process) start() error {
	for _, folder := range p.place.folders() {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(p.program, p.args...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Dir = p.folder
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttributes()
	p.cmd, p.done = cmd, make(chan struct{})
	if err := startAndWait(cmd, p.done); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.folder, "pid"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
}

// startAndWait closes done when the process has ended. One thread starts it
// and stays until then: Linux sends the signal of a dead parent when the
// thread that started the child ends, not when the process does.
func startAndWait(cmd *exec.Cmd, done chan struct{}) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended says nothing: it is killed on purpose
		}
	}()
	return <-started
}

func (p *process) exited() <-chan struct{} { return p.done }

func (p *process) running() bool {
	if p.done == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

func (p *process) stop() error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return p.kill() // Windows has no such signal
	}
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-p.done:
		return nil
	case <-patience.C:
		return p.kill()
	}
}

func (p *process) pause() error  { return suspend(p.cmd.Process) }
func (p *process) resume() error { return wake(p.cmd.Process) }

func (p *process) erase() error {
	var errs []error
	for _, folder := range p.place.folders() {
		errs = append(errs, os.RemoveAll(folder))
	}
	return errors.Join(errs...)
}

func (p *process) said() string {
	data, err := os.ReadFile(p.log())
	if err != nil {
		return ""
	}
	return lastWords(data)
}

// lastWords returns the end of what a program printed.
func lastWords(data []byte) string {
	const enough = 1000 // bytes
	return strings.TrimSpace(string(data[max(len(data)-enough, 0):]))
}

func (p *process) remove() error {
	return errors.Join(p.kill(), os.RemoveAll(p.folder))
}
