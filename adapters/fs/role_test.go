//go:build unix && !aix && !solaris

package fs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// roles are what other processes of the tests do, with the root as the first
// argument. They say "ready" when they begin; a failure is the last thing they say.
var roles = map[string]func(ctx context.Context, s *Store, args []string) error{
	"replace":   replaceForever,
	"increment": incrementTimes,
	"overflow":  overflowLimit,
}

func runRole(name string, args []string) int {
	ctx := context.Background()
	sync, err := strconv.Atoi(args[1])
	if err == nil {
		var s *Store
		if s, err = Open(ctx, args[0], Options{Sync: Sync(sync)}); err == nil {
			err = errors.Join(roles[name](ctx, s, args[2:]), s.Close())
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// process is another process that plays a role.
type process struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

// play starts a process and waits until it is ready.
func play(t testing.TB, role, root string, sync Sync, args ...string) process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{root, strconv.Itoa(int(sync))}, args...)...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	pipe, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	p := process{cmd, bufio.NewReader(pipe)}
	if line, err := p.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%s: %q, %v", role, line, err)
	}
	return p
}

// end waits until the process has done its part.
func (p process) end(t testing.TB) {
	t.Helper()
	said, _ := p.out.ReadString('\n')
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("process: %v: %s", err, said)
	}
}

func (p process) kill(t testing.TB) {
	t.Helper()
	check(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // reports the kill
}

// replaceForever fills the object with a byte that tells this process from the
// one before.
func replaceForever(ctx context.Context, s *Store, args []string) error {
	size, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	piece := bytes.Repeat([]byte{byte(os.Getpid())}, min(size, 1<<20))
	fmt.Println("ready")
	for err == nil {
		if size == len(piece) {
			_, err = s.Put(ctx, "doc.bin", piece, ports.Any)
			continue
		}
		left := size
		_, err = s.PutStream(ctx, "doc.bin", readerFunc(func(p []byte) (int, error) {
			if left == 0 {
				return 0, io.EOF
			}
			n := copy(p, piece[:min(left, len(piece))])
			left -= n
			return n, nil
		}), ports.Any)
	}
	return err
}

// counter is a document that shows if it is torn.
func counter(n int) []byte { return []byte(strings.Repeat(fmt.Sprintf("%08d\n", n), 500)) }

func readCounter(data []byte) (int, error) {
	line, _, _ := strings.Cut(string(data), "\n")
	n, err := strconv.Atoi(line)
	if err != nil || !bytes.Equal(data, counter(n)) {
		return 0, fmt.Errorf("torn: %d bytes that begin with %q", len(data), line)
	}
	return n, nil
}

func incrementTimes(ctx context.Context, s *Store, args []string) error {
	fmt.Println("ready")
	times, err := strconv.Atoi(args[0])
	for done := 0; done < times && err == nil; {
		var object ports.Object
		if object, err = s.Get(ctx, "counter", ports.GetOptions{}); err != nil {
			break
		}
		var n int
		if n, err = readCounter(object.Data); err != nil {
			break
		}
		_, err = s.Put(ctx, "counter", counter(n+1), ports.IfVersion(object.Version))
		if err == nil {
			done++
		} else if errors.Is(err, ports.ErrPrecondition) {
			err = nil
		}
	}
	return err
}

// overflowLimit writes more than the process may write to one file.
func overflowLimit(ctx context.Context, s *Store, _ []string) error {
	fmt.Println("ready")
	signal.Ignore(syscall.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		return err
	}
	_, err := s.Put(ctx, "doc.bin", make([]byte, 2<<20), ports.Any)
	if !errors.Is(err, ports.ErrUnavailable) || !errors.Is(err, unix.EFBIG) {
		return fmt.Errorf("put of too much answers %w", err)
	}
	_, err = s.Put(ctx, "other.bin", make([]byte, 1<<20), ports.Any)
	return err
}
