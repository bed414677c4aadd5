package faults

import (
	"errors"
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// Trace returns one line a call, in the order in which the calls ended, each
// ending in a newline:
//
//	put users/1.json if absent -> ok
//	get users/2.json -> not found
//	put users/1.json if version -> outcome unknown (answer lost)
//
// Lines say nothing that differs from run to run (times, versions), so a test
// can compare them with what it expects.
func (p *Plan) Trace() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.trace
	if limit := p.options.TraceLimit; limit >= 0 && len(lines) > limit {
		lines = lines[len(lines)-limit:]
	}
	return strings.Join(lines, "")
}

// record adds a line. The trace grows to twice its limit before it is cut, so
// that a long run does not copy it at every call.
func (p *Plan) record(what string, a answer, summary string) {
	limit := p.options.TraceLimit
	if limit < 0 {
		return
	}
	line := what + " -> " + outcome(a.err) + summary
	if a.note != "" {
		line += " (" + a.note + ")"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.trace) >= 2*limit {
		p.trace = append([]string(nil), p.trace[len(p.trace)-limit:]...)
	}
	p.trace = append(p.trace, line+"\n")
}

// outcome is the kind of an error without key and cause, which differ.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if e, ok := errors.AsType[*ports.Error](err); ok && e.Kind != nil {
		return e.Kind.Error()
	}
	return err.Error()
}

// summary says how much an answer holds.
func summary(value any) string {
	switch v := value.(type) {
	case ports.EntryPage:
		more := ""
		if v.More {
			more = " and more"
		}
		return fmt.Sprintf(", %d members%s", len(v.Members), more)
	case int64:
		return fmt.Sprintf(", %d members", v)
	}
	return ""
}
