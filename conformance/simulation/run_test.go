package simulation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// normalSeeds are how many histories of each workload are run.
const normalSeeds = 10_000

// inOneProcess is how many histories are not worth another process.
const inOneProcess = 300

const (
	tallyMark = "TALLY "
	whereMark = "SB_WHERE" // the file in which a process notes the seed it is at
)

// simulate runs the histories of a workload, in as many processes as there are
// processors.
func simulate(t *testing.T, name string, w *workload) {
	t.Helper()
	first, seeds := scale("SB_SEED", 1), scale("SB_SEEDS", normalSeeds)
	if seeds <= inOneProcess || os.Getenv(whereMark) != "" {
		tally := explore(t, w, first, seeds)
		text, err := json.Marshal(tally)
		if err != nil {
			t.Error(err)
		}
		if os.Getenv(whereMark) != "" {
			fmt.Println(tallyMark + string(text))
		} else {
			report(t, name, tally)
		}
		return
	}
	began := time.Now()
	workers := uint64(runtime.NumCPU())
	total := make(map[string]int)
	var group sync.WaitGroup
	var mu sync.Mutex
	for i := range workers {
		from, to := first+seeds*i/workers, first+seeds*(i+1)/workers
		group.Go(func() {
			tally := inChild(t, name, from, to-from)
			mu.Lock()
			defer mu.Unlock()
			for what, n := range tally {
				total[what] += n
			}
		})
	}
	group.Wait()
	report(t, name, total)
	t.Logf("%s: %.1f s", name, time.Since(began).Seconds())
}

func report(t *testing.T, name string, tally map[string]int) {
	t.Helper()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(tally)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, tally[what]))
	}
	t.Logf("%s: %s", name, strings.Join(parts, ", "))
}

// inChild runs histories in a process of their own.
func inChild(t *testing.T, name string, first, seeds uint64) map[string]int {
	where := filepath.Join(t.TempDir(), fmt.Sprint(first))
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+name+"$", "-test.timeout", "0", "-test.v")
	command.Env = append(os.Environ(), "GOGC=400", "GODEBUG=adaptivestackstart=1", fmt.Sprint("SB_SEED=", first), fmt.Sprint("SB_SEEDS=", seeds), whereMark+"="+where)
	output, err := command.CombinedOutput()
	var tally map[string]int
	for line := range bytes.Lines(output) {
		if text, found := bytes.CutPrefix(line, []byte(tallyMark)); found {
			if err := json.Unmarshal(text, &tally); err != nil {
				t.Error(err)
			}
		}
	}
	if err != nil {
		seed, _ := os.ReadFile(where)
		t.Errorf("%v at seed %s:\n%s", err, seed, output)
	}
	return tally
}

// explore runs histories one after the other, up to the first that fails.
func explore(t *testing.T, w *workload, first, seeds uint64) map[string]int {
	t.Helper()
	tally := make(map[string]int)
	var where *os.File
	if path := os.Getenv(whereMark); path != "" {
		var err error
		if where, err = os.Create(path); err != nil {
			t.Error(err)
		}
		defer func() { _ = where.Close() }()
	}
	for seed := first; seed < first+seeds; seed++ {
		if where != nil {
			_, _ = where.WriteAt(fmt.Appendf(nil, "%d\n", seed), 0)
		}
		h := play(t, w, configOf(w, seed))
		tally["histories"]++
		tally["steps"] += h.step
		for what, n := range h.tally {
			tally[what] += n
		}
		if len(h.problems) > 0 {
			explain(t, w, h, int(seed-first)+1)
			break
		}
	}
	return tally
}

// play runs one history in a bubble.
func play(t *testing.T, w *workload, c config) (h *history) {
	t.Helper()
	if w.template == nil { // in a bubble of its own: its time is over before the history begins
		synctest.Test(t, func(*testing.T) { w.template = newTemplate(w) })
	}
	synctest.Test(t, func(*testing.T) { h = run(w, c) })
	return h
}

// explain shrinks a history that failed and tells it.
func explain(t *testing.T, w *workload, failed *history, number int) {
	t.Helper()
	small := failed.config
	if scale("SB_SHRINK", 1) > 0 { // of mutants only the number counts
		small = shrink(t, w, failed)
	}
	small.tell = true
	h := play(t, w, small)
	t.Errorf("history number %d, seed %d: %q\nshrunk to %d clients, %d operations left out, and %d faults left out: %q\n%s",
		number, failed.seed, failed.problems, small.processes, len(small.drop), len(small.skip), h.problems, strings.Join(h.story, "\n"))
}
