package ports

import (
	"context"
	"time"
)

// Observer is the one seam for traces, metrics, slow logs and profiles: a
// struct of callbacks, each of which may be nil. What is nil costs nothing.
// Callbacks are called on the goroutine that does the work, from many
// goroutines at once; they must be quick and must not call back into the
// database.
//
// Start callbacks return the context under which the work goes on and a
// function that is called once, when it ended; both may be nil.
type Observer struct {
	// Operation spans one call of the database by the user.
	Operation func(ctx context.Context, info OperationInfo) (context.Context, func(OperationResult))

	// StoreCall spans one request to the object store.
	StoreCall func(ctx context.Context, info StoreCallInfo) (context.Context, func(StoreCallResult))

	// IndexCall spans one round trip to the index.
	IndexCall func(ctx context.Context, info IndexCallInfo) (context.Context, func(IndexCallResult))

	// Retry is called before a wait that precedes another attempt.
	Retry func(ctx context.Context, info RetryInfo)

	// IndexState is called when this process sees an index change its state.
	IndexState func(ctx context.Context, info IndexStateInfo)

	// IndexBuild is called as a build in this process goes on.
	IndexBuild func(ctx context.Context, info IndexBuildInfo)

	// Background is called for a failure that no caller waits for.
	Background func(ctx context.Context, info BackgroundInfo)
}

// OperationInfo describes a call of the database.
type OperationInfo struct {
	Name       string // "create", "get", "put", "update", "patch", "delete", "query", …
	Collection string
	ID         string // document id; empty where the call is about many
	Batch      int    // number of documents of a batch; 0 for others
}

// OperationResult says how it ended.
type OperationResult struct {
	Duration  time.Duration
	Documents int // documents returned or written
	Err       error
}

// StoreCallInfo describes a request to the object store.
type StoreCallInfo struct {
	Method string // "get", "put", "delete", "stat", "list"
	Key    string // for a list, the prefix
}

// StoreCallResult says how it ended. For a list, Bytes is 0.
type StoreCallResult struct {
	Duration time.Duration
	Bytes    int // of the body, sent or received
	Objects  int // listed
	Err      error
}

// IndexCallInfo describes a round trip to the index.
type IndexCallInfo struct {
	Method  string // "identity", "install", "begin", "end", "query", "count", "drop"
	Space   string
	Entries int // sent
}

// IndexCallResult says how it ended.
type IndexCallResult struct {
	Duration time.Duration
	Entries  int // received
	Err      error
}

// RetryInfo describes a wait before another attempt.
type RetryInfo struct {
	What    string // what is tried again
	Key     string
	Attempt int // the one that failed, from 1
	Wait    time.Duration
	Err     error
}

// IndexStateInfo describes a change of state of a collection's indexes.
type IndexStateInfo struct {
	Collection string
	Epoch      string
	State      string // "building", "ready", "off"
	Reason     string
}

// IndexBuildInfo describes the progress of a build.
type IndexBuildInfo struct {
	Collection string
	Documents  int // read so far
	Entries    int // added so far
	Done       bool
	Err        error
}

// BackgroundInfo describes a failure of background work.
type BackgroundInfo struct {
	Task       string // "index end", "index build", …
	Collection string
	Err        error
}
