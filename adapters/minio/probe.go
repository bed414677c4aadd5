package minio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// probePrefix holds the scratch objects; they are removed at the end.
const probePrefix = "_sb/probe/"

// probe finds out what a server really honours. Brands and versions are not
// trusted: some servers accept conditions and ignore them.
type probe struct {
	store         ports.ObjectStore
	bucket        *bucket
	prefix        string // of store, with its slash
	there, absent string // keys
	bodies        int
}

func newProbe(store ports.ObjectStore, b *bucket, prefix string) *probe {
	if prefix != "" {
		prefix += "/"
	}
	stem := probePrefix + rand.Text()
	return &probe{store: store, bucket: b, prefix: prefix, there: stem + ".json", absent: stem + "-absent.json"}
}

// writers race for one object.
const writers = 8

// run makes 22 requests.
func (p *probe) run(ctx context.Context) error {
	err := p.check(ctx)
	p.clean(ctx)
	if err == nil {
		return nil
	}
	if failure, ok := errors.AsType[*ports.Error](err); ok {
		return ports.Fail("open", p.bucket.name, failure.Kind, fmt.Errorf("checking what the server honours: %w", stripped(failure)))
	}
	return ports.Fail("open", p.bucket.name, ports.ErrUnsupported, fmt.Errorf("the server can't be used: %w", err))
}

// stripped is a failure without its outcome, which is said once.
func stripped(failure *ports.Error) error {
	return fmt.Errorf("%s %q: %w", failure.Op, failure.Key, errors.Join(failure.Err))
}

// check answers a *ports.Error if a request failed, and another error if one
// was answered wrongly.
func (p *probe) check(ctx context.Context) error {
	first, err := p.put(ctx, p.there, ports.IfAbsent)
	if err != nil {
		return err
	}
	if _, err := p.put(ctx, p.there, ports.IfAbsent); !errors.Is(err, ports.ErrPrecondition) {
		return verdict(err, "it does not honour If-None-Match: a create-only put replaced an object")
	}
	last, err := p.race(ctx, first)
	if err != nil {
		return err
	}
	if _, err := p.put(ctx, p.there, ports.IfVersion(first)); !errors.Is(err, ports.ErrPrecondition) {
		return verdict(err, "it does not honour If-Match: a put with an old version replaced an object")
	}
	if _, err := p.put(ctx, p.absent, ports.IfVersion(last)); !errors.Is(err, ports.ErrPrecondition) {
		return verdict(err, "it does not honour If-Match where no object exists: a put created one")
	}
	if err := p.list(ctx, last); err != nil {
		return err
	}
	return p.uploads(ctx, first)
}

// uploads finds out whether conditions hold at the end of an upload in parts.
// Where they do not, longer streams can't have one, and that is all.
func (p *probe) uploads(ctx context.Context, old ports.Version) error {
	for _, cond := range []ports.Condition{ports.IfAbsent, ports.IfVersion(old)} {
		p.bodies++
		err := p.bucket.uploadOnePart(ctx, p.prefix+p.there, p.body(p.bodies), cond)
		switch {
		case err == nil, errors.Is(err, ports.ErrUnsupported):
			p.bucket.uploadsHold = false
		case !errors.Is(err, ports.ErrPrecondition):
			return err
		}
	}
	return nil
}

// put writes a body that no other put of the probe has.
func (p *probe) put(ctx context.Context, key string, cond ports.Condition) (ports.Version, error) {
	p.bodies++
	return p.store.Put(ctx, key, p.body(p.bodies), cond)
}

func (p *probe) body(n int) []byte { return fmt.Appendf(nil, `{"probe":%q,"put":%d}`, p.there, n) }

// race lets writers replace one version at the same moment.
func (p *probe) race(ctx context.Context, base ports.Version) (won ports.Version, err error) {
	versions, errs := make([]ports.Version, writers), make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			versions[i], errs[i] = p.store.Put(ctx, p.there, p.body(-i-1), ports.IfVersion(base))
		})
	}
	group.Wait()
	winners := 0
	for i, err := range errs {
		switch {
		case err == nil:
			winners++
			won = versions[i]
		case !errors.Is(err, ports.ErrPrecondition) && !errors.Is(err, ports.ErrBusy):
			return "", err
		}
	}
	if winners != 1 {
		return "", fmt.Errorf("of %d writers that replaced the same version at once, %d succeeded, not one", writers, winners)
	}
	return won, nil
}

// list looks for what was put, with the version that its put answered.
func (p *probe) list(ctx context.Context, want ports.Version) error {
	for info, err := range p.store.List(ctx, ports.ListOptions{Prefix: p.there, Limit: 1}) {
		switch {
		case err != nil:
			return err
		case info.Version != want:
			return fmt.Errorf("a list after a put answers version %q, not %q", info.Version, want)
		}
		return nil
	}
	return errors.New("a list after a put misses the object")
}

// verdict is the reason for a put that was not refused; err is what it said.
func verdict(err error, reason string) error {
	if err != nil {
		return err
	}
	return errors.New(reason)
}

// clean removes the scratch objects as far as it can, in one request.
func (p *probe) clean(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if deleter, ok := ports.As[ports.BatchDeleter](p.store); ok {
		_, _ = deleter.DeleteBatch(ctx, []string{p.there, p.absent})
	}
}
