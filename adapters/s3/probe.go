package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// probeFolder holds the scratch objects of the probe.
const probeFolder = "_sb/probe/"

// probeTries is how often a step is made that the server was too busy for.
const probeTries = 6

// prober finds out with scratch objects what a server does. Brands and claims
// are not trusted: servers that ignore a condition answer "done".
type prober struct {
	ctx    context.Context
	bucket *bucket
	folder string
	made   map[string]bool
	facts  Facts
}

func probe(ctx context.Context, b *bucket, prefix string) (Facts, error) {
	folder := probeFolder + strings.ToLower(rand.Text())
	if prefix != "" {
		folder = prefix + "/" + folder
	}
	p := &prober{ctx: ctx, bucket: b, folder: folder + "/", made: map[string]bool{}}
	defer p.sweep()
	for _, step := range []func() error{p.replace, p.race, p.nest, p.list, p.upload, p.remove} {
		if err := step(); err != nil {
			return Facts{}, err
		}
	}
	return p.facts, nil
}

// put writes a scratch object; nil and ErrPrecondition are answers.
func (p *prober) put(name, data string, cond ports.Condition) (v ports.Version, err error) {
	key := p.folder + name
	p.made[key] = true
	err = p.patiently(func() error {
		info, err := p.bucket.put(p.ctx, key, []byte(data), cond)
		v = info.Version
		return err
	})
	return v, err
}

// patiently tries again while the server is busy.
func (p *prober) patiently(try func() error) error {
	for i := 1; ; i++ {
		err := try()
		if !errors.Is(err, ports.ErrBusy) || i == probeTries || p.bucket.opts.Clock.Sleep(p.ctx, 10*time.Millisecond<<i) != nil {
			return err
		}
	}
}

// refused expects a write to have failed for its condition.
func (p *prober) refused(err error, otherwise string) error {
	if errors.Is(err, ports.ErrPrecondition) {
		return nil
	}
	if err == nil {
		err = p.unsafe(otherwise)
	}
	return err
}

func (p *prober) unsafe(what string) error {
	return ports.Fail("open", p.bucket.name, ports.ErrUnsupported, fmt.Errorf("the server is not safe to use: it %s", what))
}

// replace tries each condition of a write.
func (p *prober) replace() error {
	v1, err := p.put("a.json", "one", ports.IfAbsent)
	if err != nil {
		return err
	}
	_, err = p.put("a.json", "again", ports.IfAbsent)
	if err := p.refused(err, "overwrites an object that should only be created"); err != nil {
		return err
	}
	v2, err := p.put("a.json", "two", ports.IfVersion(v1))
	if err != nil {
		return err
	}
	_, err = p.put("a.json", "three", ports.IfVersion(v1))
	if err := p.refused(err, "overwrites an object whose version is another one"); err != nil {
		return err
	}
	_, err = p.put("missing.json", "x", ports.IfVersion(v2))
	return p.refused(err, "creates an object that should only be replaced")
}

// race lets eight creates of one object meet.
func (p *prober) race() error {
	const racers = 8
	key := p.folder + "race.json"
	p.made[key] = true
	errs := make([]error, racers)
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() { _, errs[i] = p.bucket.put(p.ctx, key, fmt.Appendf(nil, "%d", i), ports.IfAbsent) })
	}
	all.Wait()
	winners := 0
	for _, err := range errs {
		switch {
		case err == nil:
			winners++
		case !errors.Is(err, ports.ErrPrecondition) && !errors.Is(err, ports.ErrBusy):
			return err
		}
	}
	if winners == 0 { // each was in the way of another
		if _, err := p.put("race.json", "last", ports.IfAbsent); err != nil && !errors.Is(err, ports.ErrPrecondition) {
			return err
		}
		winners = 1
	}
	if winners != 1 {
		return p.unsafe(fmt.Sprintf("let %d of %d concurrent creates of one object succeed", winners, racers))
	}
	return nil
}

// nest finds out whether an object may have another one's folder as its key.
func (p *prober) nest() error {
	p.facts.Nesting = NestingFull
	for _, names := range [][2]string{{"n", "n/n"}, {"m/m", "m"}} {
		if _, err := p.put(names[0], "first", ports.Any); err != nil {
			return err
		}
		_, err := p.put(names[1], "second", ports.Any)
		if err == nil {
			continue
		}
		if errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ports.ErrPermission) || p.ctx.Err() != nil {
			return err
		}
		p.facts.Nesting = NestingRefused
		if !errors.Is(err, ports.ErrUnsupported) { // not in a way that we know
			p.facts.Nesting = NestingHidden
			return nil
		}
	}
	return nil
}

// list checks that what was written is listed, at once and in order.
func (p *prober) list() error {
	listed := map[string]ports.Version{}
	for info, err := range p.bucket.List(p.ctx, ports.ListOptions{Prefix: p.folder}) {
		if err != nil {
			return err
		}
		listed[strings.TrimPrefix(info.Key, p.folder)] = info.Version
	}
	info, err := p.bucket.stat(p.ctx, "open", p.folder+"a.json")
	if err != nil {
		return err
	}
	switch {
	case listed["a.json"] == "" || listed["race.json"] == "":
		return p.unsafe("does not list an object that was just written")
	case listed["a.json"] != info.Version:
		return p.unsafe("gives an object another ETag in lists")
	}
	if p.facts.Nesting == NestingFull {
		for _, name := range []string{"n", "n/n", "m", "m/m"} {
			if listed[name] == "" {
				p.facts.Nesting = NestingHidden
			}
		}
	}
	return nil
}

// remove finds out what conditional deletes do.
func (p *prober) remove() error {
	info, err := p.bucket.stat(p.ctx, "open", p.folder+"race.json")
	if err != nil {
		return err
	}
	wrong := ports.IfVersion(info.Version) // of another object
	err = p.patiently(func() error { return p.bucket.remove(p.ctx, p.folder+"a.json", wrong) })
	_, after := p.bucket.stat(p.ctx, "open", p.folder+"a.json")
	switch {
	case after == nil && errors.Is(err, ports.ErrPrecondition):
		p.facts.ConditionalDelete = true
	case after != nil && !errors.Is(after, ports.ErrNotFound):
		return after
	case err != nil && !errors.Is(err, ports.ErrUnsupported):
		return err
	default:
		return nil
	}
	err = p.patiently(func() error { return p.bucket.remove(p.ctx, p.folder+"missing.json", wrong) })
	p.facts.MissingDelete = errors.Is(err, ports.ErrPrecondition)
	if err != nil && !p.facts.MissingDelete {
		return err
	}
	return nil
}

// upload finds out whether conditions hold for uploads in parts: a create where
// an object is, and a replacement where another one or none is.
func (p *prober) upload() error {
	p.bucket.facts.ConditionalUpload = true // or it would be refused at once
	info, err := p.bucket.stat(p.ctx, "open", p.folder+"race.json")
	if err != nil {
		return err
	}
	other := ports.IfVersion(info.Version)
	for _, try := range []struct {
		name string
		cond ports.Condition
	}{{"race.json", ports.IfAbsent}, {"a.json", other}, {"missing.json", other}} {
		err := p.patiently(func() error { return p.inParts(try.name, try.cond) })
		if err == nil || errors.Is(err, ports.ErrUnsupported) {
			return nil
		}
		if !errors.Is(err, ports.ErrPrecondition) {
			return err
		}
	}
	p.facts.ConditionalUpload = true
	return nil
}

// inParts is one upload.
func (p *prober) inParts(name string, cond ports.Condition) error {
	key, body := p.folder+name, []byte("in parts")
	p.made[key] = true
	_, err := p.bucket.upload(p.ctx, &source{ctx: p.ctx, key: key, ended: true}, body, len(body), cond)
	return err
}

// sweep removes the scratch objects whatever happened, also if ctx ended. What
// it can't remove does no harm.
func (p *prober) sweep() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), abortTime)
	defer cancel()
	for key := range p.made {
		_ = p.bucket.remove(ctx, key, ports.Any)
	}
}
