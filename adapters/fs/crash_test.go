//go:build unix && !aix && !solaris

package fs

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// A writer is killed a hundred times for each size, at any moment of a put.
// What is read afterwards is one whole object, and nothing is left behind.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		size   int
		rounds map[Sync]int
		within time.Duration // of the start, the kill
	}{
		{"1 KiB", 1 << 10, map[Sync]int{SyncFull: 50, SyncNone: 50}, 3 * time.Millisecond},
		{"64 MiB", 64 << 20, map[Sync]int{SyncFull: 15, SyncNone: 85}, 120 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			first, err := Open(t.Context(), root, Options{})
			check(t, err)
			_, err = first.Put(t.Context(), "doc.bin", make([]byte, c.size), ports.IfAbsent)
			check(t, err)
			check(t, first.Close())
			var interrupted, replaced int
			var last byte
			for sync, rounds := range c.rounds {
				for range rounds {
					writer := play(t, "replace", root, sync, strconv.Itoa(c.size))
					<-time.After(rand.N(c.within))
					writer.kill(t)
					interrupted += leftovers(t, root)
					if fill := wholeObject(t, root, c.size); fill != last {
						last = fill
						replaced++
					}
				}
			}
			t.Logf("%d interrupted puts, %d rounds with a new object", interrupted, replaced)
			if interrupted == 0 {
				t.Error("the kills missed the puts")
			}
		})
	}
}

// leftovers counts the unfinished files.
func leftovers(t *testing.T, root string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, MetadataDir, scratchDir, "*", "*"))
	check(t, err)
	return len(files)
}

// wholeObject opens the store again and returns what the object is filled with.
func wholeObject(t *testing.T, root string, size int) byte {
	t.Helper()
	s, err := Open(t.Context(), root, Options{Sync: SyncNone})
	check(t, err)
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d unfinished files outlived an open", n)
	}
	info, body, err := s.GetStream(t.Context(), "doc.bin", ports.GetOptions{})
	check(t, err)
	var fill byte
	read, same := 0, 0
	for buffer := make([]byte, 1<<20); err == nil; {
		var n int
		n, err = body.Read(buffer)
		if read == 0 {
			fill = buffer[0]
		}
		read += n
		same += bytes.Count(buffer[:n], []byte{fill})
	}
	if !errors.Is(err, io.EOF) || info.Size != int64(size) || read != size || same != size {
		t.Fatalf("torn: %d bytes of %d, %d of them the same, %v", read, size, same, err)
	}
	check(t, body.Close())
	wantKeys(t, list(t, s, ports.ListOptions{}), []string{"doc.bin"})
	check(t, s.Close())
	left, err := os.ReadDir(filepath.Join(root, MetadataDir, scratchDir))
	check(t, err)
	if len(left) != 0 {
		t.Errorf("left %v", left)
	}
	return fill
}

// Eight processes increment one document; a reader looks on.
func TestNoIncrementIsLost(t *testing.T) {
	t.Parallel()
	const processes, times = 8, 200
	for name, sync := range map[string]Sync{"sync full": SyncFull, "sync none": SyncNone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, root := newStore(t, Options{Sync: sync})
			_, err := s.Put(t.Context(), "counter", counter(0), ports.IfAbsent)
			check(t, err)
			var all []process
			for range processes {
				all = append(all, play(t, "increment", root, sync, strconv.Itoa(times)))
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				for _, p := range all {
					p.end(t)
				}
			}()
			reads, last := 0, 0
			for running := true; running; reads++ {
				select {
				case <-done:
					running = false
				default:
				}
				object, err := s.Get(t.Context(), "counter", ports.GetOptions{})
				check(t, err)
				n, err := readCounter(object.Data)
				check(t, err)
				if n < last {
					t.Errorf("%d after %d", n, last)
				}
				last = n
			}
			if last != processes*times {
				t.Errorf("%d increments of %d arrived", last, processes*times)
			}
			t.Logf("%d reads", reads)
		})
	}
}
