package encryption

import "math"

// Sizes of the two forms. They are part of the format.
const (
	// documentLimit is the greatest plaintext that is one ciphertext.
	documentLimit = 64 << 10

	// documentOverhead is what a document grows by. The header takes what the
	// AEAD leaves of it.
	documentOverhead = 64

	segmentSize   = 4096 // of ciphertext, but for the first and the last
	tagSize       = 16
	saltSize      = 32
	noncePrefix   = 7
	streamHeader  = 1 + saltSize + noncePrefix // Tink's own
	streamStart   = headerLength + streamHeader
	segmentPlain  = segmentSize - tagSize
	firstPlain    = segmentPlain - streamHeader
	maxSegments   = math.MaxUint32
	maxStreamSize = firstPlain + (maxSegments-1)*segmentPlain
)

// sealedSize returns the size of the object that holds n bytes of plaintext.
func sealedSize(n int64) int64 {
	if n <= documentLimit {
		return n + documentOverhead
	}
	return streamStart + n + segmentCount(n)*tagSize
}

// plainSize returns the size of the plaintext in an object of that many bytes;
// false if none has that size.
func plainSize(sealed int64) (n int64, ok bool) {
	if sealed <= documentLimit+documentOverhead {
		return sealed - documentOverhead, sealed >= documentOverhead
	}
	body := sealed - headerLength
	n = body - streamHeader - (body+segmentSize-1)/segmentSize*tagSize
	return n, n > documentLimit && n <= maxStreamSize && sealedSize(n) == sealed
}

// greatestPlain returns the size of the greatest plaintext whose object has at
// most limit bytes; negative if there is none.
func greatestPlain(limit int64) int64 {
	if limit < sealedSize(documentLimit+1) {
		return min(limit-documentOverhead, documentLimit)
	}
	body := limit - headerLength
	rest := body % segmentSize
	n := body/segmentSize*segmentPlain + max(rest-tagSize, 0) - streamHeader
	return min(n, maxStreamSize)
}

// segmentCount returns how many segments a stream of n bytes has.
func segmentCount(n int64) int64 { return segmentOf(n-1) + 1 }

// segmentOf returns the number of the segment that holds the byte at that
// offset of the plaintext.
func segmentOf(offset int64) int64 {
	if offset < firstPlain {
		return 0
	}
	return 1 + (offset-firstPlain)/segmentPlain
}

// segmentPlainStart returns the offset in the plaintext of a segment.
func segmentPlainStart(i int64) int64 {
	if i == 0 {
		return 0
	}
	return firstPlain + (i-1)*segmentPlain
}

// segmentStart returns the offset in the object of a segment.
func segmentStart(i int64) int64 {
	if i == 0 {
		return streamStart
	}
	return headerLength + i*segmentSize
}
