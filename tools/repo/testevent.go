package main

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
)

// testEvent is one line of go test -json.
type testEvent struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64 // seconds
	Output      string
	ImportPath  string // of build output, with the test variant in brackets
	FailedBuild string // the ImportPath that broke this package
}

// readTestEvents calls handle for every event. Lines that are none, such as
// the complaints of the go command itself, go to other.
func readTestEvents(in io.Reader, handle func(testEvent), other func(line string)) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e testEvent
			if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
				other(line)
			} else {
				handle(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
