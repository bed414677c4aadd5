package tuple

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"encoding/json"
)

func encode(text string) []byte { return Append(nil, []byte(text), Mode{}) }

func TestOrderIsTheOrderOfValues(t *testing.T) {
	t.Parallel()
	ascending := []string{
		`null`, `false`, `true`, `-1e400`, `-9007199254740993`, `-9007199254740992`, `-10`, `-1.5`, `-1`, `-0.1`, `-1e-400`,
		`0`, `1e-400`, `0.1`, `0.10000000000000000001`, `1`, `1.5`, `2`, `9`, `10`, `11`, `99`, `100`, `9007199254740992`,
		`9007199254740993`, `18446744073709551615`, `1e400`, `""`, `"\u0000"`, `"\u0000a"`, `"A"`, `"a"`, `"a\u0000"`, `"a\u0000b"`, `"aa"`, `"b"`, `"é"`, `"語"`, `[1]`, `{}`,
	}
	for i := range ascending {
		for j := range ascending {
			got := bytes.Compare(encode(ascending[i]), encode(ascending[j]))
			if got != cmp.Compare(i, j) {
				t.Errorf("%s and %s compare as %d", ascending[i], ascending[j], got)
			}
		}
	}
}

func TestSpellingsOfOneNumberAreEqual(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{`0`, `-0`, `0.0`, `0e5`, `-0.000e-7`},
		{`1`, `1.0`, `1e0`, `10e-1`, `0.1e1`, `0.01E+2`},
		{`-120`, `-1.2e2`, `-120.00`, `-12E1`},
		{`100000000000000000000`, `1e20`},
	} {
		for _, text := range same {
			if !bytes.Equal(encode(text), encode(same[0])) {
				t.Errorf("%s and %s differ", text, same[0])
			}
		}
	}
}

func TestTimesAreOrderedByTheirMoment(t *testing.T) {
	t.Parallel()
	ascending := []string{`"2024-01-02T03:04:05Z"`, `"2024-01-02T03:04:05.1Z"`, `"2024-01-02T05:04:06+02:00"`, `"2024-01-02T03:04:07Z"`}
	for i := 1; i < len(ascending); i++ {
		a, b := Append(nil, []byte(ascending[i-1]), Mode{Time: true}), Append(nil, []byte(ascending[i]), Mode{Time: true})
		if bytes.Compare(a, b) >= 0 {
			t.Errorf("%s is not before %s", ascending[i-1], ascending[i])
		}
	}
}

func TestCuttingKeepsTheOrder(t *testing.T) {
	t.Parallel()
	values := []string{`"a"`, `"aaaa"`, `"aaaaa"`, `"aaaab"`, `"aaab"`, `"aa\u0000b"`, `"aa\u0000\u0000"`, `1`, `1.23456789012345`, `1.23456789012346`, `-1.23456789012345`, `-1.23456789012346`}
	slices.SortFunc(values, func(a, b string) int { return bytes.Compare(encode(a), encode(b)) })
	for i := 1; i < len(values); i++ {
		for _, limit := range []int{1, 2, 3, 4} {
			a, b := Append(nil, []byte(values[i-1]), Mode{Limit: limit}), Append(nil, []byte(values[i]), Mode{Limit: limit})
			if bytes.Compare(a, b) > 0 {
				t.Errorf("cut to %d, %s is behind %s", limit, values[i-1], values[i])
			}
		}
	}
}

func TestMemberComesApart(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"x", "", "ü/☃ ~", strings.Repeat("i", 250)} {
		values := append(encode(`"v"`), encode(`-7`)...)
		gotValues, gotID, gotRev, err := Split(Member(values, id, 12345))
		if err != nil || !bytes.Equal(gotValues, values) || gotID != id || gotRev != 12345 {
			t.Errorf("Split(Member(%q)) = %x %q %d %v", id, gotValues, gotID, gotRev, err)
		}
	}
	for _, text := range []string{"", "short", strings.Repeat("\xff", 40)} {
		if _, _, _, err := Split([]byte(text)); err == nil {
			t.Errorf("Split(%q) succeeds", text)
		}
	}
}

// FuzzOrder compares two values with a comparator that shares nothing with
// the encoding, ascending, descending, and inside a tuple.
func FuzzOrder(f *testing.F) {
	for _, seed := range [][2]string{{`1`, `1.5`}, {`"a"`, `"a\u0000"`}, {`-3e2`, `null`}, {`"\ud800"`, `"x"`}, {`1e9`, `999999999.9`}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !json.Valid([]byte(a)) || !json.Valid([]byte(b)) || len(a) > 200 || len(b) > 200 {
			return
		}
		want, comparable := compare(a, b)
		if !comparable {
			return
		}
		x, y := encode(a), encode(b)
		if got := bytes.Compare(x, y); got != want {
			t.Fatalf("%s and %s compare as %d, want %d", a, b, got, want)
		}
		tail := encode(`"tail"`)
		if got := bytes.Compare(append(bytes.Clone(x), tail...), append(bytes.Clone(y), tail...)); got != want {
			t.Fatalf("in a tuple %s and %s compare as %d, want %d", a, b, got, want)
		}
		Complement(x)
		Complement(y)
		if got := bytes.Compare(append(x, tail...), append(y, tail...)); got != -want {
			t.Fatalf("descending %s and %s compare as %d, want %d", a, b, got, -want)
		}
	})
}

func compare(a, b string) (order int, ok bool) {
	rank := func(text string) int { return strings.IndexByte("nft-0123456789\"[{", strings.TrimSpace(text)[0]) }
	class := func(r int) int { return max(min(r, 3), r-len("-0123456789")+1) }
	ra, rb := class(rank(a)), class(rank(b))
	if ra != rb || ra < 3 {
		return cmp.Compare(ra, rb), true
	}
	switch strings.TrimSpace(a)[0] {
	case '"':
		var x, y string
		if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
			return 0, false
		}
		return strings.Compare(x, y), true
	case '[', '{':
		return 0, true
	}
	x, okX := exact(a)
	y, okY := exact(b)
	if !okX || !okY {
		return 0, false
	}
	return x.Cmp(y), true
}

func exact(text string) (*big.Rat, bool) {
	text = strings.TrimSpace(text)
	if at := strings.IndexAny(text, "eE"); at >= 0 && len(text)-at > 6 {
		return nil, false // too large for the reference
	}
	r, ok := new(big.Rat).SetString(text)
	return r, ok
}

func ExampleAppend() {
	fmt.Println(bytes.Compare(encode(`9007199254740993`), encode(`9007199254740992`)))
	// Output: 1
}
