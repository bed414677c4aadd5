package core

import (
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// Options says what a database is made of. The zero value works: no index, so
// that every query reads all documents of its collection.
type Options struct {
	Settings
	Components
}

// Settings are the plain data among the options. Zero fields take the default.
type Settings struct {
	// IndexPolicy says what writes to indexed collections do while the index
	// is unreachable.
	IndexPolicy IndexPolicy

	// Concurrency is how many requests one query, batch or iteration has under
	// way at once: 1 to 1,024; default 16.
	Concurrency int

	// Attempts is how often a request that failed without effect is sent, the
	// first time included: 1 to 100; default 6.
	Attempts int

	// BusyAttempts is the same for a request that the store answers with busy:
	// it decided nothing, and asks for time (S3 while it scales, Google Cloud
	// Storage beyond one write a second to an object). 1 to 100, and never less
	// than Attempts; default 12 on stores behind a network, which is patience
	// for four seconds, otherwise Attempts.
	BusyAttempts int

	// RetryBase and RetryMax bound the wait before the first further attempt
	// and before every one. Default 10 ms and 2 s; on stores without a network
	// 1 ms and 200 ms.
	RetryBase, RetryMax time.Duration

	// ConflictAttempts is how often an Update, a Patch or an unconditional Put
	// starts over because another writer came first: 1 to 10,000; default 200.
	ConflictAttempts int

	// Holder tells operators who holds a lease of DB.Locker: any text. Default:
	// the name of the host and the number of the process.
	Holder string

	// IndexPartitions is into how many parts the index of a collection is
	// divided by document id when its manifest is first made: 1 to 256; default
	// 1. Each part can live on another node of a Redis Cluster; a query asks
	// all of them at once. Collections that have a manifest keep what it says.
	IndexPartitions int

	// MaintainEvery is how often the store is maintained in the background, by one
	// of the processes that have it open: at least a minute; default 24 hours,
	// negative: never. A process looks first ten to twenty minutes after its start,
	// and about every hour. A run in which something failed counts, too. See
	// DB.Maintain.
	MaintainEvery time.Duration

	// SkipProbe opens without the requests that prove that the store
	// honours conditions. For stores that were probed before, and for
	// credentials that can only read.
	SkipProbe bool
}

// Components are the parts that can be replaced. Nil fields take the default.
type Components struct {
	Index    ports.Index    // none by default
	Locker   ports.Locker   // leases in the store by default; see DB.Locker
	Counter  ports.Counter  // counters in the store by default; see DB.Counter
	Codec    ports.Codec    // encoding/json by default
	Clock    ports.Clock    // the machine's by default
	Random   func() uint64  // 64 random bits; a secure source by default
	Observer ports.Observer // callbacks for traces, metrics and logs

	// Cache keeps documents of at most 1 MiB that were read by id, or because
	// an index named them; none by default. Each read still asks the store, which
	// then answers that nothing changed instead of the bytes, so what is
	// read is never stale, whoever wrote it and whatever the cache does. A cache
	// may be shared by databases and by processes, and may fail at any time.
	// Behind a store that encrypts, it holds what was decrypted.
	Cache ports.Cache
}

// IndexPolicy says what a write does while the index of its collection does
// not answer. Reads by id never need an index, and queries scan.
type IndexPolicy int

const (
	// IndexStrict fails writes to indexed collections with ErrUnavailable.
	IndexStrict IndexPolicy = iota

	// IndexAvailable turns the indexes of the collection off, for everybody,
	// and writes on without them; queries scan until an index is back and has
	// been built anew.
	IndexAvailable
)

// The lease on a manifest: how long a process may go on writing by what it
// read there. Every process on a store must use the same, so it follows from
// the store alone.
const (
	networkLease = 10 * time.Second
	localLease   = time.Second

	// lateWait is how long a request to a store behind a network may take to
	// take effect.
	lateWait = 60 * time.Second

	// For how long others are asked to wait for a transaction between its first
	// lock and its commit.
	networkPatience = 3 * time.Second
	localPatience   = time.Second

	// closeGrace is how long Close waits for what should be brought to an end.
	closeGrace = 5 * time.Second
)

func (s *Settings) applyDefaults(caps ports.Capabilities) error {
	base, most, busy := time.Millisecond, 200*time.Millisecond, 1
	if caps.LateWrites {
		base, most, busy = 10*time.Millisecond, 2*time.Second, 12
	}
	for _, field := range []struct {
		name               string
		value              *int
		preset, least, top int
	}{
		{"Concurrency", &s.Concurrency, 16, 1, 1024},
		{"Attempts", &s.Attempts, 6, 1, 100},
		{"BusyAttempts", &s.BusyAttempts, busy, 1, 100},
		{"ConflictAttempts", &s.ConflictAttempts, 200, 1, 10000},
		{"IndexPartitions", &s.IndexPartitions, 1, 1, 256},
	} {
		if *field.value == 0 {
			*field.value = field.preset
		}
		if *field.value < field.least || *field.value > field.top {
			return fmt.Errorf("option %s is %d, not within %d to %d", field.name, *field.value, field.least, field.top)
		}
	}
	if s.MaintainEvery == 0 {
		s.MaintainEvery = maintainEvery
	}
	if s.MaintainEvery > 0 && s.MaintainEvery < time.Minute {
		return fmt.Errorf("option MaintainEvery is %v, less than a minute", s.MaintainEvery)
	}
	if s.Holder == "" {
		s.Holder = thisProcess()
	}
	if s.RetryBase == 0 {
		s.RetryBase = base
	}
	if s.RetryMax == 0 {
		s.RetryMax = max(most, s.RetryBase)
	}
	switch {
	case s.RetryBase < 0:
		return fmt.Errorf("option RetryBase is negative: %v", s.RetryBase)
	case s.RetryMax < s.RetryBase:
		return fmt.Errorf("option RetryMax is %v, less than RetryBase, which is %v", s.RetryMax, s.RetryBase)
	case s.IndexPolicy != IndexStrict && s.IndexPolicy != IndexAvailable:
		return fmt.Errorf("option IndexPolicy is unknown: %d", s.IndexPolicy)
	}
	return nil
}

func (s *Settings) policy() retry.Policy {
	return retry.Policy{Attempts: s.Attempts, Busy: s.BusyAttempts, Base: s.RetryBase, Max: s.RetryMax}
}

func (c *Components) applyDefaults() {
	if c.Codec == nil {
		c.Codec = jsonCodec{}
	}
	if c.Clock == nil {
		c.Clock = ports.SystemClock()
	}
	if c.Random == nil {
		c.Random = secureRandom
	}
}
