package encryption

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// ReencryptOptions refine Reencrypt. The zero value rewrites everything that is
// encrypted under an older key.
type ReencryptOptions struct {
	Prefix string // only keys with this byte prefix
	After  string // only keys greater than this one: Report.Last of an earlier run

	// Plaintext encrypts objects that are plaintext. Without it they are
	// counted and left alone.
	Plaintext bool

	// DryRun looks at everything and writes nothing.
	DryRun bool

	// Concurrency is how many objects are under way at once; 0: 8.
	Concurrency int

	// Progress, unless nil, is called from time to time and at the end, on the
	// goroutine of the caller.
	Progress func(Report)

	// Clock waits before a request that failed is made again; nil: the
	// machine's.
	Clock ports.Clock
}

// outcome is what became of one object.
type outcome int

const (
	current outcome = iota // or gone
	rewritten
	leftPlain
	undecryptable
)

const (
	defaultConcurrency = 8
	batchesPerHand     = 16
	streamAbove        = 1 << 20 // objects greater than this are not held in memory
	firstWait          = 50 * time.Millisecond
	longestWait        = 5 * time.Second
)

// Reencrypt rewrites the objects of inner that are not under the primary key
// of the keyring, while others read and write them: each is replaced by
// compare-and-swap, and looked at again if somebody else was faster. Keys and
// contents stay, versions and modification times change. Objects greater than
// 1 MiB are streamed where inner is a ports.Streamer.
//
// Each object costs a read of 16 bytes, and each rewritten one a read and a
// write more. An object whose requests answer ErrPrecondition, ErrBusy,
// ErrUnavailable or ErrUnknown is looked at up to eight times, with growing
// waits. Objects that can't be decrypted are left as they are and reported;
// the error then matches ErrCorrupt. Any other failure ends the walk. An
// encrypted store in the place of inner is refused with ErrInvalidKey.
//
// All processes must know the primary key before it begins, or else be able to
// find it (OpenKeyring): what they can't decrypt is ErrCorrupt for them.
// Processes that still write under an older key leave objects for another run;
// DryRun counts them.
func Reencrypt(ctx context.Context, inner ports.ObjectStore, keyring *Keyring, opts ReencryptOptions) (Report, error) {
	if opts.Concurrency < 0 {
		return Report{}, ports.Fail("reencrypt", "", ports.ErrInvalidKey, fmt.Errorf("option Concurrency is %d", opts.Concurrency))
	}
	if opts.Concurrency == 0 {
		opts.Concurrency = defaultConcurrency
	}
	if opts.Clock == nil {
		opts.Clock = ports.SystemClock()
	}
	s, err := newStore(inner, keyring, Options{ReadPlaintext: opts.Plaintext})
	if err != nil {
		return Report{}, err
	}
	if err := keyring.Refresh(ctx); err != nil {
		return Report{}, err
	}
	w := &walk{store: s, opts: opts}
	w.streamer, _ = ports.As[ports.Streamer](inner)
	err = w.run(ctx)
	return w.report, err
}

// walk is one run of Reencrypt.
type walk struct {
	store    *store
	streamer ports.Streamer // of the inner store; nil: none
	opts     ReencryptOptions

	mu     sync.Mutex
	report Report
}

// run works on batches of keys, so that there is a key before which everything
// is done.
func (w *walk) run(ctx context.Context) error {
	size := w.opts.Concurrency * batchesPerHand
	batch := make([]string, 0, size)
	list := ports.ListOptions{Prefix: w.opts.Prefix, StartAfter: w.opts.After, KeysOnly: true}
	for info, err := range w.store.list(marked(ctx, w.store.keys), list) {
		if err != nil {
			return err
		}
		if batch = append(batch, info.Key); len(batch) < size {
			continue
		}
		if err := w.batch(ctx, batch); err != nil {
			return err
		}
		batch = batch[:0]
	}
	if err := w.batch(ctx, batch); err != nil {
		return err
	}
	return w.report.failure()
}

// batch works on some keys at once and waits for all of them.
func (w *walk) batch(ctx context.Context, batch []string) error {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan string, len(batch))
	for _, key := range batch {
		queue <- key
	}
	close(queue)
	var hands sync.WaitGroup
	for range min(w.opts.Concurrency, len(batch)) {
		hands.Go(func() {
			for key := range queue {
				if working.Err() != nil {
					return
				}
				if err := w.object(working, key); err != nil {
					stop(err) // the first one is the cause
				}
			}
		})
	}
	hands.Wait()
	if err := ports.ContextDone(ctx, "reencrypt", ""); err != nil {
		return err
	}
	if working.Err() != nil {
		return context.Cause(working)
	}
	if len(batch) > 0 {
		w.report.Last = batch[len(batch)-1]
	}
	w.progress()
	return nil
}

func (w *walk) progress() {
	if w.opts.Progress != nil {
		snapshot := w.report
		snapshot.Failures = slices.Clone(snapshot.Failures)
		w.opts.Progress(snapshot)
	}
}

// object brings one object under the primary key. It looks again after every
// failure that may pass.
func (w *walk) object(ctx context.Context, key string) error {
	wait := firstWait
	var err error
	for range attempts {
		var o outcome
		var size int64
		o, size, err = w.attempt(ctx, key)
		switch {
		case errors.Is(err, ports.ErrCorrupt):
			w.note(key, undecryptable, 0, err)
			return nil
		case err == nil:
			w.note(key, o, size, nil)
			return nil
		case mayPass(err):
			if err := w.opts.Clock.Sleep(ctx, wait/2+rand.N(wait/2)); err != nil {
				return err
			}
			wait = min(2*wait, longestWait)
		default:
			return err
		}
	}
	return err
}

// mayPass reports whether it makes sense to look again: somebody else was
// faster, or it is not known who was.
func mayPass(err error) bool {
	return errors.Is(err, ports.ErrPrecondition) || errors.Is(err, ports.ErrBusy) ||
		errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ports.ErrUnknown)
}

func (w *walk) note(key string, o outcome, size int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.add(key, o, size, err)
}

// attempt looks at one object and rewrites it if it has to be.
func (w *walk) attempt(ctx context.Context, key string) (outcome, int64, error) {
	o, err := w.store.inner.Get(ctx, key, ports.GetOptions{Range: ports.Range{Length: headerLength}})
	if errors.Is(err, ports.ErrNotFound) {
		return current, 0, nil
	}
	if err != nil {
		return current, 0, err
	}
	h, err := parseHeader(o.Data)
	switch {
	case errors.Is(err, ErrNotEncrypted) && !w.opts.Plaintext:
		return leftPlain, 0, nil
	case errors.Is(err, ErrNotEncrypted):
	case err != nil:
		return current, 0, ports.Fail("reencrypt", key, ports.ErrCorrupt, err)
	case w.store.keys.current().isPrimary(h):
		return current, 0, nil
	}
	if w.opts.DryRun {
		return rewritten, o.Size, nil
	}
	return rewritten, o.Size, w.rewrite(ctx, o.ObjectInfo)
}

// rewrite replaces exactly the state that was looked at.
func (w *walk) rewrite(ctx context.Context, looked ports.ObjectInfo) error {
	if looked.Size > streamAbove && w.streamer != nil {
		return w.rewriteStream(ctx, looked)
	}
	o, err := w.store.Get(ctx, looked.Key, ports.GetOptions{})
	if err != nil {
		return gone(looked.Key, err)
	}
	_, err = w.store.Put(ctx, looked.Key, o.Data, ports.IfVersion(o.Version))
	return err
}

func (w *walk) rewriteStream(ctx context.Context, looked ports.ObjectInfo) error {
	s := streams{w.store, w.streamer}
	info, body, err := s.GetStream(ctx, looked.Key, ports.GetOptions{})
	if err != nil {
		return gone(looked.Key, err)
	}
	_, err = s.PutStream(ctx, looked.Key, body, ports.IfVersion(info.Version))
	if closed := body.Close(); err == nil && closed != nil {
		err = ports.Fail("reencrypt", looked.Key, ports.ErrUnavailable, closed)
	}
	return err
}

// gone makes an object that was deleted meanwhile one that has to be looked at
// again.
func gone(key string, err error) error {
	if errors.Is(err, ports.ErrNotFound) {
		return ports.Fail("reencrypt", key, ports.ErrPrecondition, nil)
	}
	return err
}
