package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// childRole is the environment variable that makes this binary a child, and
// childDir the one that says where the data is.
const (
	childRole = "SB_CHILD"
	childDir  = "SB_CHILD_DIR"
)

// roles are what a child process can be. Each prints what it does, line by
// line, and ends with the error that it answers, or is killed.
var roles = map[string]func(ctx context.Context, dir string) error{
	"writer":     childWriter,
	"counter":    childCounter,
	"open index": childOpenIndex,
	"strict":     func(ctx context.Context, dir string) error { return childWithoutIndex(ctx, dir, core.IndexStrict) },
	"available":  func(ctx context.Context, dir string) error { return childWithoutIndex(ctx, dir, core.IndexAvailable) },
	"teller":     childTeller,
	"claimant":   childClaimant,
}

func runChild(role string) int {
	if err := roles[role](context.Background(), os.Getenv(childDir)); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

// openFiles opens the store of a folder, and its index if wanted.
func openFiles(ctx context.Context, dir string, indexed bool) (store *fs.Store, index *bolt.Index, err error) {
	store, err = fs.Open(ctx, filepath.Join(dir, "data"), fs.Options{Sync: fs.SyncNone})
	if err == nil && indexed {
		if index, err = bolt.Open(ctx, filepath.Join(dir, "index.bolt"), bolt.Options{}); err != nil {
			_ = store.Close()
		}
	}
	return store, index, err
}

func childCollection[T any](ctx context.Context, dir, name string, indexed bool, settings core.Settings) (*core.Collection[T], error) {
	store, index, err := openFiles(ctx, dir, indexed)
	if err != nil {
		return nil, err
	}
	options := core.Options{Settings: settings}
	if indexed {
		options.Index = ports.Index(index)
	}
	db, err := core.Open(ctx, store, options)
	if err != nil {
		return nil, err
	}
	return core.NewCollection[T](ctx, db, name, core.Index("name", "-age").Named("by_name_and_age"))
}

// writeSteps is how many ids and names a writer uses.
const writeSteps = 8

// childWriter creates, updates and deletes people until it is killed. It says
// what it is about to do, and then that it is done.
func childWriter(ctx context.Context, dir string) error {
	c, err := childCollection[person](ctx, dir, "people", true, core.Settings{})
	if err != nil {
		return err
	}
	if err := c.WaitReady(ctx); err != nil {
		return err
	}
	fmt.Println("ready")
	for n := 0; ; n++ {
		id := fmt.Sprint(rand.IntN(writeSteps))
		p := person{ID: id, Name: fmt.Sprint("name ", rand.IntN(writeSteps)), Age: rand.IntN(5), Note: fmt.Sprint(os.Getpid(), " ", n)}
		if rand.IntN(4) == 0 {
			p = person{}
		}
		text, _ := json.Marshal(p)
		fmt.Printf("try %s %s\n", id, text)
		switch {
		case p.ID == "":
			err = c.Delete(ctx, id)
		case n%2 == 0:
			_, err = c.Put(ctx, id, p)
		default:
			if _, err = c.Update(ctx, id, func(old *person) error { *old = p; return nil }); errors.Is(err, core.ErrNotFound) {
				_, err = c.Create(ctx, id, p)
			}
		}
		if err != nil {
			return err
		}
		fmt.Printf("ack %s %s\n", id, text)
	}
}

// childCounter increments one document together with other processes.
func childCounter(ctx context.Context, dir string) error {
	c, err := childCollection[counted](ctx, dir, "counts", false, core.Settings{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		fmt.Println("try")
		if _, err := c.Update(ctx, "n", increment); err != nil {
			return err
		}
		fmt.Println("ack")
	}
}

func childOpenIndex(ctx context.Context, dir string) error {
	_, err := bolt.Open(ctx, filepath.Join(dir, "index.bolt"), bolt.Options{})
	fmt.Println("unavailable:", errors.Is(err, ports.ErrUnavailable))
	return err
}

// childWithoutIndex writes to a collection whose index another process holds.
func childWithoutIndex(ctx context.Context, dir string, policy core.IndexPolicy) error {
	c, err := childCollection[person](ctx, dir, "people", false, core.Settings{IndexPolicy: policy})
	if err != nil {
		return err
	}
	_, err = c.Put(ctx, "ann", person{Name: "Ann by another process", Age: 1})
	fmt.Println("unavailable:", errors.Is(err, core.ErrUnavailable))
	return err
}

// child is a child process that runs.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, role, dir string) *child {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(background, binary)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &child{cmd, bufio.NewScanner(stdout)}
}

// read passes n lines on, or all if n is negative.
func (c *child) read(n int, line func(text string)) {
	for ; n != 0 && c.lines.Scan(); n-- {
		line(c.lines.Text())
	}
}

// kill ends the process at once, and reads what it had still said.
func (c *child) kill(line func(text string)) {
	_ = c.Process.Kill()
	c.read(-1, line)
	_ = c.Wait()
}

// output waits for the end of a process and answers what it said.
func (c *child) output() (text string, ok bool) {
	var b strings.Builder
	c.read(-1, func(line string) { _, _ = io.WriteString(&b, line+"\n") })
	return b.String(), c.Wait() == nil
}
