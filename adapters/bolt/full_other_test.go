//go:build !linux && !darwin

package bolt_test

import "context"

// fillDisk needs a limit on the size of files.
func fillDisk(context.Context, string) error { return nil }
