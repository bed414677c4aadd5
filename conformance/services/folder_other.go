//go:build !linux

package services

import "os"

// dataBase is the folder for the folders of all test processes.
func dataBase() string { return os.TempDir() }

// keepsAttributes answers no: versitygw then keeps them in files.
func keepsAttributes(string) bool { return false }
