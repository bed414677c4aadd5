// Package gcs keeps objects in a bucket of Google Cloud Storage.
package gcs
