package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// buildLimit is for building a program from an empty cache on a slow machine.
const buildLimit = 15 * time.Minute

// onPath finds the first of the programs on PATH.
func onPath(names ...string) (string, error) {
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("PATH has no %s; `make services` installs it", strings.Join(names, " and no "))
}

// tool finds a program of tools/pinned.txt in the tool cache. Inside a
// checkout it has the version that is written there, and is built if it is
// missing; elsewhere the newest one in the cache will do.
func tool(name string) (string, error) {
	cache, err := toolCache()
	if err != nil {
		return "", err
	}
	checkout := checkoutRoot()
	if checkout == "" {
		return newest(cache, name)
	}
	version, err := pinnedVersion(filepath.Join(checkout, "tools", "pinned.txt"), name)
	if err != nil {
		return "", err
	}
	program := filepath.Join(cache, name+"@"+version, executable(name))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	return program, remembered("build "+name+"@"+version, func() error { return build(checkout, cache, name) })
}

// build has tools/repo build the program. Of several test processes that want
// it at once one builds, and the others find that it is there.
func build(checkout, cache, name string) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	turn, err := os.OpenFile(filepath.Join(cache, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = turn.Close() }()
	if err := waitLock(turn); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "-C", "tools", "run", "./repo", "-root", "..", "tool", name)
	cmd.Dir = checkout
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w: %s", name, err, said)
	}
	return nil
}

// toolCache is where tools/repo keeps what it built.
func toolCache() (string, error) {
	if base := os.Getenv("XDG_CACHE_HOME"); base != "" {
		return filepath.Join(base, "smarterbase", "tools"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache", "smarterbase", "tools"), err
}

// checkoutRoot finds the root of the repository above the working folder,
// which for a test is that of its package; "" if there is none.
var checkoutRoot = sync.OnceValue(func() string {
	folder, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "tools", "pinned.txt")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return ""
		}
		folder = parent
	}
})

// pinnedVersion reads the version of a program from tools/pinned.txt.
func pinnedVersion(file, name string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name {
			return fields[2], nil
		}
	}
	return "", fmt.Errorf("%s has no %s", file, name)
}

// newest returns the program that was built last.
func newest(cache, name string) (string, error) {
	found, err := filepath.Glob(filepath.Join(cache, name+"@*", executable(name)))
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", errors.New("no " + name + " below " + cache)
	}
	return slices.MaxFunc(found, func(a, b string) int { return built(a).Compare(built(b)) }), nil
}

func built(program string) time.Time {
	info, err := os.Stat(program)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
