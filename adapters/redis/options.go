package redis

import (
	"fmt"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// Options says how a Client behaves, whatever it is connected to. The zero
// value is ready to use.
type Options struct {
	// Namespace keeps databases apart that share one server: what is stored
	// under one namespace is never seen under another. Any valid UTF-8 of at
	// most 256 bytes; empty is a namespace like any other.
	Namespace string

	// Clock measures how long the breaker stays open, and leases; nil: the
	// machine's.
	Clock ports.Clock

	// Breaker says when calls are refused without a request.
	Breaker BreakerOptions

	// AllowEviction uses a server that evicts keys without a time to live
	// (maxmemory-policy allkeys-…) instead of refusing it. That is right for
	// caches. An index notices that something was evicted, and is built again,
	// each time. Leases end early and counters begin anew without a notice.
	AllowEviction bool
}

const maxNamespaceBytes = 256

// withDefaults fills in what was left out, and refuses what can't be.
func (o Options) withDefaults() (Options, error) {
	if len(o.Namespace) > maxNamespaceBytes || !utf8.ValidString(o.Namespace) {
		return o, invalid("Namespace", fmt.Errorf("it is not valid UTF-8 of at most %d bytes", maxNamespaceBytes))
	}
	if o.Clock == nil {
		o.Clock = ports.SystemClock()
	}
	breaker, err := o.Breaker.withDefaults()
	o.Breaker = breaker
	return o, err
}

// invalid refuses an option by its name; the message never holds its value,
// which may be a secret.
func invalid(option string, cause error) error {
	return ports.Fail("read option", option, ports.ErrInvalidKey, cause)
}
