// Package minio keeps objects in a bucket.
package minio
