package encryption

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
)

// view is what the beginning of an object says about it, and which part of it
// was asked for. All of it is unproven until that part has been opened.
type view struct {
	info     ports.ObjectInfo // with the size of the plaintext
	from, to int64            // the bytes of the plaintext that were asked for
	sealed   int64            // size of the object

	header   header
	keys     *keys
	segments *segments // of a stream
	plain    bool      // the object is not encrypted
}

// view reads the beginning of an object, at least streamStart bytes of it or
// all.
func (s *store) view(ctx context.Context, op string, info ports.ObjectInfo, head []byte, r ports.Range) (view, error) {
	v := view{info: info, sealed: info.Size}
	fail := func(kind, cause error) (view, error) { return view{}, ports.Fail(op, info.Key, kind, cause) }
	if s.opts.ReadPlaintext && !isSealed(head) {
		v.plain = true
	} else {
		var err error
		if v.header, err = parseHeader(head); err != nil {
			return fail(ports.ErrCorrupt, err)
		}
		var ok bool
		if v.info.Size, ok = plainSize(info.Size); !ok || !v.header.fits(info.Size) {
			return fail(ports.ErrCorrupt, fmt.Errorf("no such object has %d bytes", info.Size))
		}
	}
	var ok bool
	if v.from, v.to, ok = r.Within(v.info.Size); !ok {
		return fail(ports.ErrInvalidKey, fmt.Errorf("the range (%v) is outside of an object of %d bytes", r, v.info.Size))
	}
	if v.plain {
		return v, nil
	}
	var err error
	if v.keys, err = s.keys.having(ctx, op, info.Key, v.header); err != nil {
		return view{}, err
	}
	if v.header.kind == streamKind {
		if len(head) < streamStart {
			return fail(ports.ErrCorrupt, errors.New("the header of the stream is cut"))
		}
		if v.segments, err = v.keys.openStream(v.header, info.Key, head[:streamStart], v.info.Size); err != nil {
			return fail(ports.ErrCorrupt, err)
		}
	}
	return v, nil
}

// interval returns which bytes of the object are needed.
func (v *view) interval() (from, to int64) {
	switch {
	case v.plain:
		return v.from, v.to
	case v.segments == nil:
		return 0, v.sealed
	}
	last := segmentOf(v.to - 1)
	return segmentStart(segmentOf(v.from)), segmentStart(last) + v.segments.size(last)
}

// open returns the bytes that were asked for. It decrypts in the memory of
// data, which are the bytes of the interval.
func (v *view) open(op string, data []byte) ([]byte, error) {
	if v.plain {
		return data, nil
	}
	var plain []byte
	var err error
	if v.segments != nil {
		plain, err = v.segments.openRange(data, v.from, v.to)
	} else if plain, err = v.keys.openDocument(v.header, v.info.Key, data); err == nil {
		plain = plain[v.from:v.to]
	}
	if err != nil {
		return nil, ports.Fail(op, v.info.Key, ports.ErrCorrupt, err)
	}
	return plain, nil
}

// far is a length of which nothing is computed, so that nothing overflows.
const far = 1 << 40

// lead returns the range of an object with which to begin, for a range of the
// plaintext: one that holds the header and, if what is asked for is near the
// beginning, all that is needed, whichever form the object has.
func lead(r ports.Range) ports.Range {
	switch {
	case r.Offset < 0 || r.Length < 0 || r.Offset >= documentLimit:
		return ports.Range{Length: streamStart}
	case r.Length == 0 || r.Length > far:
		return ports.Range{}
	}
	last := segmentOf(r.Offset + r.Length - 1)
	return ports.Range{Length: max(segmentStart(last)+segmentSize, documentLimit+documentOverhead)}
}
