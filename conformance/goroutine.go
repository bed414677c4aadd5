package conformance

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
)

// labels numbers the uses of labelled.
var labels atomic.Int64

// labelled calls fn and returns a function that counts the goroutines which fn
// started, directly or not, and which still run. It tells them by a profiler
// label, which goroutines inherit, so that tests that run at the same time
// don't disturb each other.
func labelled(fn func()) (left func() int) {
	value := strconv.FormatInt(labels.Add(1), 10)
	pprof.Do(context.Background(), pprof.Labels("conformance", value), func(context.Context) { fn() })
	mark := []byte(strconv.Quote("conformance") + ":" + strconv.Quote(value))
	return func() int {
		var profile bytes.Buffer
		// The profile is groups of equal stacks: "n @ addresses", then
		// "# labels: {…}".
		_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // a bytes.Buffer does not fail
		total, group := 0, 0
		for line := range strings.Lines(profile.String()) {
			if count, _, ok := strings.Cut(line, " @ "); ok {
				group, _ = strconv.Atoi(count)
			}
			if strings.HasPrefix(line, "# labels:") && bytes.Contains([]byte(line), mark) {
				total += group
			}
		}
		return total
	}
}
