// Package retry decides whether and when a failed call is tried again.
package retry
