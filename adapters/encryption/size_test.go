package encryption

import "testing"

func TestEachSizeOfAnObjectHasOneSizeOfPlaintext(t *testing.T) {
	t.Parallel()
	from := map[int64]int64{}
	for n := int64(0); n < 300_000; n++ {
		sealed := sealedSize(n)
		if other, twice := from[sealed]; twice {
			t.Fatalf("%d and %d bytes both become %d", other, n, sealed)
		}
		from[sealed] = n
	}
	for sealed := int64(-100); sealed < 300_000; sealed++ {
		want, exists := from[sealed]
		if got, ok := plainSize(sealed); ok != exists || (ok && got != want) {
			t.Fatalf("plainSize(%d) = %d, %v, want %d, %v", sealed, got, ok, want, exists)
		}
	}
	for _, n := range []int64{1 << 30, 5 << 40, maxStreamSize - 1, maxStreamSize} {
		if got, ok := plainSize(sealedSize(n)); !ok || got != n {
			t.Errorf("plainSize(sealedSize(%d)) = %d, %v", n, got, ok)
		}
	}
	for _, sealed := range []int64{sealedSize(maxStreamSize) + 1, 1 << 62, 1<<63 - 1, -1 << 63} {
		if got, ok := plainSize(sealed); ok {
			t.Errorf("plainSize(%d) = %d", sealed, got)
		}
	}
}

func TestTheLimitIsTheGreatestPlaintextThatFits(t *testing.T) {
	t.Parallel()
	want := int64(-1)
	for limit := int64(1); limit < 300_000; limit++ {
		for sealedSize(want+1) <= limit {
			want++
		}
		if got := greatestPlain(limit); got != want && (want >= 0 || got >= 0) {
			t.Fatalf("greatestPlain(%d) = %d, want %d", limit, got, want)
		}
	}
	for _, limit := range []int64{5 << 40, 1<<63 - 1} {
		if n := greatestPlain(limit); sealedSize(n) > limit || (n < maxStreamSize && sealedSize(n+1) <= limit) {
			t.Errorf("greatestPlain(%d) = %d", limit, n)
		}
	}
}

func TestSegmentsCoverTheStream(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{documentLimit + 1, firstPlain + 16*segmentPlain, firstPlain + 16*segmentPlain + 1, 1 << 20} {
		s := &segments{plain: n, last: segmentCount(n) - 1}
		at := int64(streamStart)
		for i := range segmentCount(n) {
			if segmentStart(i) != at || segmentOf(segmentPlainStart(i)) != i {
				t.Fatalf("segment %d of %d bytes starts at %d, want %d", i, n, segmentStart(i), at)
			}
			at += s.size(i)
		}
		if at != sealedSize(n) {
			t.Errorf("the segments of %d bytes end at %d, want %d", n, at, sealedSize(n))
		}
	}
}
