package unique_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// clock stands still unless somebody sleeps.
type clock struct {
	mu      sync.Mutex
	elapsed time.Duration
}

func (c *clock) Now() time.Time { return time.UnixMilli(1_800_000_000_000).Add(c.Elapsed()) }

func (c *clock) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.elapsed
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.elapsed += d
	return ctx.Err()
}

// fixture is a store with the claims of the collection "c", which has one
// constraint, on the member v.
type fixture struct {
	*unique.Checker
	t     *testing.T
	store ports.ObjectStore
	plan  *faults.Plan
}

var definition = on("v")

func newFixture(t *testing.T, options memory.StoreOptions) *fixture {
	plan, inner, c := faults.New(faults.Options{}), memory.NewStore(options), new(clock)
	policy := retry.Policy{Attempts: 4, Base: time.Millisecond, Max: 10 * time.Millisecond}
	registers := &cas.Registers{
		Objects: faults.Store(inner, plan), Clock: c,
		Retry: &retry.Retrier{Policy: policy, Clock: c, Random: rand.Uint64},
	}
	return &fixture{
		Checker: &unique.Checker{
			Registers: registers, Random: rand.Uint64, Collection: "c", Folder: "c/",
			Resolver: &txn.Resolver{Registers: registers, Random: rand.Uint64, Patience: time.Millisecond},
		},
		t: t, store: inner, plan: plan,
	}
}

func (f *fixture) put(key, body string) {
	f.t.Helper()
	if _, err := f.store.Put(f.t.Context(), key, []byte(body), ports.Any); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) holds(key string) string {
	f.t.Helper()
	object, err := f.store.Get(f.t.Context(), key, ports.GetOptions{})
	if err != nil {
		return ""
	}
	return string(object.Data)
}

// base names the state of an object.
func (f *fixture) base(key string) string {
	f.t.Helper()
	state, err := f.Registers.Read(f.t.Context(), key)
	if err != nil {
		f.t.Fatal(err)
	}
	return unique.BaseOf(state)
}

// need is that for the value "u".
func (f *fixture) need() unique.Need {
	f.t.Helper()
	list, err := f.Needs([]unique.Constraint{{Definition: definition}}, nil, []byte(`{"v":"u"}`))
	if err != nil || len(list) != 1 {
		f.t.Fatal(list, err)
	}
	return list[0]
}

const (
	rev1 = "0f3k8q1vd2m71"
	rev2 = "0f3k8q1vd2m72"
)

// claimed is the body of a claim.
func claimed(id, base string) string {
	return `{"_rev":"` + rev1 + `","value":"u","document":"` + id + `","base":"` + base + `"}`
}

// meeting is a claim that somebody meets who wants its value.
type meeting struct {
	name  string
	claim string // "": none
	other string // document "other", whose claim it mostly is; "": none
	me    string // document "me"
	mine  string // the base of its write; "": what it is now
	tx    *unique.Transaction
	want  string
	after string // what becomes of other, with N for a nonce; "": what it was
}

// What wanting it comes to.
const free, duplicate, stale, corrupt = "free", "duplicate", "stale", "corrupt"

func meetings() []meeting {
	return []meeting{
		{name: "there is none", want: free},
		{name: "it was rolled back", claim: `{"_rev":"0000000000000.x","_deleted":true}`, want: free},
		{name: "it was released", claim: `{"_rev":"` + rev1 + `"}`, want: free},
		{name: "held", claim: claimed("other", rev1), other: `{"_rev":"` + rev2 + `","v":"u"}`, want: duplicate},
		{name: "held, among others", claim: claimed("other", rev1), other: `{"_rev":"` + rev2 + `","v":["t","u"]}`, want: duplicate},
		{name: "held at the base", claim: claimed("other", "version:V"), other: `{"_rev":"` + rev1 + `","v":"u"}`, want: duplicate},
		{name: "dead: another value", claim: claimed("other", rev1), other: `{"_rev":"` + rev2 + `","v":"t"}`, want: free},
		{name: "dead: deleted", claim: claimed("other", rev1), other: `{"_rev":"` + rev2 + `","_deleted":true}`, want: free},
		{name: "dead: moved on by a nonce", claim: claimed("other", rev1), other: `{"_rev":"` + rev1 + `.a","v":"t"}`, want: free},
		{name: "dead: another nonce", claim: claimed("other", "version:elsewhere"), other: `{"_rev":"` + rev1 + `.b","v":"t"}`, want: free},
		{name: "dead: created, and without the value", claim: claimed("other", "absent"), other: `{"_rev":"` + rev1 + `","v":"t"}`, want: free},
		{name: "dead: made by a transaction", claim: claimed("other", "-"), other: `{"_rev":"` + rev1 + `","v":"t"}`, want: free},
		{name: "dead: made by a transaction, and purged", claim: claimed("other", "-"), want: free},
		{name: "dead: it can't be read", claim: claimed("other", rev1), other: `{"_rev":`, want: free},
		{
			name: "pending", claim: claimed("other", "version:V"), other: `{"_rev":"` + rev1 + `","_v":2,"v":"t"}`,
			want: free, after: `{"_rev":"` + rev1 + `.N","_v":2,"v":"t"}`,
		},
		{
			name: "pending with a nonce", claim: claimed("other", "version:V"), other: `{"_rev":"` + rev1 + `.a","v":"t"}`,
			want: free, after: `{"_rev":"` + rev1 + `.N","v":"t"}`,
		},
		{
			name: "pending: a create", claim: claimed("other", "absent"),
			want: free, after: `{"_rev":"0000000000000.N","_deleted":true}`,
		},
		{
			name: "pending: a create over a tombstone", claim: claimed("other", "version:V"), other: `{"_rev":"` + rev1 + `","_deleted":true}`,
			want: free, after: `{"_rev":"` + rev1 + `.N","_deleted":true}`,
		},
		{
			name: "pending: without a revision", claim: claimed("other", "version:V"), other: `{"v":"t","w": 1}`,
			want: free, after: `{"_rev":"0000000000000.N","v":"t","w": 1}`,
		},
		{name: "pending: it can't be read", claim: claimed("other", "version:V"), other: `{"v"`, want: corrupt},
		{name: "my own, for this write", claim: claimed("me", "version:M"), me: `{"_rev":"` + rev1 + `"}`, want: free},
		{name: "my own, for another write", claim: claimed("me", "version:M"), mine: "version:before", me: `{"_rev":"` + rev2 + `"}`, want: stale},
		{name: "my own, held", claim: claimed("me", "-"), me: `{"_rev":"` + rev1 + `","v":"u"}`, want: stale},
		{name: "my own, dead", claim: claimed("me", rev2), me: `{"_rev":"` + rev1 + `"}`, want: free},
	}
}

func meetingsOfTransactions() []meeting {
	return []meeting{
		{
			name: "the transaction takes it away", claim: claimed("other", "-"), want: free,
			other: `{"_tx":{"id":"tx","prev":"doc","reads":false,"at":"2026-01-01T00:00:00Z","wait":"1s"},"_rev":"` + rev1 + `","v":"u"}`,
			tx:    &unique.Transaction{ID: "tx", Writes: map[string][]byte{"me": []byte(`{"v":"u"}`), "other": []byte(`{"v":"t"}`)}},
		},
		{
			name: "the transaction deletes its document", claim: claimed("other", "-"), want: free,
			other: `{"_tx":{"id":"tx","prev":"doc","reads":false,"at":"2026-01-01T00:00:00Z","wait":"1s"},"_rev":"` + rev1 + `","v":"u"}`,
			tx:    &unique.Transaction{ID: "tx", Writes: map[string][]byte{"me": []byte(`{"v":"u"}`), "other": nil}},
		},
		{
			name: "the transaction writes it, and leaves it there", claim: claimed("other", "-"), want: duplicate,
			other: `{"_tx":{"id":"tx","prev":"doc","reads":false,"at":"2026-01-01T00:00:00Z","wait":"1s"},"_rev":"` + rev1 + `","v":"u"}`,
			tx:    &unique.Transaction{ID: "tx", Writes: map[string][]byte{"me": []byte(`{"v":"u"}`), "other": []byte(`{"v":"u","w":2}`)}},
		},
		{
			name: "the transaction has locked it away from its base", claim: claimed("other", rev1), want: free,
			other: `{"_tx":{"id":"tx","prev":"doc","reads":false,"at":"2026-01-01T00:00:00Z","wait":"1s"},"_rev":"` + rev1 + `","v":"t"}`,
			tx:    &unique.Transaction{ID: "tx", Writes: map[string][]byte{"me": []byte(`{"v":"u"}`), "other": []byte(`{"v":"s"}`)}},
		},
		{
			name: "the transaction has lost its lock", claim: claimed("other", "-"), want: stale, other: `{"_rev":"` + rev1 + `","v":"u"}`,
			tx: &unique.Transaction{ID: "tx", Writes: map[string][]byte{"me": []byte(`{"v":"u"}`), "other": []byte(`{"v":"t"}`)}},
		},
		{
			name: "a transaction meets a pending one", claim: claimed("other", "version:V"), other: `{"_rev":"` + rev1 + `","v":"t"}`,
			tx:   &unique.Transaction{ID: "tx", Writes: map[string][]byte{"me": []byte(`{"v":"u"}`)}},
			want: free, after: `{"_rev":"` + rev1 + `.N","v":"t"}`,
		},
		{
			name: "another transaction has not let go", claim: claimed("other", "-"), want: duplicate,
			other: `{"_tx":{"id":"else","prev":"doc","reads":false,"at":"2026-01-01T00:00:00Z","wait":"1s"},"_rev":"` + rev1 + `","v":"u"}`,
			after: `{"_rev":"` + rev1 + `.N","v":"u"}`, // it was ended
		},
	}
}

func TestWhatAClaimMeans(t *testing.T) {
	t.Parallel()
	for _, x := range append(meetings(), meetingsOfTransactions()...) {
		for name, options := range map[string]memory.StoreOptions{"": {}, ", with hashes": {HashVersions: true}} {
			t.Run(x.name+name, func(t *testing.T) {
				t.Parallel()
				x.run(t, options)
			})
		}
	}
}

func (x meeting) run(t *testing.T, options memory.StoreOptions) {
	f := newFixture(t, options)
	if x.other != "" {
		f.put("c/other.json", x.other)
	}
	if x.me != "" {
		f.put("c/me.json", x.me)
	}
	if x.claim != "" {
		bases := strings.NewReplacer("version:V", f.base("c/other.json"), "version:M", f.base("c/me.json"))
		f.put(f.need().Key, bases.Replace(x.claim))
	}
	before := f.holds(f.need().Key)
	state, err := f.Free(t.Context(), f.need(), unique.Owner{ID: "me", Base: cmp.Or(x.mine, f.base("c/me.json"))}, x.tx)
	var taken *unique.Duplicate
	switch x.want {
	case free:
		if err != nil || string(state.Body) != before || state.Exists != (x.claim != "") {
			t.Errorf("%s, %v", state.Body, err)
		}
	case duplicate:
		if !errors.As(err, &taken) || taken.Existing != "other" || string(taken.Text) != `"u"` {
			t.Errorf("%v", err)
		}
	case stale:
		if !errors.Is(err, ports.ErrPrecondition) {
			t.Errorf("%v", err)
		}
	case corrupt:
		if !errors.Is(err, ports.ErrCorrupt) || !strings.Contains(err.Error(), "c/other.json") {
			t.Errorf("%v", err)
		}
	}
	want := x.after
	if want == "" {
		want = x.other
	}
	if now := f.holds("c/other.json"); !like(now, want) {
		t.Errorf("the other document is %s, want %s", now, want)
	}
}

// like compares a body with a pattern in which N stands for a nonce.
func like(body, pattern string) bool {
	head, tail, found := strings.Cut(pattern, ".N")
	return body == pattern || found && strings.HasPrefix(body, head+".") && strings.HasSuffix(body, tail) && len(body) > len(pattern)
}

// A contender gives a pending write some time before it ends it.
func TestAPendingClaimIsWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t, memory.StoreOptions{})
	f.put(f.need().Key, claimed("other", "absent"))
	reads := 0
	f.plan.On(faults.Match{Method: faults.Get, Key: "c/other.json", Times: faults.Always}).Before(func(context.Context, faults.Call) error {
		if reads++; reads == 3 {
			f.put("c/other.json", `{"_rev":"`+rev1+`","v":"u"}`) // it lands
		}
		return nil
	})
	_, err := f.Free(t.Context(), f.need(), unique.Owner{ID: "me", Base: "absent"}, nil)
	var taken *unique.Duplicate
	if !errors.As(err, &taken) || f.plan.Calls(faults.Put) != 0 {
		t.Errorf("%v after %s", err, f.plan.Trace())
	}
}

// Whatever becomes of the requests of a claim, its error never says that the
// outcome of the write is unknown, and what was claimed without success blocks
// nobody.
func TestAClaimThatFailsIsNoOutcome(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*faults.Rule){
		"no answer":   func(r *faults.Rule) { r.LoseAnswer() },
		"no request":  func(r *faults.Rule) { r.LoseRequest() },
		"unavailable": func(r *faults.Rule) { r.Fail(ports.ErrUnavailable) },
		"applied late": func(r *faults.Rule) {
			r.ApplyAfter(3)
		},
	} {
		for _, claim := range []string{"", claimed("other", rev1), claimed("other", "absent")} {
			t.Run(name+" "+claim, func(t *testing.T) {
				t.Parallel()
				for n, hit := 1, true; hit; n++ {
					f := newFixture(t, memory.StoreOptions{HashVersions: true})
					if claim != "" {
						f.put(f.need().Key, claim)
					}
					rule := f.plan.On(faults.Match{Nth: n, Times: faults.Always})
					harm(rule)
					err := f.Claim(t.Context(), []unique.Need{f.need()}, unique.Owner{ID: "me", Base: "absent"})
					if hit = rule.Hits() > 0; !hit && err != nil {
						t.Fatalf("call %d: %v", n, err)
					}
					if errors.Is(err, ports.ErrUnknown) {
						t.Fatalf("call %d: %v", n, err)
					}
					f.plan.Heal()
					f.plan.Apply(t.Context())
					if err := f.Claim(t.Context(), []unique.Need{f.need()}, unique.Owner{ID: "next", Base: "absent"}); err != nil {
						t.Fatalf("call %d: the next one gets %v\n%s", n, err, f.plan.Trace())
					}
				}
			})
		}
	}
}

func TestOnlyDeadClaimsAreReleased(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, claim, other string
		want               unique.Verdict
	}{
		{"held", claimed("other", "-"), `{"_rev":"` + rev1 + `","v":"u"}`, unique.Held},
		{"pending", claimed("other", "version:V"), `{"_rev":"` + rev1 + `","v":"t"}`, unique.Pending},
		{"dead", claimed("other", rev2), `{"_rev":"` + rev1 + `","v":"t"}`, unique.Dead},
		{"free", `{"_rev":"` + rev2 + `"}`, "", unique.Free},
	} {
		for name, options := range map[string]memory.StoreOptions{"": {}, ", without conditional delete": {NoConditionalDelete: true, HashVersions: true}} {
			t.Run(x.name+name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, options)
				key := f.need().Key
				if x.other != "" {
					f.put("c/other.json", x.other)
				}
				claim := strings.ReplaceAll(x.claim, "version:V", f.base("c/other.json"))
				f.put(key, claim)
				state, err := f.Registers.Read(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				if verdict, err := f.Judge(t.Context(), definition, state); err != nil || verdict != x.want {
					t.Errorf("it is judged %v, %v", verdict, err)
				}
				released, err := f.ReleaseDead(t.Context(), definition, func(cas.State) bool { return false })
				now := f.holds(key)
				switch {
				case err != nil:
					t.Error(err)
				case x.want != unique.Dead && x.want != unique.Free:
					if released != 0 || now != claim {
						t.Errorf("%d were released, and it is %s", released, now)
					}
				case !options.NoConditionalDelete:
					if released != 1 || now != "" {
						t.Errorf("%d were released, and it is %s", released, now)
					}
				case strings.Contains(now, `"u"`) || strings.Contains(now, "other"):
					t.Errorf("%d were released, and it is %s", released, now)
				}
				if x.want == unique.Dead || x.want == unique.Free {
					if err := f.Claim(t.Context(), []unique.Need{f.need()}, unique.Owner{ID: "me", Base: "absent"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// A claim that was taken between judgement and release stays, also one that
// was taken again for the same write.
func TestAReleaseIsOfTheStateThatWasJudged(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{"delete": {}, "no conditional delete": {NoConditionalDelete: true, HashVersions: true}} {
		for _, before := range []string{claimed("other", rev2), claimed("me", "absent")} {
			t.Run(name+" "+before, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, options)
				key := f.need().Key
				f.put(key, before)
				state, err := f.Registers.Read(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				if err := f.Claim(t.Context(), []unique.Need{f.need()}, unique.Owner{ID: "me", Base: "absent"}); err != nil {
					t.Fatal(err)
				}
				taken := f.holds(key)
				if released, err := f.Release(t.Context(), state); released || err != nil || f.holds(key) != taken {
					t.Errorf("%v, %v, and it is %s", released, err, f.holds(key))
				}
			})
		}
	}
}
