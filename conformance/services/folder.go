package services

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// folderPrefix begins the name of the folder that holds all data of the
// servers of one test process.
const folderPrefix = "smarterbase-services-"

// lockName is a file that its process keeps locked: who gets the lock knows
// that the owner is dead. Process numbers would not do, since containers with
// numbers of their own may share the folder above.
const lockName = "lock"

// root makes the folder of this process, once. It first removes those of test
// processes that were killed.
var root = sync.OnceValues(func() (string, error) {
	base := dataBase()
	sweep(base)
	name, err := os.MkdirTemp(base, folderPrefix)
	if err != nil {
		return "", err
	}
	held, err := os.OpenFile(filepath.Join(name, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	_ = lock(held) // nobody else knows the name; where there are no locks, nobody sweeps
	atEnd(func() {
		_ = held.Close()
		_ = os.RemoveAll(name)
	})
	return name, nil
})

// newFolder makes a folder for one server.
func newFolder(name string) (string, error) {
	parent, err := root()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(parent, name+"-")
}

// sweep removes the folders in base whose owners are dead. One that has no
// lock yet is being made right now.
func sweep(base string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := filepath.Join(base, e.Name()); strings.HasPrefix(e.Name(), folderPrefix) && dead(name) {
			reap(name)
			_ = os.RemoveAll(name)
		}
	}
}

// dead reports whether the process that made the folder has ended.
func dead(name string) bool {
	f, err := os.OpenFile(filepath.Join(name, lockName), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return lock(f) == nil
}
