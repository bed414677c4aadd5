package storetime

import "time"

// Age is the time between two moments of one store's clock: at least 0, and
// never more than it really was, also where the store rounds its times (S3 to
// seconds). Where either is not known it is 0.
func Age(now, written time.Time) time.Duration {
	if now.IsZero() || written.IsZero() {
		return 0
	}
	return max(0, now.Sub(written)-max(resolution(now), resolution(written)))
}

// resolution is how coarse a time may be, judged by its zeros.
func resolution(t time.Time) time.Duration {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if t.Nanosecond()%int(unit) == 0 {
			return unit
		}
	}
	return time.Nanosecond
}
