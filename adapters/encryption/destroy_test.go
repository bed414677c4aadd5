package encryption_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

// dial is a clock that stands still until it is turned.
type dial struct {
	mu       sync.Mutex
	passed   time.Duration
	sleeping func() // called when somebody sleeps, with the time slept passed
}

func (d *dial) turn(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passed += by
}

func (d *dial) Elapsed() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func (d *dial) Now() time.Time { return time.Unix(1_800_000_000, 0).Add(d.Elapsed()) }

func (d *dial) Sleep(ctx context.Context, by time.Duration) error {
	d.turn(by)
	if d.sleeping != nil {
		d.sleeping()
	}
	return ctx.Err()
}

// process opens a keyring and a store as another process does.
func process(t *testing.T, inner ports.ObjectStore, kek kek, clock ports.Clock) (*encryption.Keyring, ports.ObjectStore) {
	t.Helper()
	k, err := encryption.OpenKeyring(t.Context(), inner, kek, encryption.KeyringOptions{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return k, encrypted(t, inner, k, encryption.Options{})
}

type kek interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// Processes that only write never meet the new key. What they write must be
// readable all the same, before, while and after the old one is destroyed.
func TestNothingIsWrittenUnderAKeyThatIsDestroyed(t *testing.T) {
	t.Parallel()
	for _, lateWrites := range []bool{false, true} {
		for _, size := range []int{10, 100_000} {
			destroyUnderAWriter(t, lateWrites, func(s ports.ObjectStore, name string) { put(t, s, name, random(size)) })
			destroyUnderAWriter(t, lateWrites, func(s ports.ObjectStore, name string) { putStream(t, s, name, random(size)) })
		}
	}
}

func destroyUnderAWriter(t *testing.T, lateWrites bool, write func(s ports.ObjectStore, name string)) {
	t.Helper()
	inner, kek, clock := memory.NewStore(memory.StoreOptions{LateWrites: lateWrites}), newKEK(t), &dial{}
	admin, _ := process(t, inner, kek, clock)
	_, writer := process(t, inner, kek, clock)
	_, idle := process(t, inner, kek, clock)
	old := admin.Primary()
	write(writer, "before")
	check(t, second(admin.Rotate(t.Context())))
	check(t, second(encryption.Reencrypt(t.Context(), inner, admin, encryption.ReencryptOptions{})))
	check(t, admin.Disable(t.Context(), old))
	write(writer, "disabled")
	clock.sleeping = func() { write(writer, "meanwhile") }
	// One object was left under the old key, by the writer.
	if err := admin.Destroy(t.Context(), old, inner); !errors.Is(err, ports.ErrPrecondition) {
		t.Errorf("destroying a key in use: %v", err)
	}
	check(t, admin.Enable(t.Context(), old))
	check(t, second(encryption.Reencrypt(t.Context(), inner, admin, encryption.ReencryptOptions{})))
	check(t, admin.Disable(t.Context(), old))
	check(t, admin.Destroy(t.Context(), old, inner))
	if want := map[bool]time.Duration{false: 4 * time.Minute, true: 32 * time.Minute}[lateWrites]; clock.Elapsed() != want {
		t.Errorf("late writes %v: two calls have waited for %v, want %v", lateWrites, clock.Elapsed(), want)
	}
	write(idle, "after")
	_, reader := process(t, inner, kek, clock)
	for info, err := range reader.List(t.Context(), ports.ListOptions{KeysOnly: true}) {
		if err == nil {
			_, err = reader.Get(t.Context(), info.Key, ports.GetOptions{})
		}
		if err != nil {
			t.Errorf("late writes %v: %q: %v", lateWrites, info.Key, err)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// second leaves the error of two results.
func second[T any](_ T, err error) error { return err }

// A stream may take hours, and its key be taken away meanwhile.
func TestAStreamWhoseKeyWasTakenAwayFails(t *testing.T) {
	t.Parallel()
	inner, kek, clock := memory.NewStore(memory.StoreOptions{}), newKEK(t), &dial{}
	admin, _ := process(t, inner, kek, clock)
	writing, writer := process(t, inner, kek, clock)
	put(t, writer, "k", []byte("old"))
	takeAway := func() {
		old := admin.Primary()
		check(t, second(admin.Rotate(t.Context())))
		check(t, second(encryption.Reencrypt(t.Context(), inner, admin, encryption.ReencryptOptions{})))
		check(t, admin.Disable(t.Context(), old))
		check(t, admin.Destroy(t.Context(), old, inner))
	}
	body := io.MultiReader(bytes.NewReader(random(200_000)), doing(takeAway), bytes.NewReader(random(100_000)))
	if info, err := writer.(ports.Streamer).PutStream(t.Context(), "k", body, ports.Any); !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("put stream answers %+v, %v", info, err)
	}
	if got := get(t, writer, "k").Data; string(got) != "old" {
		t.Errorf("the object is %d bytes", len(got))
	}
	putStream(t, writer, "k", random(300_000))
	if writing.Primary() != admin.Primary() || len(get(t, writer, "k").Data) != 300_000 {
		t.Error("the next stream is not under the new key")
	}
}

// doing is an empty reader that does something.
type doing func()

func (d doing) Read([]byte) (int, error) { d(); return 0, io.EOF }

// A keyring is looked at once in a while and not for each write.
func TestAWriterLooksAtTheKeyringOnceAMinute(t *testing.T) {
	t.Parallel()
	inner, clock := &meter{Store: memory.NewStore(memory.StoreOptions{})}, &dial{}
	_, s := process(t, inner, newKEK(t), clock)
	for _, tt := range []struct {
		pass time.Duration
		want int64
	}{{0, 0}, {59 * time.Second, 0}, {time.Second, 1}, {59 * time.Second, 0}, {time.Hour, 1}} {
		clock.turn(tt.pass)
		inner.requests.Store(0)
		var all sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d"} {
			all.Go(func() {
				if _, err := s.Put(t.Context(), name, nil, ports.Any); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := inner.requests.Load(); got != tt.want {
			t.Errorf("after %v more, four writes read %d times, want %d", tt.pass, got, tt.want)
		}
	}
}

// listening calls a function before each list.
type listening struct {
	*memory.Store
	before func()
}

func (l *listening) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		l.before()
		l.Store.List(ctx, opts)(yield)
	}
}

func TestAKeyIsDisabledBeforeTheObjectsAreLookedAt(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	k, s := process(t, inner, kek, &dial{})
	other, _ := process(t, inner, kek, &dial{})
	old := k.Primary()
	looked := &listening{Store: inner, before: func() {
		put(t, s, "a", nil)
		if _, err := other.Rotate(t.Context()); err != nil {
			t.Error(err)
		}
		if err := other.Disable(t.Context(), old); err != nil {
			t.Error(err)
		}
	}}
	if err := k.Destroy(t.Context(), old, looked); !errors.Is(err, ports.ErrPrecondition) {
		t.Errorf("a key that is the primary when it is to be destroyed: %v", err)
	}
	if err := k.Destroy(t.Context(), old, nil); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("without a store: %v", err)
	}
}

// Both are a ports.ObjectStore. Through the encrypted one everything looks like
// plaintext: keys would be destroyed that are needed, and objects encrypted
// twice.
func TestTheEncryptedStoreIsNotTakenForTheInnerOne(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	k, s := process(t, inner, kek, &dial{})
	tenant, err := prefix.Store(s, "tenants/7")
	if err != nil {
		t.Fatal(err)
	}
	put(t, tenant, "k", []byte("x"))
	old := k.Primary()
	if _, err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := get(t, inner, "tenants/7/k")
	for what, wrong := range map[string]ports.ObjectStore{"the encrypted store": s, "one below a prefix": tenant} {
		again, _ := process(t, inner, kek, &dial{})
		for _, k := range []*encryption.Keyring{k, again} {
			_, err := encryption.Reencrypt(t.Context(), wrong, k, encryption.ReencryptOptions{Plaintext: true})
			if !errors.Is(err, ports.ErrInvalidKey) {
				t.Errorf("encrypting %s again: %v", what, err)
			}
			if err := again.Disable(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			if err := k.Destroy(t.Context(), old, wrong); !errors.Is(err, ports.ErrInvalidKey) {
				t.Errorf("destroying with %s: %v", what, err)
			}
			if err := again.Enable(t.Context(), old); err != nil {
				t.Fatal(err)
			}
		}
	}
	if after := get(t, inner, "tenants/7/k"); after.Version != before.Version {
		t.Error("the object was changed")
	}
	// A store that is encrypted under other keys is a store like any other.
	outer := encrypted(t, s, keyring(t, key(1)), encryption.Options{})
	put(t, outer, "twice", []byte("x"))
	report, err := encryption.Reencrypt(t.Context(), s, keyring(t, key(2), key(1)), encryption.ReencryptOptions{Prefix: "twice"})
	if err != nil || report.Rewritten != 1 {
		t.Errorf("the outer of two layers: %+v, %v", report, err)
	}
}

func TestAKeyringIsNotMadeWhereObjectsCantBeLookedAt(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	put(t, plainly(t, inner), "k", []byte("x"))
	broken := &blind{Store: inner, key: "k"}
	if _, err := encryption.OpenKeyring(t.Context(), broken, newKEK(t), encryption.KeyringOptions{}); !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("open answers %v", err)
	}
	if _, err := inner.Stat(t.Context(), encryption.DefaultObject); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("a keyring was made: %v", err)
	}
}

// blind can't read one key.
type blind struct {
	*memory.Store
	key string
}

func (b *blind) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if key == b.key {
		return ports.Object{}, ports.Fail("get", key, ports.ErrUnavailable, nil)
	}
	return b.Store.Get(ctx, key, opts)
}

// slow lets a put arrive only when the next one does, and after it one of
// somebody else.
type slow struct {
	*memory.Store
	puts  int
	first func() error
	other func()
}

func (s *slow) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if s.other == nil {
		return s.Store.Put(ctx, key, data, cond)
	}
	switch s.puts++; s.puts {
	case 1:
		late := bytes.Clone(data)
		s.first = func() error {
			_, err := s.Store.Put(ctx, key, late, cond)
			return err
		}
		return "", ports.Fail("put", key, ports.ErrUnknown, nil)
	case 2:
		if err := s.first(); err != nil {
			return "", err
		}
		s.other()
	}
	return s.Store.Put(ctx, key, data, cond)
}

func TestAChangeThatMayHaveBeenMadeIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	inner, kek := &slow{Store: memory.NewStore(memory.StoreOptions{})}, newKEK(t)
	k, _ := process(t, inner, kek, &dial{})
	other, _ := process(t, inner.Store, kek, &dial{})
	inner.other = func() {
		if _, err := other.Rotate(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if id, err := k.Rotate(t.Context()); !errors.Is(err, ports.ErrUnknown) {
		t.Errorf("rotate answers %s, %v", id, err)
	}
	if again, _ := process(t, inner.Store, kek, &dial{}); len(again.Keys()) != 3 {
		t.Errorf("the keys are %+v", again.Keys())
	}
}

// forgetful loses the answer to a put, and all reads after it, once.
type forgetful struct {
	*memory.Store
	armed, gone bool
}

func (f *forgetful) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	v, err := f.Store.Put(ctx, key, data, cond)
	if f.armed && err == nil {
		f.gone = true
		return "", ports.Fail("put", key, ports.ErrUnknown, nil)
	}
	return v, err
}

func (f *forgetful) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if f.gone {
		return ports.Object{}, ports.Fail("get", key, ports.ErrUnavailable, nil)
	}
	return f.Store.Get(ctx, key, opts)
}

func TestARewrapIsMadeAgainAfterItsAnswerWasLost(t *testing.T) {
	t.Parallel()
	inner, kek, next := &forgetful{Store: memory.NewStore(memory.StoreOptions{})}, newKEK(t), newKEK(t)
	k, _ := process(t, inner, kek, &dial{})
	inner.armed = true
	if err := k.Rewrap(t.Context(), next); !errors.Is(err, ports.ErrUnknown) {
		t.Fatalf("rewrap answers %v", err)
	}
	inner.armed, inner.gone = false, false
	if err := k.Rewrap(t.Context(), next); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := k.Refresh(t.Context()); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

// stuck is a KMS that does not answer.
type stuck struct {
	kek
	entered, answer chan struct{}
}

func (s *stuck) Decrypt(ciphertext, associated []byte) ([]byte, error) {
	if s.entered != nil {
		close(s.entered)
		<-s.answer
	}
	return s.kek.Decrypt(ciphertext, associated)
}

func TestWaitingForTheKeyringEndsWithTheContext(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	kms := &stuck{kek: kek}
	_, s := process(t, inner, kms, &dial{})
	other, newer := process(t, inner, kek, &dial{})
	if _, err := other.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, newer, "k", []byte("x"))
	kms.entered, kms.answer = make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() { get(t, s, "k") })
	<-kms.entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, "k", ports.GetOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second of two who wait answers %v", err)
	}
	close(kms.answer)
	first.Wait()
}

func TestReencryptAnswersTheErrorOfItsContext(t *testing.T) {
	t.Parallel()
	inner, _ := filled(t, 300)
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := encryption.Reencrypt(ctx, inner, keyring(t, key(2), key(1)), encryption.ReencryptOptions{
		Concurrency: 1, Progress: func(encryption.Report) { cancel(errors.New("the program ends")) },
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the program ends") {
		t.Error(err)
	}
}

// eater deletes an object when its beginning is read.
type eater struct {
	*memory.Store
	key string
}

func (e *eater) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if key == e.key {
		if err := e.Delete(ctx, key, ports.Any); err != nil {
			return ports.Object{}, err
		}
	}
	return e.Store.Get(ctx, key, opts)
}

// Whoever pages by a limit takes a short page for the last one.
func TestAListWithExactSizesIsNoShorterForWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	inner := &eater{Store: memory.NewStore(memory.StoreOptions{}), key: "a"}
	s := encrypted(t, inner, keyring(t, key(1)), encryption.Options{ReadPlaintext: true, ExactListSizes: true})
	for _, name := range []string{"a", "b", "c"} {
		put(t, s, name, []byte("x"))
	}
	n := 0
	for _, err := range s.List(t.Context(), ports.ListOptions{Limit: 2}) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != 2 {
		t.Errorf("a list of three, with a limit of 2, yields %d", n)
	}
}
