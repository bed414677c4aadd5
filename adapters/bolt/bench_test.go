package bolt_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

const sets = 4

// filled returns an index of which each of four sets has that many entries.
func filled(b *testing.B, size int) (*bolt.Index, ports.Regime) {
	b.Helper()
	x := open(b, filepath.Join(b.TempDir(), "index.bolt"))
	regime := install(b, x, "s")
	random := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < size; at += 1_000 {
		var entries []ports.Entry
		for range 1_000 {
			entries = append(entries, document(random.Uint64())...)
		}
		if err := x.Begin(b.Context(), "s", regime, entries); err != nil {
			b.Fatal(err)
		}
	}
	return x, regime
}

// document returns the entries of a document with four indexes.
func document(id uint64) []ports.Entry {
	entries := make([]ports.Entry, sets)
	for i := range entries {
		field := id * (2*uint64(i) + 1)
		entries[i] = ports.Entry{Set: fmt.Sprint("field ", i), Member: fmt.Appendf(nil, "%016x/%016x/rev", field, id)}
	}
	return entries
}

func BenchmarkBeginOfFourEntries(b *testing.B) {
	for _, goroutines := range []int{1, 16} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			x, regime := filled(b, 100_000)
			var next atomic.Uint64
			b.SetParallelism(max(1, goroutines/2))
			work := func() error {
				id := rand.New(rand.NewPCG(3, next.Add(1))).Uint64()
				return x.Begin(b.Context(), "s", regime, document(id))
			}
			b.ReportAllocs()
			b.ResetTimer()
			if goroutines == 1 {
				for b.Loop() {
					if err := work(); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := work(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkQueryOf100In100000(b *testing.B) {
	x, regime := filled(b, 100_000)
	r := ports.EntryRange{Set: "field 0", From: []byte("8"), Limit: 100}
	b.ReportAllocs()
	for b.Loop() {
		if page, err := x.Query(b.Context(), "s", regime, r); err != nil || len(page.Members) != 100 {
			b.Fatal(err)
		}
	}
}

// Closing and opening again, with the check of all entries and without it.
func BenchmarkOpenOf400000Entries(b *testing.B) {
	for _, skip := range []bool{false, true} {
		b.Run(fmt.Sprintf("skip check=%v", skip), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "index.bolt")
			x := open(b, path)
			regime := install(b, x, "s")
			random := rand.New(rand.NewPCG(1, 2))
			for range 100 {
				var entries []ports.Entry
				for range 1_000 {
					entries = append(entries, document(random.Uint64())...)
				}
				if err := x.Begin(b.Context(), "s", regime, entries); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := x.Close(); err != nil {
					b.Fatal(err)
				}
				var err error
				if x, err = bolt.Open(b.Context(), path, bolt.Options{SkipCheck: skip}); err != nil {
					b.Fatal(err)
				}
			}
			if err := x.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
