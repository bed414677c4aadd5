package core

import (
	"context"
	"errors"
	"iter"
	"math"

	"github.com/smarterbase/smarterbase/ports"
)

// CounterTruth works out what a counter should say, such as by counting
// documents. It may be called several times in one audit.
type CounterTruth func(ctx context.Context) (int64, error)

// CounterNames is what a ports.Counter offers, by itself or through Unwrap,
// whose counters can be listed.
type CounterNames interface {
	// Names yields the names of all counters that begin with prefix, each
	// once, in no certain order. It ends with the first error.
	Names(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// AuditOptions says what an audit reports and whether it repairs. The zero
// value reports every drift, negative value and unreadable value.
type AuditOptions struct {
	// Tolerance is the drift, in either direction, that is no finding; 0: none
	// is tolerated. A writer that has written its documents and not yet added
	// to the counter looks like drift while it lasts; an audit looks twice, and
	// the tolerance covers the rest.
	Tolerance int64

	// Large is the value above which a counter is reported; 0: no bound.
	Large int64

	// AllowNegative makes values below 0 no finding.
	AllowNegative bool

	// Repair corrects a drift beyond the tolerance, and a value that can't be
	// read. Nothing is repaired without a truth.
	Repair bool
}

// AuditReport says what an audit of one counter found.
type AuditReport struct {
	Name  string
	Value int64 // before a repair; 0 where Missing or Corrupt
	Truth int64 // 0 without a truth
	Drift int64 // Value - Truth, cut to the range of int64; 0 without a truth

	Missing  bool // there is no such counter; it counts as 0
	Corrupt  bool // what is stored is no number
	Negative bool // below 0 and not allowed to be
	Large    bool // above AuditOptions.Large
	Drifted  bool // by more than the tolerance, seen twice
	Moving   bool // the counter changed during every look, so Drift proves nothing
	Repaired bool // it was corrected
}

// OK reports whether the audit found nothing to act upon. A missing counter
// is fine as long as it should be 0.
func (r AuditReport) OK() bool {
	return !r.Corrupt && !r.Negative && !r.Large && !r.Drifted && !r.Moving
}

// auditLooks is how often an audit looks at a counter that does not hold still.
const auditLooks = 5

// AuditCounter compares a counter with its truth; a nil truth checks the value
// alone. The counter is read before and after the truth, and a drift counts
// once two looks in a row, each at a counter that held still, have found the
// same value and truth. A repair adds the difference, so that additions of others
// meanwhile are kept; a value that is no number is replaced. ErrOutcomeUnknown
// means that the repair may have been made: audit again.
func AuditCounter(ctx context.Context, counter ports.Counter, name string, truth CounterTruth, opts AuditOptions) (AuditReport, error) {
	const op = "audit counter"
	if opts.Tolerance < 0 || opts.Large < 0 {
		return AuditReport{Name: name}, invalid(op, "", "", "a negative AuditOptions.Tolerance or Large for %q", name)
	}
	report, err := lookTwice(ctx, counter, name, truth, opts.Tolerance)
	if err != nil {
		return report, readFail(op, "", "", err)
	}
	report.Negative = report.Value < 0 && !opts.AllowNegative
	report.Large = opts.Large > 0 && report.Value > opts.Large
	if opts.Repair && truth != nil && (report.Drifted || report.Corrupt) {
		if err := repairCounter(ctx, counter, report); err != nil {
			return report, fail(op, "", "", err)
		}
		report.Repaired = true
	}
	return report, nil
}

// lookTwice looks until a look finds no drift, or two find the same.
func lookTwice(ctx context.Context, counter ports.Counter, name string, truth CounterTruth, tolerance int64) (AuditReport, error) {
	var report, last AuditReport
	for range auditLooks {
		var err error
		if report, err = lookAtCounter(ctx, counter, name, truth); err != nil {
			return report, err
		}
		within := report.Drift <= tolerance && report.Drift >= -tolerance
		switch {
		case report.Moving:
		case within || report.Corrupt:
			return report, nil
		case report == last:
			report.Drifted = true
			return report, nil
		}
		last = report
	}
	report.Moving = true
	return report, nil
}

func lookAtCounter(ctx context.Context, counter ports.Counter, name string, truth CounterTruth) (AuditReport, error) {
	report := AuditReport{Name: name}
	err := readCounter(ctx, counter, &report)
	if err != nil || truth == nil {
		return report, err
	}
	if report.Truth, err = truth(ctx); err != nil {
		return report, err
	}
	after := AuditReport{Name: name}
	if err := readCounter(ctx, counter, &after); err != nil {
		return report, err
	}
	report.Moving = after.Value != report.Value || after.Corrupt != report.Corrupt
	if !report.Corrupt {
		report.Drift = minus(report.Value, report.Truth)
	}
	return report, nil
}

func readCounter(ctx context.Context, counter ports.Counter, report *AuditReport) (err error) {
	report.Value, err = counter.Value(ctx, report.Name)
	switch {
	case errors.Is(err, ports.ErrNotFound):
		report.Missing, err = true, nil
	case errors.Is(err, ports.ErrCorrupt):
		report.Corrupt, err = true, nil
	}
	return err
}

func repairCounter(ctx context.Context, counter ports.Counter, found AuditReport) error {
	correction := minus(found.Truth, found.Value)
	if found.Corrupt || correction == math.MaxInt64 || correction == math.MinInt64 {
		return counter.Set(ctx, found.Name, found.Truth)
	}
	_, err := counter.Add(ctx, found.Name, correction)
	return err
}

// minus is a - b, or the end of the range where that overflows.
func minus(a, b int64) int64 {
	switch d := a - b; {
	case b < 0 && d < a:
		return math.MaxInt64
	case b > 0 && d > a:
		return math.MinInt64
	default:
		return d
	}
}
