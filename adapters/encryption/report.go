package encryption

import (
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
)

// Report says what a Reencrypt did, or has done so far.
type Report struct {
	Looked    int   // objects
	Rewritten int   // of them; with DryRun, those that would be
	Bytes     int64 // of ciphertext, of those rewritten
	Plaintext int   // left as plaintext, because Plaintext is not set
	Failed    int   // that can't be decrypted; they stay as they are

	// Failures holds the first hundred of the failed ones.
	Failures []Failure

	// Last is the last key of the listing up to which everything has been
	// looked at: give it as After to go on. Empty: nothing is done yet.
	Last string
}

// Failure is an object that can't be decrypted.
type Failure struct {
	Key string
	Err error
}

const keptFailures = 100

// add notes what became of one object.
func (r *Report) add(key string, o outcome, size int64, err error) {
	r.Looked++
	switch o {
	case rewritten:
		r.Rewritten++
		r.Bytes += size
	case leftPlain:
		r.Plaintext++
	case undecryptable:
		if r.Failed++; len(r.Failures) < keptFailures {
			r.Failures = append(r.Failures, Failure{key, err})
		}
	}
}

// failure is the error of a walk that came to its end.
func (r *Report) failure() error {
	if r.Failed == 0 {
		return nil
	}
	first := r.Failures[0]
	return ports.Fail("reencrypt", first.Key, ports.ErrCorrupt,
		fmt.Errorf("%d of %d objects can't be decrypted, the first: %w", r.Failed, r.Looked, first.Err))
}
