package index

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
)

// Errors that say why something could not be done with an index.
var (
	// ErrNoExtractor: the manifest names a function that this program lacks.
	ErrNoExtractor = errors.New("this program does not register the index function")

	// ErrNoIndex: the collection has indexes, and this database was opened
	// without an index store.
	ErrNoIndex = errors.New("the collection has indexes, and the database was opened without the index that keeps them")

	// ErrLapsed: the lease on the manifest ran out before the write was sent.
	ErrLapsed = errors.New("the lease on the index manifest ran out")

	// ErrNotIndexable: the document can't have entries in an index.
	ErrNotIndexable = errors.New("the document can't be indexed")

	// ErrUnreachable: the index does not answer.
	ErrUnreachable = errors.New("the index is unreachable")
)

// System is what the indexes of one database share.
type System struct {
	Registers  *cas.Registers
	Index      ports.Index // nil if the database was opened without one; see Partitioned
	Partitions int         // of the spaces of new manifests
	Available  bool        // go on without an index that is unreachable
	Lease      time.Duration
	LateWait   time.Duration // how long a late put takes at most; 0 where there are none
	Random     func() uint64
	Observer   ports.Observer
	Ender      *Ender

	Tasks *tasks.Group // background work

	Resolver *txn.Resolver // of objects that transactions have locked
}

func (s *System) newEpoch() string {
	return revision.Next(0, s.Registers.Clock.Now(), s.Random()).String()
}

// Holder is one collection's manifest as this process knows it. It is safe
// for concurrent use.
type Holder struct {
	*System
	Collection string
	space      string
	folder     string
	key        string

	current  atomic.Pointer[view]
	started  atomic.Uint64 // fetches begun so far
	fetching chan struct{} // holds a token while a fetch runs

	extractors sync.Map // name → Extractor
	building   atomic.Bool
	failed     atomic.Pointer[failedBuild] // the last build, if it was given up
	bounds     bounds

	Unique      *unique.Checker
	constraints constraintBuild

	resuming atomic.Bool
	resumed  atomic.Int64 // when it was last tried, on the monotonic clock
}

// NewHolder makes the holder of a collection. No request is made yet.
func NewHolder(s *System, collection string) *Holder {
	return &Holder{
		System: s, Collection: collection,
		space: layout.Space(collection), folder: layout.Folder(collection), key: layout.ManifestKey(collection),
		fetching: make(chan struct{}, 1),
		Unique: &unique.Checker{
			Registers: s.Registers, Resolver: s.Resolver, Random: s.Random,
			Collection: collection, Folder: layout.Folder(collection), Workers: buildWorkers,
		},
	}
}

// view is one reading of the manifest.
type view struct {
	manifest *Manifest // nil: there is none, which is a fact like any other
	state    cas.State
	from     time.Duration // on the monotonic clock, before the request was sent
	wall     time.Time     // and on the other one
	number   uint64        // of the fetch
}

func (v *view) regime() ports.Regime {
	return v.manifest.regime()
}

// usable reports whether the manifest says that writers maintain indexes.
func (v *view) usable() bool { return !v.bare() && !v.manifest.Off }

// bare reports whether there is no index: a manifest can also be there for its
// other rules alone.
func (v *view) bare() bool { return v.manifest == nil || len(v.manifest.Indexes) == 0 }

// holds reports whether the lease that came with the view is still valid.
func (h *Holder) holds(v *view) bool { return h.left(v) > 0 }

// left is how long the lease is still valid: by the monotonic clock, and also
// by that on the wall, since the former stands still while a machine is
// suspended. A wall clock that is set ahead only makes us read again.
func (h *Holder) left(v *view) time.Duration {
	clock := h.Registers.Clock
	return min(v.from+h.Lease-clock.Elapsed(), h.Lease-clock.Now().Sub(v.wall))
}

// lease returns the manifest under a valid lease, reading it if need be.
func (h *Holder) lease(ctx context.Context) (*view, error) {
	seen := uint64(0)
	if v := h.current.Load(); v != nil {
		if h.holds(v) {
			return v, nil
		}
		seen = v.number
	}
	for range 3 {
		// Any newer reading will do, also one that began before this call.
		v, err := h.fetchAfter(ctx, seen)
		if err != nil {
			return nil, err
		}
		if h.holds(v) {
			return v, nil
		}
		seen = v.number
	}
	return nil, fmt.Errorf("%w: reading it takes longer than %v: %s", ErrLapsed, h.Lease, h.key)
}

// fetch returns a reading of the manifest that began after the call. Calls
// that wait at the same time share one.
func (h *Holder) fetch(ctx context.Context) (*view, error) {
	return h.fetchAfter(ctx, h.started.Load())
}

// fetchAfter returns a reading that began after the one with that number.
func (h *Holder) fetchAfter(ctx context.Context, need uint64) (*view, error) {
	select {
	case h.fetching <- struct{}{}:
		defer func() { <-h.fetching }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if v := h.current.Load(); v != nil && v.number > need {
		return v, nil
	}
	number := h.started.Add(1)
	from, wall := h.Registers.Clock.Elapsed(), h.Registers.Clock.Now()
	state, err := h.Registers.Read(ctx, h.key)
	if err != nil {
		return nil, err
	}
	v := &view{state: state, from: from, wall: wall, number: number}
	if state.Exists {
		if v.manifest, err = h.decode(state); err != nil {
			return nil, fmt.Errorf("%w: %s", err, h.key)
		}
	}
	h.announce(ctx, h.current.Swap(v), v)
	return v, nil
}

// decode reuses the manifest at hand where the bytes are the same.
func (h *Holder) decode(state cas.State) (*Manifest, error) {
	if old := h.current.Load(); old != nil && old.manifest != nil && string(old.state.Body) == string(state.Body) {
		return old.manifest, nil
	}
	return decodeManifest(state.Body)
}

func (h *Holder) announce(ctx context.Context, old, now *view) {
	if h.Observer.IndexState == nil || now.manifest == nil {
		return
	}
	if old != nil && old.manifest != nil && old.manifest.Epoch == now.manifest.Epoch && old.manifest.State() == now.manifest.State() {
		return
	}
	h.Observer.IndexState(ctx, ports.IndexStateInfo{Collection: h.Collection, Epoch: now.manifest.Epoch, State: now.manifest.State()})
}

// SetExtractor registers the function that a definition may name.
func (h *Holder) SetExtractor(name string, fn Extractor) { h.extractors.Store(name, fn) }

// Extractor returns a registered function.
func (h *Holder) Extractor(name string) (Extractor, bool) {
	fn, ok := h.extractors.Load(name)
	if !ok {
		return nil, false
	}
	return fn.(Extractor), true
}

func (h *Holder) extractorMap(m *Manifest) map[string]Extractor {
	var found map[string]Extractor
	for i := range m.Indexes {
		if name := m.Indexes[i].Extract; name != "" {
			if fn, ok := h.Extractor(name); ok {
				if found == nil {
					found = make(map[string]Extractor)
				}
				found[name] = fn
			}
		}
	}
	return found
}

// Report hands a failure that nobody waits for to the observer.
func (s *System) Report(task, collection string, err error) {
	if life := s.Tasks.Life(); s.Observer.Background != nil && err != nil && life.Err() == nil {
		s.Observer.Background(life, ports.BackgroundInfo{Task: task, Collection: collection, Err: err})
	}
}
