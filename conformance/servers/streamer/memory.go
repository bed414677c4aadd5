package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
)

// memory reads a figure of this process, in bytes.
func memory(name string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return kilobytes(rest)
		}
	}
	return 0, errors.New("the system does not tell " + name)
}

func kilobytes(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
	return n << 10, err
}
