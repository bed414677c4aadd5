package simple

import (
	"context"
	"errors"
	"log/slog"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// An Option refines Open and Connect.
type Option func(*options)

type options struct {
	logger *slog.Logger
	core   core.Options
}

// WithLogger sends what is logged to this logger instead of slog.Default():
// the line of Connect at level Info, and failures of background work at level
// Warn.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = logger }
}

// WithCore sets the options of the database underneath. Its Index must be nil,
// since the URL names the index. Where its Observer has a callback for
// background failures, they are not logged.
func WithCore(settings core.Options) Option {
	return func(o *options) { o.core = settings }
}

func gather(opts []Option) (options, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.core.Index != nil {
		return o, invalid("open", "", errors.New("WithCore has an index; the URL names it, with the parameter index"))
	}
	if o.logger == nil {
		o.logger = slog.Default()
	}
	if o.core.Observer.Background == nil {
		o.core.Observer.Background = o.warn
	}
	return o, nil
}

// warn logs a failure that no caller waits for, which would otherwise pass in
// silence.
func (o *options) warn(ctx context.Context, info ports.BackgroundInfo) {
	o.logger.LogAttrs(ctx, slog.LevelWarn, "smarterbase: background work failed",
		slog.String("task", info.Task), slog.String("collection", info.Collection), slog.Any("error", info.Err))
}
