package redis

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wire is a TCP server that answers commands with what a function says. It
// declines HELLO, as servers did before it existed.
type wire struct {
	addr string

	mu   sync.Mutex
	seen []string // names of commands, and of scripts what they are
	work sync.WaitGroup
}

// Answers that are none.
const (
	drop = "drop" // ends the connection, after what comes before it
	hang = "hang" // leaves it open
)

func newWire(t testing.TB, answer func(command []string) string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: l.Addr().String()}
	w.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.work.Go(func() { w.serve(conn, answer) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.work.Wait()
	})
	return w
}

func (w *wire) serve(conn net.Conn, answer func([]string) string) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		command, err := readCommand(r)
		if err != nil {
			return
		}
		name := strings.ToLower(command[0])
		said := "-ERR unknown command 'HELLO'\r\n"
		if name != "hello" {
			w.note(name)
			said = answer(command)
		}
		if said == hang {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		said, ends := strings.CutSuffix(said, drop)
		if _, err := io.WriteString(conn, said); err != nil || ends {
			return
		}
	}
}

func (w *wire) note(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, name)
}

// commands returns the names of all commands so far.
func (w *wire) commands() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// pong is the answer to the script of Ping.
const pong = "*1\r\n$4\r\npong\r\n"

// always is a server with one answer.
func always(answer string) func([]string) string {
	return func([]string) string { return answer }
}
