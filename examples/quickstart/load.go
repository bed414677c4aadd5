package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// eventKeys is what the object keys of events begin with.
const eventKeys = "events/"

// fill makes sure that all events are there and the indexes are ready.
func (q *quickstart) fill(ctx context.Context, url string, began time.Time) (Feed, error) {
	feed, err := q.feeds.Get(ctx, feedID)
	complete := err == nil
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return feed, err
	}
	there, err := q.countNames(ctx)
	if err != nil {
		return feed, err
	}
	if !complete {
		q.line("Opened %s in %s: %s events so far, loading the rest.", url, period(time.Since(began)), number(there))
		if feed, err = q.load(ctx); err != nil {
			return feed, err
		}
	}
	waited := time.Now()
	q.note("waiting for the indexes …")
	err = q.events.Core().WaitReady(ctx)
	q.wipe()
	if err != nil {
		return feed, err
	}
	indexed := int(q.meter.indexed.Load())
	switch {
	case !complete:
		q.line("The indexes by magnitude, network, time and type are ready after another %s.", period(time.Since(waited)))
	case indexed > 0:
		q.line("Opened %s in %s: %s events are there. The indexes had to be built from %s documents.",
			url, period(time.Since(began)), number(there), number(indexed))
	default:
		q.line("Opened %s in %s: %s events and their indexes are there, %s documents of events were read.",
			url, period(time.Since(began)), number(there), number(int(q.meter.reads.Load())))
	}
	return feed, nil
}

// countNames counts the events by the names of their objects: none is read.
func (q *quickstart) countNames(ctx context.Context) (count int, err error) {
	for _, err := range q.db.Store().List(ctx, ports.ListOptions{Prefix: eventKeys, KeysOnly: true}) {
		if err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}

// load stores the events that are not there yet. Creates can be repeated:
// after an interruption those that were done answer core.ErrExists.
func (q *quickstart) load(ctx context.Context) (Feed, error) {
	feed, events, err := readFeed()
	if err != nil {
		return feed, err
	}
	docs := make([]core.Document[Event], len(events))
	for i, e := range events {
		docs[i].Value = e
	}
	began := time.Now()
	bar := q.progress("loading")
	results, _ := q.events.Core().CreateAll(ctx, docs, core.BatchOptions{Progress: bar.show})
	bar.wipe()
	created, existed, failed := 0, 0, error(nil)
	for _, r := range results {
		switch {
		case r.Err == nil:
			created++
		case errors.Is(r.Err, core.ErrExists):
			existed++
		case failed == nil:
			failed = r.Err
		}
	}
	if failed != nil {
		return feed, fmt.Errorf("loaded %s of %s events, start again to go on: %w", number(created+existed), number(len(events)), failed)
	}
	took := time.Since(began)
	q.line("Loaded %s events in %s (%s were there), %s a second, each of them on the disk when its write returned.",
		number(created), period(took), number(existed), number(int(float64(created)/took.Seconds())))
	return q.feeds.Create(ctx, feed)
}
