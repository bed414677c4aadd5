package bolt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// The test binary runs itself as the process that is killed.
const (
	envRole = "BOLT_TEST_ROLE"
	envPath = "BOLT_TEST_PATH"
)

var roles = map[string]func(ctx context.Context, path string) error{
	"write":     writeForEver,
	"open":      openAndCloseForEver,
	"disk full": fillDisk,
}

func TestMain(m *testing.M) {
	role, found := roles[os.Getenv(envRole)]
	if !found {
		conformance.Main(m) // which does not return
	}
	if err := role(context.Background(), os.Getenv(envPath)); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

// start runs a role on path and returns what it prints, line by line, and a
// function that kills it and waits for its end.
func start(t *testing.T, role, path string) (*bufio.Scanner, func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(program)
	child.Env = append(os.Environ(), envRole+"="+role, envPath+"="+path)
	child.Stderr = os.Stderr
	// A pipe of our own: the one that exec makes is closed by Wait, with what
	// the child said last still in it.
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	child.Stdout = in
	err = errors.Join(child.Start(), in.Close())
	if err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(out), func() {
		_ = child.Process.Kill() // it may have ended by itself
		_ = child.Wait()
	}
}

// writeForEver adds and removes entries and counts, and tells each count that
// was acknowledged.
func writeForEver(ctx context.Context, path string) error {
	x, regime, err := openChild(ctx, path)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		entries := []ports.Entry{entry("a", i), entry("b", i)}
		if err := x.Begin(ctx, "s", regime, entries); err != nil {
			return err
		}
		if err := x.End(ctx, "s", regime, entries[i%2:]); err != nil {
			return err
		}
		count, err := x.Counter().Add(ctx, "n", 1)
		if err != nil {
			return err
		}
		fmt.Println("count", count)
	}
}

func openChild(ctx context.Context, path string) (*bolt.Index, ports.Regime, error) {
	x, err := bolt.Open(ctx, path, bolt.Options{Pending: 20})
	if err != nil {
		return nil, ports.Regime{}, err
	}
	name, err := x.Identity(ctx)
	if err != nil {
		return nil, ports.Regime{}, err
	}
	regime := ports.Regime{Epoch: "e1", Identity: name}
	if err := x.Install(ctx, "s", regime); err != nil {
		return nil, ports.Regime{}, err
	}
	fmt.Println("identity", name)
	return x, regime, nil
}

func TestAfterAKillTheIndexIsEmptyAndNoCountIsLost(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	acknowledged := int64(0)
	for range 20 {
		lines, kill := start(t, "write", path)
		var name string
		hear := func(left int) {
			for ; left > 0 && lines.Scan(); left-- {
				what, value, _ := strings.Cut(lines.Text(), " ")
				switch what {
				case "identity":
					name = value
				case "count":
					if _, err := fmt.Sscan(value, &acknowledged); err != nil {
						t.Error(err)
					}
				default:
					t.Error(lines.Text())
				}
			}
		}
		hear(1 + rand.IntN(60))
		kill()
		hear(math.MaxInt) // what it still said

		x := open(t, path)
		isFresh(t, x, name)
		count, err := x.Counter().Value(t.Context(), "n")
		if err != nil && acknowledged > 0 || count < acknowledged || count > acknowledged+1 {
			t.Errorf("the count is %d, %d were acknowledged, %v", count, acknowledged, err)
		}
		shut(t, x)
	}
}

// openAndCloseForEver adds a few entries between each opening and closing, and
// tells each that was acknowledged.
func openAndCloseForEver(ctx context.Context, path string) error {
	for at := 0; ; {
		x, regime, err := openChild(ctx, path)
		if err != nil {
			return err
		}
		for range 3 {
			at++
			if err := x.Begin(ctx, "s", regime, []ports.Entry{entry("a", at)}); err != nil {
				return err
			}
			fmt.Println("entry", at)
		}
		if err := x.Close(); err != nil {
			return err
		}
		fmt.Println("closed")
	}
}

// A kill may come before, in and after each step of Open and Close. What keeps
// its identity must have all that was acknowledged under it.
func TestAKillDuringOpenAndCloseLeavesAllOrANewIdentity(t *testing.T) {
	t.Parallel()
	kept := 0
	const rounds = 30
	for round := range rounds {
		path := newPath(t)
		lines, kill := start(t, "open", path)
		var name string
		entries := 0
		for left := rand.IntN(40); lines.Scan(); left-- {
			what, value, _ := strings.Cut(lines.Text(), " ")
			switch {
			case what == "identity" && (name == "" || name == value):
				name = value
			case what == "entry":
				entries++
			case what != "closed":
				t.Error(lines.Text())
			}
			if left <= 0 && (what == "closed" || round%2 == 0) {
				break
			}
		}
		kill()
		for lines.Scan() { // what it still said
			if strings.HasPrefix(lines.Text(), "entry") {
				entries++
			}
		}
		x := open(t, path)
		if identity(t, x) != name {
			isFresh(t, x, name)
		} else if got := query(t, x, install(t, x, "s"), "a"); len(got.Members) != entries || got.Begins != uint64(entries) {
			t.Errorf("%d members and %d Begins, %d were acknowledged", len(got.Members), got.Begins, entries)
		} else {
			kept++
		}
		shut(t, x)
	}
	t.Logf("%d of %d kept their identity", kept, rounds)
}
