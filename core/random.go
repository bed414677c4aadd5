package core

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
)

// secureRandom is the default source of 64 random bits: the operating
// system's, so that processes that start at the same moment never agree.
func secureRandom() uint64 {
	var bits [8]byte
	_, _ = rand.Read(bits[:]) // never fails: it ends the program instead
	return binary.LittleEndian.Uint64(bits[:])
}

// newID makes a UUID of version 7 (RFC 9562): 48 bits of milliseconds, then
// random ones, so that new ids sort behind older ones.
func newID(clock ports.Clock, random func() uint64) string {
	high := uint64(clock.Now().UnixMilli())<<16 | 7<<12 | random()&0x0fff
	low := random()&(1<<62-1) | 1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1))
}

// NewID makes a document id that nobody else makes: a UUID of version 7, which
// sorts by the time when it was made.
func NewID() string { return newID(ports.SystemClock(), secureRandom) }
