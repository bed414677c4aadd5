package services

import (
	"os"
	"path/filepath"
	"syscall"
)

// memoryFolder is a file system in memory: nothing to wait for, nothing to
// wear out.
const memoryFolder = "/dev/shm"

// enoughMemory is what must be free there, in bytes. A container has 64 MiB
// unless told otherwise.
const enoughMemory = 1 << 30

// dataBase is the folder for the folders of all test processes.
func dataBase() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memoryFolder, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < enoughMemory {
		return os.TempDir()
	}
	if !keepsAttributes(memoryFolder) {
		return os.TempDir()
	}
	return memoryFolder
}

// keepsAttributes reports whether files below the folder can have user
// attributes, in which versitygw keeps what it knows of an object. Files in
// memory can since Linux 6.6.
func keepsAttributes(folder string) bool {
	name, err := os.MkdirTemp(folder, "smarterbase-attributes-")
	if err != nil {
		return false
	}
	defer func() { _ = os.RemoveAll(name) }()
	file := filepath.Join(name, "file")
	if os.WriteFile(file, nil, 0o600) != nil {
		return false
	}
	return syscall.Setxattr(file, "user.smarterbase", []byte("1"), 0) == nil
}
