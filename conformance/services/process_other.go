//go:build !linux

package services

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }

// reap kills the servers of a dead test process: those whose number is noted
// in its folder and whose command line names that folder, as the number may
// belong to somebody else by now.
func reap(root string) {
	notes, err := filepath.Glob(filepath.Join(root, "*", "pid"))
	if err != nil {
		return
	}
	for _, note := range notes {
		number, err := os.ReadFile(note)
		if err != nil {
			continue
		}
		said, err := exec.Command("ps", "-o", "args=", "-p", string(number)).Output()
		if err != nil || !strings.Contains(string(said), filepath.Dir(note)) {
			continue
		}
		if pid, err := strconv.Atoi(string(number)); err == nil {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill()
			}
		}
	}
}
