package encryption_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// hasty is a clock that does not wait.
type hasty struct{ ports.Clock }

func (hasty) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// filled returns a store with objects under key 1, some of them plaintext.
func filled(t testing.TB, n int) (inner *memory.Store, contents map[string]string) {
	t.Helper()
	inner, contents = memory.NewStore(memory.StoreOptions{}), map[string]string{}
	old := encrypted(t, inner, keyring(t, key(1)), encryption.Options{})
	for i := range n {
		name := fmt.Sprintf("k/%04d", i)
		data := random(i * 37)
		switch i % 10 {
		case 3:
			data = random(100_000 + i)
		case 7:
			data = []byte(`{"plaintext":` + strconv.Itoa(i) + `}`)
		}
		contents[name] = string(data)
		if i%10 == 7 {
			put(t, inner, name, data)
		} else {
			put(t, old, name, data)
		}
	}
	return inner, contents
}

func copyOf(t testing.TB, source ports.ObjectStore) *memory.Store {
	t.Helper()
	copied := memory.NewStore(memory.StoreOptions{})
	for info, err := range source.List(t.Context(), ports.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		put(t, copied, info.Key, get(t, source, info.Key).Data)
	}
	return copied
}

// wantContents checks that everything is readable with exactly these keys.
func wantContents(t testing.TB, inner ports.ObjectStore, contents map[string]string, k *encryption.Keyring, opts encryption.Options) {
	t.Helper()
	s := encrypted(t, inner, k, opts)
	for name, want := range contents {
		if o, err := s.Get(t.Context(), name, ports.GetOptions{}); err != nil || string(o.Data) != want {
			t.Fatalf("%q is read as %d bytes, want %d, %v", name, len(o.Data), len(want), err)
		}
	}
}

func TestReencryptBringsEverythingUnderThePrimary(t *testing.T) {
	t.Parallel()
	inner, contents := filled(t, 300)
	contents["large"] = string(random(3 << 20))
	put(t, encrypted(t, inner, keyring(t, key(1)), encryption.Options{}), "large", []byte(contents["large"]))
	both := keyring(t, key(2), key(1))
	run := func(opts encryption.ReencryptOptions, want encryption.Report) {
		t.Helper()
		var last encryption.Report
		opts.Progress = func(r encryption.Report) { last = r }
		got, err := encryption.Reencrypt(t.Context(), inner, both, opts)
		if err != nil {
			t.Fatal(err)
		}
		if last.Looked != got.Looked || last.Last != "large" || got.Last != "large" {
			t.Errorf("the last progress is %+v, the report %+v", last, got)
		}
		got.Bytes, got.Last = 0, ""
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: %+v, want %+v", opts, got, want)
		}
	}
	run(encryption.ReencryptOptions{DryRun: true}, encryption.Report{Looked: 301, Rewritten: 271, Plaintext: 30})
	wantContents(t, inner, contents, keyring(t, key(1)), encryption.Options{ReadPlaintext: true})
	run(encryption.ReencryptOptions{}, encryption.Report{Looked: 301, Rewritten: 271, Plaintext: 30})
	wantContents(t, inner, contents, keyring(t, key(2)), encryption.Options{ReadPlaintext: true})
	run(encryption.ReencryptOptions{Plaintext: true, Concurrency: 3}, encryption.Report{Looked: 301, Rewritten: 30})
	wantContents(t, inner, contents, keyring(t, key(2)), encryption.Options{})
	run(encryption.ReencryptOptions{Plaintext: true}, encryption.Report{Looked: 301})
}

func TestReencryptGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	inner, contents := filled(t, 500)
	both := keyring(t, key(2), key(1))
	broken := errors.New("the credentials have expired")
	looked, after := 0, ""
	for round := 1; ; round++ {
		plan := faults.New(faults.Options{})
		rule := plan.On(faults.Match{Method: faults.Put, Nth: 150}).Fail(ports.Fail("put", "", ports.ErrPermission, broken))
		report, err := encryption.Reencrypt(t.Context(), faults.Store(inner, plan), both,
			encryption.ReencryptOptions{Plaintext: true, After: after, Concurrency: 2})
		looked += report.Looked
		if rule.Hits() == 0 {
			if err != nil || round < 3 {
				t.Errorf("round %d: %v", round, err)
			}
			break
		}
		if !errors.Is(err, broken) || report.Last <= after {
			t.Fatalf("round %d stops at %q with %v", round, report.Last, err)
		}
		after = report.Last
	}
	wantContents(t, inner, contents, keyring(t, key(2)), encryption.Options{})
	if looked > 600 {
		t.Errorf("%d objects were looked at", looked)
	}
}

func TestReencryptPassesOverEveryFailureThatMayPass(t *testing.T) {
	t.Parallel()
	source, contents := filled(t, 8)
	contents["large"] = string(random(1<<20 + 5))
	put(t, encrypted(t, source, keyring(t, key(1)), encryption.Options{}), "large", []byte(contents["large"]))
	for name, fail := range map[string]func(*faults.Rule){
		"busy":         func(r *faults.Rule) { r.Busy() },
		"answer lost":  func(r *faults.Rule) { r.LoseAnswer() },
		"request lost": func(r *faults.Rule) { r.LoseRequest() },
		"retried":      func(r *faults.Rule) { r.Retry() },
		"broken off":   func(r *faults.Rule) { r.BreakAfter(5000, ports.ErrUnavailable) },
	} {
		for n := 1; ; n++ {
			inner := copyOf(t, source)
			plan := faults.New(faults.Options{})
			rule := plan.On(faults.Match{Nth: n})
			fail(rule)
			_, err := encryption.Reencrypt(t.Context(), faults.Store(inner, plan), keyring(t, key(2), key(1)),
				encryption.ReencryptOptions{Plaintext: true, Clock: hasty{ports.SystemClock()}})
			if listing := n == 1; err != nil && !listing {
				t.Errorf("%s at call %d: %v", name, n, err)
			}
			if err == nil {
				wantContents(t, inner, contents, keyring(t, key(2)), encryption.Options{})
			}
			if rule.Hits() == 0 {
				break
			}
		}
	}
}

func TestWritersLoseNothingWhileObjectsAreReencrypted(t *testing.T) {
	t.Parallel()
	for _, opts := range []memory.StoreOptions{{}, {HashVersions: true}} {
		inner := memory.NewStore(opts)
		old := encrypted(t, inner, keyring(t, key(1)), encryption.Options{})
		const objects, hands, rounds = 5, 4, 100
		for i := range objects {
			put(t, old, fmt.Sprint(i), []byte("0"))
		}
		both := keyring(t, key(2), key(1))
		var writing atomic.Int64
		writing.Store(hands)
		var all sync.WaitGroup
		for hand := range hands {
			// Some processes still write under the old key.
			k := both
			if hand%2 == 1 {
				k = keyring(t, key(1), key(2))
			}
			s := encrypted(t, inner.Client(), k, encryption.Options{})
			all.Go(func() {
				defer writing.Add(-1)
				for i := range rounds {
					increment(t, s, fmt.Sprint((i+hand)%objects))
				}
			})
		}
		all.Go(func() {
			for writing.Load() > 0 {
				// On a handful of objects it may be overtaken eight times in a row.
				_, err := encryption.Reencrypt(t.Context(), inner, both,
					encryption.ReencryptOptions{Concurrency: 2, Clock: hasty{ports.SystemClock()}})
				if err != nil && !errors.Is(err, ports.ErrPrecondition) {
					t.Error(err)
				}
			}
		})
		all.Wait()
		if _, err := encryption.Reencrypt(t.Context(), inner, both, encryption.ReencryptOptions{}); err != nil {
			t.Fatal(err)
		}
		total := 0
		for i := range objects {
			n, err := strconv.Atoi(string(get(t, encrypted(t, inner, keyring(t, key(2)), encryption.Options{}), fmt.Sprint(i)).Data))
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if total != hands*rounds {
			t.Errorf("%d increments are left of %d", total, hands*rounds)
		}
	}
}

func increment(t *testing.T, s ports.ObjectStore, name string) {
	for {
		o, err := s.Get(t.Context(), name, ports.GetOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		n, err := strconv.Atoi(string(o.Data))
		if err != nil {
			t.Error(err)
			return
		}
		_, err = s.Put(t.Context(), name, []byte(strconv.Itoa(n+1)), ports.IfVersion(o.Version))
		if err == nil {
			return
		}
		if !errors.Is(err, ports.ErrPrecondition) {
			t.Error(err)
			return
		}
	}
}

func TestReencryptReportsWhatItCantDecrypt(t *testing.T) {
	t.Parallel()
	inner, contents := filled(t, 100)
	foreign := encrypted(t, inner, keyring(t, key(9)), encryption.Options{})
	put(t, foreign, "a/foreign", []byte("x"))
	put(t, foreign, "k/0050", []byte("x"))
	put(t, encrypted(t, inner, keyring(t, key(1)), encryption.Options{}), "z", random(2<<20))
	object := get(t, inner, "z").Data
	object[1<<20] ^= 1
	put(t, inner, "z", object)
	delete(contents, "k/0050")
	report, err := encryption.Reencrypt(t.Context(), inner, keyring(t, key(2), key(1)), encryption.ReencryptOptions{Plaintext: true})
	if !errors.Is(err, ports.ErrCorrupt) || report.Failed != 3 || len(report.Failures) != 3 || report.Looked != 102 || report.Rewritten != 99 {
		t.Errorf("%+v, %v", report, err)
	}
	wantContents(t, inner, contents, keyring(t, key(2)), encryption.Options{})
	if got := get(t, inner, "z"); string(got.Data) != string(object) {
		t.Error("an object that can't be decrypted was changed")
	}
}

func TestReencryptEndsWithItsContext(t *testing.T) {
	t.Parallel()
	inner, _ := filled(t, 300)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := encryption.Reencrypt(ctx, inner, keyring(t, key(2), key(1)), encryption.ReencryptOptions{
		Concurrency: 1, Progress: func(encryption.Report) { cancel() },
	})
	if !errors.Is(err, context.Canceled) || report.Looked > 20 || report.Last == "" {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := encryption.Reencrypt(t.Context(), inner, keyring(t, key(2)), encryption.ReencryptOptions{Concurrency: -1}); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("a negative concurrency: %v", err)
	}
}

func TestReencryptLeavesTheKeyringAlone(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	k := openKeyring(t, inner, kek)
	put(t, encrypted(t, inner, k, encryption.Options{}), "a", []byte("a"))
	if _, err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := encryption.Reencrypt(t.Context(), inner, k, encryption.ReencryptOptions{Plaintext: true})
	if err != nil || report.Looked != 1 || report.Rewritten != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if again := openKeyring(t, inner, kek); again.Primary() != k.Primary() {
		t.Errorf("the primary is %s, was %s", again.Primary(), k.Primary())
	}
}
