//go:build unix && !aix && !solaris

package fs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

var kilobyte = bytes.Repeat([]byte("x"), 1024)

// BenchmarkAgainstRaw compares with the system calls that nobody can do without.
func BenchmarkAgainstRaw(b *testing.B) {
	for _, c := range []struct {
		name    string
		sync    Sync
		replace bool
	}{
		{"create-durable", SyncFull, false},
		{"create", SyncNone, false},
		{"replace-durable", SyncFull, true},
		{"replace", SyncNone, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, root := newStore(b, Options{Sync: c.sync})
			makeLockFiles(b, root)
			check(b, os.Mkdir(filepath.Join(root, "raw"), 0o755))
			cond := ports.IfAbsent
			conformance.Compare(b, func(i int) error {
				return rawPut(filepath.Join(root, "raw"), name(i, c.replace), c.sync == SyncFull)
			}, func(i int) error {
				version, err := s.Put(b.Context(), "ours/"+name(i, c.replace), kilobyte, cond)
				if c.replace {
					cond = ports.IfVersion(version)
				}
				return err
			})
		})
	}
	b.Run("get", func(b *testing.B) {
		s, root := benchmarkFolder(b, 1)
		conformance.Compare(b, func(int) error {
			_, err := os.ReadFile(filepath.Join(root, "d", "00000.json"))
			return err
		}, func(int) error {
			_, err := s.Get(b.Context(), "d/00000.json", ports.GetOptions{})
			return err
		})
	})
	b.Run("list-keys-10000", func(b *testing.B) { compareList(b, false) })
	b.Run("list-10000", func(b *testing.B) { compareList(b, true) })
}

// makeLockFiles writes so many keys that every stripe has its lock file: each is
// made once in the life of a root, and is not what is measured.
func makeLockFiles(b *testing.B, root string) {
	s, err := Open(b.Context(), root, Options{Sync: SyncNone})
	check(b, err)
	for i := range 2000 {
		_, err := s.Put(b.Context(), "before/"+name(i, false), kilobyte, ports.Any)
		check(b, err)
	}
	check(b, s.Close())
}

func name(i int, same bool) string {
	if same {
		i = 0
	}
	return fmt.Sprintf("%06d.json", i)
}

func compareList(b *testing.B, info bool) {
	s, root := benchmarkFolder(b, 10_000)
	conformance.Compare(b, func(int) error {
		entries, err := os.ReadDir(filepath.Join(root, "d"))
		for _, e := range entries {
			if info {
				_, err = e.Info()
			}
		}
		return err
	}, func(int) error {
		for _, err := range s.List(b.Context(), ports.ListOptions{Prefix: "d/", KeysOnly: !info}) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkRawCreateDurable(b *testing.B) { benchmarkRaw(b, true) }
func BenchmarkCreateDurable(b *testing.B)    { benchmarkPut(b, SyncFull, false) }
func BenchmarkReplaceDurable(b *testing.B)   { benchmarkPut(b, SyncFull, true) }
func BenchmarkRawCreate(b *testing.B)        { benchmarkRaw(b, false) }
func BenchmarkCreate(b *testing.B)           { benchmarkPut(b, SyncNone, false) }
func BenchmarkReplace(b *testing.B)          { benchmarkPut(b, SyncNone, true) }

func benchmarkPut(b *testing.B, sync Sync, replace bool) {
	s, _ := newStore(b, Options{Sync: sync})
	cond := ports.IfAbsent
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		version, err := s.Put(b.Context(), "d/"+name(i, replace), kilobyte, cond)
		check(b, err)
		if replace {
			cond = ports.IfVersion(version)
		}
	}
}

func benchmarkRaw(b *testing.B, durable bool) {
	dir := b.TempDir()
	for i := 0; b.Loop(); i++ {
		check(b, rawPut(dir, name(i, false), durable))
	}
}

func rawPut(dir, name string, durable bool) error {
	temp := filepath.Join(dir, "temp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(kilobyte); err != nil {
		return err
	}
	if durable {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(dir, name)); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

func BenchmarkRawRead(b *testing.B) {
	_, root := benchmarkFolder(b, 1)
	file := filepath.Join(root, "d", "00000.json")
	b.ReportAllocs()
	for b.Loop() {
		_, err := os.ReadFile(file)
		check(b, err)
	}
}

func BenchmarkGet(b *testing.B) {
	s, _ := benchmarkFolder(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Get(b.Context(), "d/00000.json", ports.GetOptions{})
		check(b, err)
	}
}

func BenchmarkStat(b *testing.B) {
	s, _ := benchmarkFolder(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Stat(b.Context(), "d/00000.json")
		check(b, err)
	}
}

func BenchmarkRawReadDir(b *testing.B) {
	_, root := benchmarkFolder(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		_, err := os.ReadDir(filepath.Join(root, "d"))
		check(b, err)
	}
}

func BenchmarkListKeys(b *testing.B) {
	benchmarkList(b, ports.ListOptions{Prefix: "d/", KeysOnly: true})
}
func BenchmarkList(b *testing.B) { benchmarkList(b, ports.ListOptions{Prefix: "d/"}) }

func benchmarkList(b *testing.B, opts ports.ListOptions) {
	s, _ := benchmarkFolder(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range s.List(b.Context(), opts) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func benchmarkFolder(b *testing.B, objects int) (*Store, string) {
	b.Helper()
	s, root := newStore(b, Options{Sync: SyncNone})
	for i := range objects {
		_, err := s.Put(b.Context(), fmt.Sprintf("d/%05d.json", i), kilobyte, ports.Any)
		check(b, err)
	}
	return s, root
}
