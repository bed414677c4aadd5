// Package tasks owns the background goroutines of a database.
package tasks
