package speed

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/core"
)

// BenchmarkGet reads one document by id into a struct.
func BenchmarkGet(b *testing.B) {
	folder, items := stocked(b)
	b.Run("impl=raw", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			readItem(b, filepath.Join(folder, fmt.Sprintf("%06d.json", i*7919%many)))
			i++
		}
	})
	b.Run("impl=core", func(b *testing.B) {
		ctx := context.Background()
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if _, err := items.Get(ctx, fmt.Sprintf("%06d", i*7919%many)); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}

// BenchmarkFindByIndex finds the hundred documents of one group among ten
// thousand. The floor knows their names and reads them one after another.
func BenchmarkFindByIndex(b *testing.B) {
	folder, items := stocked(b)
	b.Run("impl=raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			found := make([]item, 0, many/groups)
			for i := 17; i < many; i += groups {
				found = append(found, readItem(b, filepath.Join(folder, fmt.Sprintf("%06d.json", i))))
			}
			if len(found) != many/groups {
				b.Fatal(len(found))
			}
		}
	})
	b.Run("impl=core", func(b *testing.B) {
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			var profile core.Profile
			found, err := items.Query().Where(core.Eq("group", "group-017")).Profile(&profile).All(ctx)
			if err != nil || len(found) != many/groups || profile.Index == "" {
				b.Fatal(len(found), profile, err)
			}
		}
	})
}

// BenchmarkScan filters, sorts and keeps the best fifty of ten thousand
// documents without an index. The floor "raw" only lists the folder and reads
// every file, one after another; "decoded" also decodes, filters and sorts
// them, as a program without a database would.
func BenchmarkScan(b *testing.B) {
	folder, items := stocked(b)
	b.Run("impl=raw", func(b *testing.B) { scanFiles(b, folder, false) })
	b.Run("impl=decoded", func(b *testing.B) { scanFiles(b, folder, true) })
	b.Run("impl=core", func(b *testing.B) {
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			var profile core.Profile
			found, err := items.Query().Where(core.Gte("count", many/2)).OrderBy("score", core.Desc).Limit(50).Profile(&profile).All(ctx)
			if err != nil || len(found) != 50 || profile.Read != many {
				b.Fatal(len(found), profile, err)
			}
		}
		b.ReportMetric(float64(many), "docs/op")
	})
}

func scanFiles(b *testing.B, folder string, decode bool) {
	b.ReportAllocs()
	for b.Loop() {
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != many {
			b.Fatal(len(entries), err)
		}
		var found []item
		for _, entry := range entries {
			path := filepath.Join(folder, entry.Name())
			if !decode {
				if _, err := os.ReadFile(path); err != nil {
					b.Fatal(err)
				}
			} else if value := readItem(b, path); value.Count >= many/2 {
				found = append(found, value)
			}
		}
		slices.SortFunc(found, func(x, y item) int { return cmp.Compare(y.Score, x.Score) })
	}
	b.ReportMetric(float64(many), "docs/op")
}
