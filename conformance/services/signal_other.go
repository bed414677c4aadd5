//go:build !unix

package services

import (
	"errors"
	"os"
)

var errSystem = errors.New("this system can't do it")

func suspend(*os.Process) error { return errSystem }
func wake(*os.Process) error    { return errSystem }
func lock(*os.File) error       { return errSystem }
func waitLock(*os.File) error   { return nil }
