//go:build !unix

package engine_test

import "os"

// Where processes can't be stopped, they are only killed.
func suspend(*os.Process) error { return nil }
func wake(*os.Process) error    { return nil }
