package revision

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestNextIsGreaterWhateverTheClockSays(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_800_000_000_000)
	rev := Revision(0)
	for i := range 10_000 {
		clock := now.Add(time.Duration(rand.IntN(7200)-3600) * time.Second)
		next := Next(rev, clock, rand.Uint64())
		if next <= rev {
			t.Fatalf("write %d: %v is not greater than %v", i, next, rev)
		}
		if next.String() <= rev.String() {
			t.Fatalf("write %d: texts %v and %v do not sort as the numbers", i, rev, next)
		}
		rev = next
	}
}

func TestWritersWithSlowClocksDoNotAgree(t *testing.T) {
	t.Parallel()
	ahead := Next(0, time.UnixMilli(1_900_000_000_000), 0)
	slow := time.UnixMilli(1_800_000_000_000)
	if a, b := Next(ahead, slow, 1), Next(ahead, slow, 2); a == b {
		t.Errorf("two writers behind the document's revision made the same one, %v", a)
	}
}

func TestTextRoundTrip(t *testing.T) {
	t.Parallel()
	for _, rev := range []Revision{0, 1, 1<<64 - 1, Next(0, time.Now(), rand.Uint64())} {
		if back, err := Parse(rev.String()); err != nil || back != rev {
			t.Errorf("Parse(%s) = %v, %v", rev, back, err)
		}
	}
	for _, text := range []string{"", "0123456789abcd", "0123456789ab", "0123456789abi", "0123456789abL", "zzzzzzzzzzzzz"} {
		if rev, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v", text, rev)
		}
	}
}

func TestTimeIsTheWriters(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_800_000_000_123)
	if got := Next(0, at, rand.Uint64()).Time(); !got.Equal(at) {
		t.Errorf("Time() = %v, want %v", got, at)
	}
}
