package speed

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/core"
)

// BenchmarkGet reads one document by id into a struct. The floor is
// os.ReadFile and json.Unmarshal.
func BenchmarkGet(b *testing.B) {
	ctx := context.Background()
	folder, items := stocked(b)
	conformance.Compare(b, func(i int) error {
		_, err := readItem(filepath.Join(folder, fmt.Sprintf("%06d.json", i*7919%many)))
		return err
	}, func(i int) error {
		_, err := items.Get(ctx, fmt.Sprintf("%06d", i*7919%many))
		return err
	})
}

// BenchmarkFindByIndex finds the hundred documents of one group among ten
// thousand. The floor knows their names, and reads and decodes them one after
// another.
func BenchmarkFindByIndex(b *testing.B) {
	folder, items := stocked(b)
	conformance.Compare(b, func(int) error {
		for i := 17; i < many; i += groups {
			if _, err := readItem(filepath.Join(folder, fmt.Sprintf("%06d.json", i))); err != nil {
				return err
			}
		}
		return nil
	}, func(int) error {
		var profile core.Profile
		found, err := items.Query().Where(core.Eq("group", "group-017")).Profile(&profile).All(context.Background())
		if err == nil && (len(found) != many/groups || profile.Index == "") {
			err = fmt.Errorf("found %d: %v", len(found), profile)
		}
		return err
	})
}

// BenchmarkScan filters, sorts and keeps the best fifty of ten thousand
// documents without an index. The floor lists the folder and reads every file
// to its end, one after another, and does nothing with them.
func BenchmarkScan(b *testing.B) {
	folder, items := stocked(b)
	conformance.Compare(b,
		func(int) error { return scanFiles(folder, false) },
		func(int) error { return scan(items) })
}

// BenchmarkScanDecoded is BenchmarkScan against a program without a database:
// it also decodes every file, filters and sorts.
func BenchmarkScanDecoded(b *testing.B) {
	folder, items := stocked(b)
	conformance.Compare(b,
		func(int) error { return scanFiles(folder, true) },
		func(int) error { return scan(items) })
}

func scan(items *core.Collection[item]) error {
	var profile core.Profile
	found, err := items.Query().Where(core.Gte("count", many/2)).OrderBy("score", core.Desc).Limit(50).Profile(&profile).All(context.Background())
	if err == nil && (len(found) != 50 || profile.Read != many) {
		err = fmt.Errorf("found %d: %v", len(found), profile)
	}
	return err
}

func scanFiles(folder string, decode bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var found []item
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if !decode {
			if _, err := os.ReadFile(path); err != nil {
				return err
			}
			continue
		}
		value, err := readItem(path)
		if err != nil {
			return err
		}
		if value.Count >= many/2 {
			found = append(found, value)
		}
	}
	slices.SortFunc(found, func(x, y item) int { return cmp.Compare(y.Score, x.Score) })
	return nil
}

// Memory in use does not grow with the number of documents that match, only
// with the limit.
func TestScanMemory(t *testing.T) {
	_, items := stocked(t)
	inUse := func(limit int) (most uint64) {
		query := items.Query().OrderBy("score", core.Desc).Limit(limit)
		seen := 0
		query = query.Filter(func(item) bool { return true })
		for _, err := range query.Iter(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == limit/2 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = m.HeapAlloc
			}
		}
		return most
	}
	few, all := inUse(50), inUse(many)
	if all-few < many*500 || few > 8<<20 {
		t.Errorf("%d bytes in use with a limit of 50, %d with one of %d", few, all, many)
	}
}
