package conformance

import (
	"slices"
	"testing"
	"time"
)

// Compare is a benchmark of an adapter, or of what is built on it, against the
// least that a program does which wants the same from the same service. Both
// are done in turns, so that whatever else the machine does hits both alike,
// and what one leaves behind slows both down. The metric of-raw is the median
// of raw divided by the median of ours: 1 is as fast, less is slower. i counts
// the rounds from 0.
func Compare(b *testing.B, raw, ours func(i int) error) {
	b.Helper()
	var times [2][]time.Duration
	for i := 0; b.Loop(); i++ {
		for turn := range 2 {
			which := (i + turn) % 2
			start := time.Now()
			if err := []func(int) error{raw, ours}[which](i); err != nil {
				b.Fatal(err)
			}
			times[which] = append(times[which], time.Since(start))
		}
	}
	var median [2]float64
	for i := range times {
		slices.Sort(times[i])
		median[i] = float64(times[i][len(times[i])/2])
	}
	b.ReportMetric(median[0]/median[1], "of-raw")
	b.ReportMetric(median[0], "raw-ns")
	b.ReportMetric(median[1], "ours-ns")
	b.ReportMetric(0, "ns/op")
}
