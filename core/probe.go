package core

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// probe proves with about twenty requests on scratch keys that a store does what
// the database rests on. Servers that ignore conditions have answered 200
// before, so neither brands nor capabilities are trusted.
func probe(ctx context.Context, store ports.ObjectStore, random func() uint64) error {
	scratch := layout.ProbePrefix + revision.Revision(random()).String()
	p := &prober{ctx: ctx, store: store, prefix: scratch, key: scratch + "-a.json", race: scratch + "-b.json"}
	err := p.run()
	// The scratch objects go whatever happened, also if the context ended.
	cleanup := context.WithoutCancel(ctx)
	for _, key := range []string{p.key, p.race} {
		if gone := store.Delete(cleanup, key, ports.Any); gone != nil && err == nil {
			err = gone
		}
	}
	return err
}

type prober struct {
	ctx       context.Context
	store     ports.ObjectStore
	prefix    string
	key, race string
}

func (p *prober) run() error {
	for _, step := range []func() error{p.create, p.replace, p.replaceMissing, p.raceCreate, p.list, p.deleteIf} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func unsafe(what string) error {
	return fmt.Errorf("the store is not safe to use: %w: it %s", ports.ErrUnsupported, what)
}

func (p *prober) put(key, data string, cond ports.Condition) (ports.Version, error) {
	version, err := p.store.Put(p.ctx, key, []byte(data), cond)
	if err != nil && !errors.Is(err, ports.ErrPrecondition) {
		return "", fmt.Errorf("probe: %w", err)
	}
	return version, err
}

func (p *prober) create() error {
	if _, err := p.put(p.key, "1", ports.IfAbsent); err != nil {
		return err
	}
	_, err := p.put(p.key, "2", ports.IfAbsent)
	return refused(err, "overwrites an object that should only be created")
}

// refused expects a write to have failed for its condition.
func refused(err error, otherwise string) error {
	switch {
	case errors.Is(err, ports.ErrPrecondition):
		return nil
	case err == nil:
		return unsafe(otherwise)
	default:
		return err
	}
}

func (p *prober) replace() error {
	object, err := p.store.Get(p.ctx, p.key, ports.GetOptions{})
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if string(object.Data) != "1" {
		return unsafe("changes an object although the condition failed")
	}
	next, err := p.put(p.key, "3", ports.IfVersion(object.Version))
	if errors.Is(err, ports.ErrPrecondition) {
		return unsafe("refuses a write on the version that it just answered")
	}
	if err != nil {
		return err
	}
	if next == object.Version {
		return unsafe("gives different contents the same version")
	}
	_, err = p.put(p.key, "4", ports.IfVersion(object.Version))
	return refused(err, "overwrites an object on a version that is gone")
}

func (p *prober) replaceMissing() error {
	info, err := p.store.Stat(p.ctx, p.key)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	_, err = p.put(p.race, "5", ports.IfVersion(info.Version))
	return refused(err, "creates an object that should only be replaced")
}

func (p *prober) raceCreate() error {
	const writers = 8
	errs := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() { _, errs[i] = p.put(p.race, fmt.Sprint(i), ports.IfAbsent) })
	}
	group.Wait()
	winners := 0
	for _, err := range errs {
		switch {
		case err == nil:
			winners++
		case errors.Is(err, ports.ErrPrecondition), errors.Is(err, ports.ErrBusy):
		default:
			return err
		}
	}
	if winners != 1 {
		return unsafe(fmt.Sprintf("let %d of %d concurrent creates of one object succeed", winners, writers))
	}
	return nil
}

func (p *prober) list() error {
	seen := 0
	for _, err := range p.store.List(p.ctx, ports.ListOptions{Prefix: p.prefix}) {
		if err != nil {
			return fmt.Errorf("probe: %w", err)
		}
		seen++
	}
	if seen != 2 {
		return unsafe(fmt.Sprintf("lists %d of 2 objects that were just written", seen))
	}
	return nil
}

func (p *prober) deleteIf() error {
	if !p.store.Capabilities().ConditionalDelete {
		return nil
	}
	err := p.store.Delete(p.ctx, p.key, ports.IfVersion("no such version"))
	return refused(err, "claims conditional deletes, and deletes an object on another version")
}
