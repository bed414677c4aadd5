package speed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
)

// cell is a document of 1 KiB that transactions change.
type cell struct {
	Count int    `json:"count"`
	Text  string `json:"text"`
}

// cells opens a collection of n cells on a store.
func cells(b *testing.B, r rival, n int) (*core.DB, *core.Collection[cell]) {
	b.Helper()
	db, err := core.Open(b.Context(), r.ours, core.Options{Settings: core.Settings{MaintainEvery: -1}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	c, err := core.NewCollection[cell](b.Context(), db, "cells")
	if err != nil {
		b.Fatal(err)
	}
	docs := make([]core.Document[cell], n)
	for i := range docs {
		docs[i] = core.Document[cell]{ID: fmt.Sprint(i), Value: cell{Text: string(kibibyte[9:])}}
		docs[i].Value.Text = docs[i].Value.Text[:1000]
	}
	if _, err := c.CreateAll(b.Context(), docs); err != nil {
		b.Fatal(err)
	}
	return db, c
}

var txRivals = map[string]func(b *testing.B) rival{
	"s3 on versitygw": func(b *testing.B) rival { return s3Rival(b, services.S3(b)) },
	"minio on MinIO":  func(b *testing.B) rival { return minioRival(b, services.MinIO(b)) },
}

// BenchmarkTransactions compares transactions that read and change 2, 10 and
// 100 documents with as many puts of the plain client, sixteen at once, which
// read nothing and are not safe at all. What a transaction leaves to the
// background is part of its time: the next one meets it.
func BenchmarkTransactions(b *testing.B) {
	for name, start := range txRivals {
		for _, n := range []int{2, 10, 100} {
			b.Run(fmt.Sprintf("%s/%d documents", name, n), func(b *testing.B) {
				r, ctx := start(b), b.Context()
				db, c := cells(b, r, n)
				puts := func(i int) error {
					return inParallel(n, func(k int) error { return r.put(ctx, fmt.Sprintf("raw/%d/%d.json", i, k), kibibyte) })
				}
				conformance.Compare(b, puts, func(int) error {
					return db.Tx(ctx, func(tx *core.Tx) error {
						return inParallel(n, func(k int) error { return count(ctx, c.In(tx), fmt.Sprint(k)) })
					})
				})
			})
		}
	}
}

func count(ctx context.Context, c *core.Collection[cell], id string) error {
	_, err := c.Update(ctx, id, func(v *cell) error { v.Count++; return nil })
	return err
}

// inParallel calls do for 0 to n-1, sixteen at once.
func inParallel(n int, do func(k int) error) error {
	errs := make([]error, n)
	turns := make(chan struct{}, 16)
	var group sync.WaitGroup
	for k := range n {
		turns <- struct{}{}
		group.Go(func() {
			errs[k] = do(k)
			<-turns
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkConflicts lets 1, 16 and 64 clients, each with a database of its own
// or all with the same one, change documents in transactions: the only one, the
// only two, and two out of a thousand. Metrics: commits a second of all clients; runs of the
// function for each commit; the median and the 99th percentile of the time of a
// commit; and of the clients, the share of commits that the one with the fewest
// had of those of the one with the most.
func BenchmarkConflicts(b *testing.B) {
	for name, start := range txRivals {
		for _, documents := range []int{1, 2, 1000} {
			for _, clients := range []int{1, 16, 64} {
				b.Run(fmt.Sprintf("%s/%d of %d by %d", name, min(documents, 2), documents, clients), func(b *testing.B) {
					contend(b, start(b), documents, clients, clients)
				})
				if clients > 1 {
					b.Run(fmt.Sprintf("%s/%d of %d by %d of one process", name, min(documents, 2), documents, clients), func(b *testing.B) {
						contend(b, start(b), documents, clients, 1)
					})
				}
			}
		}
	}
}

func contend(b *testing.B, r rival, documents, clients, processes int) {
	_, seed := cells(b, r, documents)
	dbs := make([]*core.DB, clients)
	docs := make([]*core.Collection[cell], clients)
	for i := range dbs {
		if i >= processes {
			dbs[i], docs[i] = dbs[i%processes], docs[i%processes]
			continue
		}
		db, err := core.Open(b.Context(), r.ours, core.Options{Settings: core.Settings{MaintainEvery: -1, SkipProbe: true}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Close() })
		if docs[i], err = core.NewCollection[cell](b.Context(), db, "cells"); err != nil {
			b.Fatal(err)
		}
		dbs[i] = db
	}
	const length = 5 * time.Second
	times, runs := make([][]time.Duration, clients), make([]int, clients)
	for b.Loop() {
		var group sync.WaitGroup
		end := time.Now().Add(length)
		for i := range dbs {
			group.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(i), 1))
				for time.Now().Before(end) {
					began := time.Now()
					if err := transact(b.Context(), dbs[i], docs[i], pick(rng, documents), &runs[i]); err != nil {
						b.Error(err)
						return
					}
					times[i] = append(times[i], time.Since(began))
				}
			})
		}
		group.Wait()
	}
	reportContention(b, times, runs, length*time.Duration(b.N))
	checkCounts(b, seed, documents, times)
}

// pick chooses one or two documents.
func pick(rng *rand.Rand, documents int) []string {
	first := rng.IntN(documents)
	if documents == 1 {
		return []string{"0"}
	}
	return []string{fmt.Sprint(first), fmt.Sprint((first + 1 + rng.IntN(documents-1)) % documents)}
}

func transact(ctx context.Context, db *core.DB, c *core.Collection[cell], ids []string, runs *int) error {
	return db.Tx(ctx, func(tx *core.Tx) error {
		*runs++
		for _, id := range ids {
			if err := count(ctx, c.In(tx), id); err != nil {
				return err
			}
		}
		return nil
	}, core.TxAttempts(10_000))
}

func reportContention(b *testing.B, times [][]time.Duration, runs []int, length time.Duration) {
	var all []time.Duration
	least, most, ran := int(^uint(0)>>1), 0, 0
	for i, one := range times {
		all = append(all, one...)
		least, most, ran = min(least, len(one)), max(most, len(one)), ran+runs[i]
	}
	slices.Sort(all)
	b.ReportMetric(float64(len(all))/length.Seconds(), "commits/s")
	b.ReportMetric(float64(ran)/float64(len(all)), "runs/commit")
	b.ReportMetric(float64(all[len(all)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(least)/float64(most), "least/most")
	b.ReportMetric(0, "ns/op")
}

// checkCounts makes sure that each commit counted once.
func checkCounts(b *testing.B, c *core.Collection[cell], documents int, times [][]time.Duration) {
	b.Helper()
	want, got := 0, 0
	for _, one := range times {
		want += min(documents, 2) * len(one)
	}
	docs, err := c.All(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, doc := range docs {
		got += doc.Value.Count
	}
	if got != want {
		b.Errorf("the documents count %d changes, %d were acknowledged", got, want)
	}
}
