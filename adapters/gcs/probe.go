package gcs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// probe checks on scratch keys that a server does what its interface claims.
// There are servers that accept conditions and ignore them: on such a one
// every concurrent update would be lost, without an error.
type probe struct {
	store  ports.ObjectStore // below the prefix
	bucket *bucket           // whose capabilities are found out
	clock  ports.Clock
	keys   string // all of them start with this
}

// run answers nil if the store can be used. A server that is not sound is
// ports.ErrUnsupported; others are failures of asking it.
func (p *probe) run(ctx context.Context) error {
	p.keys = "_sb/probe/" + rand.Text() + "/"
	err := p.sound(ctx)
	if err == nil {
		return nil
	}
	p.clean(ctx)
	var failure *ports.Error
	if errors.As(err, &failure) {
		return ports.Fail("open", p.bucket.name, failure.Kind, err)
	}
	return err
}

func (p *probe) sound(ctx context.Context) error {
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for i, check := range []func(context.Context) error{p.conditions, p.oneWinner, p.missing} {
		wg.Go(func() { errs[i] = check(ctx) })
	}
	wg.Wait()
	slices.SortStableFunc(errs, func(a, b error) int { return weight(b) - weight(a) })
	if errs[0] != nil {
		return errs[0]
	}
	if err := p.listing(ctx); err != nil {
		return err
	}
	return p.deletes(ctx)
}

// weight puts what the caller has to know first.
func weight(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ports.ErrUnsupported):
		return 2
	}
	return 1
}

// The scratch keys. The last one is below the first.
const (
	probeKey    = "a"
	raceKey     = "race"
	missingKey  = "missing"
	nestedKey   = "a/b"
	wrongNumber = ports.Version("1")
)

// conditions checks create-only puts and puts on a generation, right and wrong.
func (p *probe) conditions(ctx context.Context) error {
	first, err := p.put(ctx, probeKey, ports.IfAbsent)
	if err != nil {
		return err
	}
	_, err = p.put(ctx, probeKey, ports.IfAbsent)
	if err = refused(err, "a create-only put replaced an object"); err != nil {
		return err
	}
	_, err = p.put(ctx, probeKey, ports.IfVersion(wrongNumber))
	if err = refused(err, "a put on another generation replaced the object"); err != nil {
		return err
	}
	second, err := p.put(ctx, probeKey, ports.IfVersion(first))
	switch {
	case errors.Is(err, ports.ErrPrecondition):
		return unsound("a put on the generation that the object has was refused")
	case err == nil && second == first:
		return unsound("two puts of the same bytes got the same generation")
	}
	return err
}

// missing checks that a put on a generation does not create an object.
func (p *probe) missing(ctx context.Context) error {
	_, err := p.put(ctx, missingKey, ports.IfVersion(wrongNumber))
	return refused(err, "a put on a generation created an object where there was none")
}

// oneWinner lets eight create the same object at once.
func (p *probe) oneWinner(ctx context.Context) error {
	const hands = 8
	errs := make([]error, hands)
	var wg sync.WaitGroup
	for i := range hands {
		wg.Go(func() { _, errs[i] = p.put(ctx, raceKey, ports.IfAbsent) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, ports.ErrPrecondition):
			return err
		}
	}
	if won != 1 {
		return unsound(fmt.Sprintf("of %d create-only puts at once %d succeeded, not one", hands, won))
	}
	return nil
}

// listing checks that what was written is listed, with its generation, and
// whether a key can be below another.
func (p *probe) listing(ctx context.Context) error {
	_, err := p.put(ctx, nestedKey, ports.IfAbsent)
	if ctx.Err() != nil || errors.Is(err, ports.ErrPermission) {
		return err
	}
	listed := map[string]ports.Version{}
	for info, err := range p.store.List(ctx, ports.ListOptions{Prefix: p.keys}) {
		if err != nil {
			return err
		}
		listed[info.Key[len(p.keys):]] = info.Version
	}
	for _, key := range []string{probeKey, raceKey} {
		stat, err := p.store.Stat(ctx, p.keys+key)
		switch {
		case errors.Is(err, ports.ErrNotFound):
			return unsound("an object that was put is not there")
		case err != nil:
			return err
		case listed[key] != stat.Version:
			return unsound(fmt.Sprintf("an object with generation %q is listed with %q right after its put", stat.Version, listed[key]))
		}
	}
	p.bucket.caps.NestedKeys = listed[nestedKey] != ""
	return nil
}

// deletes checks whether a delete honours its condition, and removes the rest.
func (p *probe) deletes(ctx context.Context) error {
	err := p.remove(ctx, raceKey, ports.IfVersion(wrongNumber))
	if err == nil {
		p.bucket.caps.ConditionalDelete = false
	} else if !errors.Is(err, ports.ErrPrecondition) {
		return err
	}
	for _, key := range []string{nestedKey, probeKey, raceKey} {
		if err := p.remove(ctx, key, ports.Any); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) remove(ctx context.Context, key string, cond ports.Condition) error {
	return p.patiently(ctx, func() error { return p.store.Delete(ctx, p.keys+key, cond) })
}

func (p *probe) put(ctx context.Context, key string, cond ports.Condition) (v ports.Version, err error) {
	err = p.patiently(ctx, func() error {
		v, err = p.store.Put(ctx, p.keys+key, []byte("probe"), cond)
		return err
	})
	return v, err
}

// patiently repeats a call that was not decided. Google lets about one write
// a second through to one name.
func (p *probe) patiently(ctx context.Context, call func() error) error {
	for wait := time.Second / 2; ; wait *= 2 {
		err := call()
		if !errors.Is(err, ports.ErrBusy) || wait > 4*time.Second || p.clock.Sleep(ctx, wait) != nil {
			return err
		}
	}
}

// refused passes what is right: a put that had to be refused, and was.
func refused(err error, otherwise string) error {
	switch {
	case err == nil:
		return unsound(otherwise)
	case errors.Is(err, ports.ErrPrecondition):
		return nil
	}
	return err
}

func unsound(reason string) error {
	return ports.Fail("probe", "", ports.ErrUnsupported,
		fmt.Errorf("the server does not keep conditions, so that concurrent writers would lose updates: %s", reason))
}

// clean removes what a failed probe left, as far as it can.
func (p *probe) clean(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, key := range []string{nestedKey, probeKey, raceKey, missingKey} {
		_ = p.store.Delete(ctx, p.keys+key, ports.Any)
	}
}
