package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

func main() {
	data := flag.String("data", "./data", "folder of the database")
	url := flag.String("url", "", "URL of the database, instead of a folder")
	flag.Parse()
	if *url == "" {
		*url = simple.FileURL(*data)
	}
	// An interrupt ends the work, not the process: the index is closed cleanly.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *url, newScreen(os.Stdout))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// quickstart is the program while its database is open.
type quickstart struct {
	*screen
	meter  *meter
	db     *simple.DB
	events *simple.Collection[Event]
	feeds  *simple.Collection[Feed]
}

func run(ctx context.Context, url string, out *screen) (err error) {
	began := time.Now()
	q := &quickstart{screen: out, meter: new(meter)}
	options := core.Options{Components: core.Components{Observer: q.meter.observer()}}
	if q.db, err = simple.Open(ctx, url, simple.WithCore(options)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.db.Close()) }()
	if q.events, err = simple.NewCollection[Event](ctx, q.db); err != nil {
		return err
	}
	if q.feeds, err = simple.NewCollection[Feed](ctx, q.db); err != nil {
		return err
	}
	feed, err := q.fill(ctx, url, began)
	if err != nil {
		return err
	}
	if err := q.answer(ctx, feed); err != nil {
		return err
	}
	q.line("")
	q.line("Start it again: it finds everything. Each event is one JSON object under a key of its own, such as %s%s.json.", eventKeys, strongest)
	return nil
}
