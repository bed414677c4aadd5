//go:build linux || darwin

package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

func TestAFullDiskRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	lines, kill := start(t, "disk full", newPath(t))
	defer kill()
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if last != "all is there" {
		t.Error(last)
	}
}

// fillDisk runs in a process of its own, since the limit on the size of files,
// which stands for the full disk, is one of the process.
func fillDisk(ctx context.Context, path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	x, regime, err := openChild(ctx, path)
	if err != nil {
		return err
	}
	written, err := writeUntilFull(ctx, x, regime, path)
	if err != nil {
		return err
	}
	if err := hasExactly(ctx, x, regime, written); err != nil {
		return fmt.Errorf("while full: %w", err)
	}
	if err := limitFiles(1 << 40); err != nil {
		return err
	}
	for i := range 100 {
		if err := x.Begin(ctx, "s", regime, []ports.Entry{entry("a", written+i)}); err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
	}
	if err := x.Close(); err != nil {
		return err
	}
	if x, _, err = openChild(ctx, path); err != nil {
		return err
	}
	if err := hasExactly(ctx, x, regime, written+100); err != nil {
		return fmt.Errorf("opened again: %w", err)
	}
	fmt.Println("all is there")
	return nil
}

// writeUntilFull returns how many entries were acknowledged before several
// writes in a row were refused.
func writeUntilFull(ctx context.Context, x *bolt.Index, regime ports.Regime, path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if err := limitFiles(uint64(info.Size()) + 100_000); err != nil {
		return 0, err
	}
	refused := 0
	for i := 0; ; {
		switch err := x.Begin(ctx, "s", regime, []ports.Entry{entry("a", i)}); {
		case err == nil:
			i++
			refused = 0
		case !errors.Is(err, ports.ErrUnavailable):
			return 0, fmt.Errorf("a full disk answers %w", err)
		case refused == 20:
			return i, nil
		default:
			refused++
		}
	}
}

func hasExactly(ctx context.Context, x *bolt.Index, regime ports.Regime, entries int) error {
	page, err := x.Query(ctx, "s", regime, ports.EntryRange{Set: "a"})
	if err == nil && (len(page.Members) != entries || page.Begins != uint64(entries)) {
		err = fmt.Errorf("%d members and %d Begins, not %d", len(page.Members), page.Begins, entries)
	}
	return err
}

func limitFiles(size uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = min(size, limit.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}
