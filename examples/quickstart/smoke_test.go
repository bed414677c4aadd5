package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/simple"
)

func TestMain(m *testing.M) { services.Main(m) }

// published is one event as in the file, read without the program's own code.
type published struct {
	ID         string `json:"id"`
	Properties struct {
		Mag  float64 `json:"mag"`
		Net  string  `json:"net"`
		Type string  `json:"type"`
		Time int64   `json:"time"`
		Felt int     `json:"felt"`
	} `json:"properties"`
}

// expectation is what the questions must be answered with.
type expectation struct {
	events                             int
	strongest, alaska, blasts, lastIDs []string
	types                              map[string]int
	felt                               int
}

func expect(t *testing.T) expectation {
	t.Helper()
	text, err := os.ReadFile("data/earthquakes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Metadata struct{ Generated int64 }
		Features []published
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	all := file.Features
	hour := int64(3600 * 1000)
	byMagnitude := func(a, b published) bool {
		return a.Properties.Mag > b.Properties.Mag || a.Properties.Mag == b.Properties.Mag && a.ID < b.ID
	}
	want := expectation{events: len(all), types: make(map[string]int)}
	want.strongest = pick(all, func(published) bool { return true }, byMagnitude)[:10]
	want.alaska = pick(all, func(p published) bool { return p.Properties.Net == "ak" && p.Properties.Mag > 4 }, byMagnitude)
	want.blasts = pick(all, func(p published) bool { return p.Properties.Type != "earthquake" }, byMagnitude)[:3]
	want.lastIDs = pick(all, func(p published) bool { return p.Properties.Time > file.Metadata.Generated-hour },
		func(a, b published) bool { return a.Properties.Time < b.Properties.Time })
	for _, p := range all {
		want.types[p.Properties.Type]++
		if p.ID == want.strongest[0] {
			want.felt = p.Properties.Felt
		}
	}
	return want
}

// pick answers the ids of some events in some order.
func pick(all []published, want func(published) bool, less func(a, b published) bool) (ids []string) {
	var some []published
	for _, p := range all {
		if want(p) {
			some = append(some, p)
		}
	}
	slices.SortFunc(some, func(a, b published) int {
		switch {
		case less(a, b):
			return -1
		case less(b, a):
			return 1
		default:
			return 0
		}
	})
	for _, p := range some {
		ids = append(ids, p.ID)
	}
	return ids
}

// build makes the program as its users do.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "quickstart")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, said)
	}
	return binary
}

// start runs the program, by default on the folder data below the working
// directory.
func start(t *testing.T, binary, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return string(said)
}

func TestTwoStartsAnswerAlikeAndTheSecondReadsNothingToOpen(t *testing.T) {
	t.Parallel()
	want, binary, dir := expect(t), build(t), t.TempDir()
	first := start(t, binary, dir)
	requireLine(t, first, `^Opened file://\./data in .*: 0 events`)
	requireLine(t, first, `^  loading: 1,707 of 1,707$`)
	requireLine(t, first, fmt.Sprintf(`^Loaded %s events in .* \(0 were there\)`, number(want.events)))
	requireLine(t, first, `^The indexes .* are ready`)
	want.check(t, first)

	second := start(t, binary, dir)
	requireLine(t, second, fmt.Sprintf(`^Opened file://\./data in .*: %s events and their indexes are there, 0 documents of events were read\.$`, number(want.events)))
	if strings.Contains(second, "loading") {
		t.Error("the second start loads again")
	}
	want.felt += 2
	want.check(t, second)
	for _, name := range []string{"data/events/" + strongest + ".json", "data/.sb/index.bolt"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(first+second, "\x1b") {
		t.Error("what is no terminal got escape sequences")
	}
}

// canceler ends a context when a text is written.
type canceler struct {
	cancel context.CancelFunc
	text   string
	said   strings.Builder
}

func (c *canceler) Write(text []byte) (int, error) {
	if strings.Contains(string(text), c.text) {
		c.cancel()
	}
	return c.said.Write(text)
}

func TestAnInterruptedLoadIsCompletedByTheNextStart(t *testing.T) {
	t.Parallel()
	want, url := expect(t), simple.FileURL(t.TempDir())+"?sync=none"
	ctx, cancel := context.WithCancel(t.Context())
	out := &canceler{cancel: cancel, text: "loading: 854"}
	err := run(ctx, url, &screen{Writer: out})
	if err == nil || !strings.Contains(err.Error(), "start again") {
		t.Fatalf("err = %v, output %s", err, out.said.String())
	}
	again := &canceler{cancel: func() {}, text: "\x00"}
	if err := run(t.Context(), url, &screen{Writer: again}); err != nil {
		t.Fatal(err)
	}
	said := again.said.String()
	match := regexp.MustCompile(`(?m)^Loaded ([\d,]+) events in .* \(([\d,]+) were there\)`).FindStringSubmatch(said)
	if match == nil || match[1] == number(want.events) || match[2] == "0" {
		t.Fatalf("the second start did not go on: %v in %s", match, said)
	}
	want.check(t, said)
}

// check compares the answers with what was computed from the file.
func (want expectation) check(t *testing.T, said string) {
	t.Helper()
	_, answers, _ := strings.Cut(said, "\n1. ")
	parts := regexp.MustCompile(`(?m)^\d\. `).Split(answers, -1)
	if len(parts) != 7 {
		t.Fatalf("%d answers: %s", len(parts), said)
	}
	for i, ids := range map[int][]string{0: want.strongest, 1: want.alaska, 3: want.blasts, 4: want.lastIDs, 5: want.strongest[:1]} {
		if got := idsIn(parts[i]); !sameIDs(i, got, ids) {
			t.Errorf("question %d: %v, want %v", i+1, got, ids)
		}
	}
	for name, count := range want.types {
		requireLine(t, parts[2], fmt.Sprintf(`^ +%s  %s$`, number(count), name))
	}
	for i, plan := range []string{"index by_magnitude: ", "index by_network: ", "scan: .*: 1,707 candidates, 1,707 documents read", "index by_type: 28 ", "index by_time: 5 candidates, 5 ", "get: 1 document read"} {
		requireLine(t, parts[i], "^   → "+plan+".* m?s$")
	}
	requireLine(t, parts[5], fmt.Sprintf(`felt by %s `, number(want.felt)))
	requireLine(t, parts[6], `^   The second is refused: .*conflict`)
	requireLine(t, parts[6], fmt.Sprintf(`^   It updates instead.*felt by %s$`, number(want.felt+2)))
}

// sameIDs compares in order, but for the question that asks for none.
func sameIDs(question int, got, want []string) bool {
	if question == 1 {
		got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	}
	return slices.Equal(got, want)
}

var eventLine = regexp.MustCompile(`(?m)^   M +-?[\d.?]+  \S+ \S+  (\S+)`)

func idsIn(text string) (ids []string) {
	for _, match := range eventLine.FindAllStringSubmatch(text, -1) {
		ids = append(ids, match[1])
	}
	return ids
}

func requireLine(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile("(?m)" + pattern).MatchString(text) {
		t.Errorf("no line is like %s in:\n%s", pattern, text)
	}
}

func TestEveryEventOfTheFileIsFlattened(t *testing.T) {
	t.Parallel()
	feed, events, err := readFeed()
	if err != nil {
		t.Fatal(err)
	}
	want := expect(t)
	if feed.Events != want.events || len(events) != want.events || feed.Generated.IsZero() || feed.Source == "" {
		t.Errorf("feed %+v with %d events", feed, len(events))
	}
	for _, e := range events {
		if e.ID == "" || e.Magnitude == nil || e.Time.IsZero() || e.Network == "" || e.Type == "" || e.Place == "" || e.URL == "" {
			t.Errorf("event %+v", e)
		}
	}
	if line := (Event{ID: "x"}).String(); !strings.HasPrefix(line, "M   ?  ") {
		t.Errorf("without a magnitude: %q", line)
	}
}

func TestProgressIsALineAQuarterOrABar(t *testing.T) {
	t.Parallel()
	var plain, live strings.Builder
	lines, bar := (&screen{Writer: &plain}).progress("loading"), (&screen{Writer: &live, live: true}).progress("loading")
	for done := range 1707 {
		lines.show(done+1, 1707)
		bar.show(done+1, 1707)
	}
	if got := strings.Split(strings.TrimSpace(plain.String()), "\n"); len(got) != 4 || got[3] != "loading: 1,707 of 1,707" && got[3] != "  loading: 1,707 of 1,707" {
		t.Errorf("lines %q", got)
	}
	if got := live.String(); !strings.Contains(got, "["+strings.Repeat("█", barWidth)+"] 1,707 of 1,707") || strings.Contains(got, "\n") {
		t.Errorf("bar %q", got)
	}
}

func TestNumberGroupsDigits(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -123: "-123", -1234: "-1,234", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
