package core_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// kept is a store with a database on it that does nothing by itself.
type kept struct {
	*memory.Store
	plan *faults.Plan
	db   *core.DB
}

const aDay = 24 * time.Hour

// onKept runs a test in time that passes by itself.
func onKept(t *testing.T, options memory.StoreOptions, fn func(t *testing.T, k *kept)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := &kept{Store: memory.NewStore(options), plan: faults.New(faults.Options{})}
		k.db = k.open(t, -1)
		fn(t, k)
		if err := k.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// open starts a process that maintains the store that often.
func (k *kept) open(t *testing.T, every time.Duration) *core.DB {
	t.Helper()
	db, err := core.Open(t.Context(), faults.Store(k.Store, k.plan), core.Options{
		Settings: core.Settings{MaintainEvery: every, SkipProbe: true, Attempts: 1, BusyAttempts: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (k *kept) maintain(t *testing.T, options core.MaintainOptions) core.MaintainReport {
	t.Helper()
	report, err := k.db.Maintain(t.Context(), options)
	if err != nil {
		t.Fatalf("Maintain answers %+v, %v", report, err)
	}
	return report
}

// write writes an object by other means.
func (k *kept) write(t *testing.T, key, body string) {
	t.Helper()
	if _, err := k.Put(context.Background(), key, []byte(body), ports.Any); err != nil {
		t.Fatal(err)
	}
}

// holds reads one; empty: there is none.
func (k *kept) holds(key string) string {
	object, err := k.Get(context.Background(), key, ports.GetOptions{})
	if err != nil {
		return ""
	}
	return string(object.Data)
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	if err := ports.SystemClock().Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// txKey is the key of what a transaction left: its decision, or with a number a
// value beside it.
func txKey(name string) string {
	id, _, _ := strings.Cut(name, ".")
	sum := sha256.Sum256([]byte(id))
	return "_sb/tx/" + hex.EncodeToString(sum[:1]) + "/" + name + ".json"
}

const (
	oldBody   = `{"_rev":"0f3k8q1vd2m7x","v":"old"}`
	lockedBy1 = `{"_tx":{"id":"t1","prev":"doc","reads":false,"at":"2026-01-02T03:04:05Z","wait":"1s"},"_rev":"0f3k8q1vd2m7x","v":"old"}`
	newBody   = `{"_rev":"1f3k8q1vd2m7x","v":"new"}`
	committed = `{"state":"committed","writes":[{"key":"docs/a.json","body":` + newBody + `}]}`
	buried    = `{"_rev":"0f3k8q1vd2m7x","_deleted":true}`
)

// upkeep is a store, and what a run reports of it.
type upkeep struct {
	name  string
	setUp func(t *testing.T, k *kept)
	age   time.Duration // of all of it
	want  core.MaintainReport
	then  map[string]string // what objects hold afterwards, as a part of it; empty: gone
}

// upkeeps has each field of the report, by what makes it count.
func upkeeps() []upkeep {
	return []upkeep{
		{"nothing", func(*testing.T, *kept) {}, 0, core.MaintainReport{}, nil},
		{"documents", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", oldBody) }, 2 * aDay, core.MaintainReport{}, map[string]string{"docs/a.json": oldBody}},
		{"a committed lock", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", lockedBy1); k.write(t, txKey("t1"), committed) }, 0,
			core.MaintainReport{Locks: 1}, map[string]string{"docs/a.json": newBody, txKey("t1"): committed}},
		{"an aborted lock", func(t *testing.T, k *kept) {
			k.write(t, "docs/a.json", lockedBy1)
			k.write(t, txKey("t1"), `{"state":"aborted"}`)
		}, 0,
			core.MaintainReport{Locks: 1}, map[string]string{"docs/a.json": `{"_rev":"0f3k8q1vd2m7x.`}},
		{"an undecided lock", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", lockedBy1) }, 0,
			core.MaintainReport{Locks: 1}, map[string]string{"docs/a.json": `{"_rev":"0f3k8q1vd2m7x.`, txKey("t1"): `{"state":"aborted"`}},
		{"a lock on a claim and on a fence", func(t *testing.T, k *kept) {
			k.write(t, "_sb/unique/u/f/00/x.json", lockedBy1)
			k.write(t, "_sb/fence/x.json", lockedBy1)
			k.write(t, txKey("t1"), `{"state":"aborted"}`)
		}, 0, core.MaintainReport{Locks: 2}, map[string]string{"_sb/fence/x.json": `{"_rev":"0f3k8q1vd2m7x.`}},
		{"tombstones", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", buried); k.write(t, "z.json", buried) }, aDay + 2*time.Second,
			core.MaintainReport{Tombstones: 2}, map[string]string{"docs/a.json": "", "z.json": ""}},
		{"young tombstones", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", buried) }, aDay + time.Second, core.MaintainReport{}, map[string]string{"docs/a.json": buried}},
		{"an old decision", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", newBody); k.write(t, txKey("t1"), committed) }, aDay + 2*time.Second,
			core.MaintainReport{Decisions: 1}, map[string]string{"docs/a.json": newBody, txKey("t1"): ""}},
		{"an old decision, and its lock", func(t *testing.T, k *kept) { k.write(t, "docs/a.json", lockedBy1); k.write(t, txKey("t1"), committed) }, aDay + 2*time.Second,
			core.MaintainReport{Decisions: 1, Locks: 1}, map[string]string{"docs/a.json": newBody, txKey("t1"): ""}},
		{"a young decision", func(t *testing.T, k *kept) { k.write(t, txKey("t1"), committed) }, aDay + time.Second, core.MaintainReport{}, map[string]string{txKey("t1"): committed}},
		{"old values beside a decision", func(t *testing.T, k *kept) {
			k.write(t, txKey("t1.0"), newBody)
			k.write(t, txKey("t1.1"), newBody)
			k.write(t, txKey("t1"), `{"state":"aborted"}`)
			k.write(t, txKey("t2.0"), newBody) // its owner crashed before
		}, aDay + 2*time.Second, core.MaintainReport{Decisions: 1, Staged: 3}, map[string]string{txKey("t1.0"): "", txKey("t2.0"): ""}},
		{"an old value that is still to be put in place", func(t *testing.T, k *kept) {
			k.write(t, "docs/a.json", lockedBy1)
			k.write(t, txKey("t1.0"), newBody)
			k.write(t, txKey("t1"), fmt.Sprintf(`{"state":"committed","writes":[{"key":"docs/a.json","staged":%q}]}`, txKey("t1.0")))
		}, aDay + 2*time.Second, core.MaintainReport{Decisions: 1, Staged: 1, Locks: 1}, map[string]string{"docs/a.json": newBody, txKey("t1"): "", txKey("t1.0"): ""}},
		{"scratch of others", func(t *testing.T, k *kept) {
			k.write(t, "_sb/clock/x.json", "{}")
			k.write(t, "_sb/probe/x.json", "{}")
		}, aDay + 2*time.Second, core.MaintainReport{Scratch: 2}, map[string]string{"_sb/clock/x.json": "", "_sb/probe/x.json": ""}},
		{"young scratch", func(t *testing.T, k *kept) {
			k.write(t, "_sb/clock/x.json", "{}")
			k.write(t, "_sb/probe/x.json", "{}")
		}, time.Hour,
			core.MaintainReport{}, map[string]string{"_sb/clock/x.json": "{}", "_sb/probe/x.json": "{}"}},
		{"a lease that ran out", func(t *testing.T, k *kept) {
			if _, err := k.db.Locker().Acquire(t.Context(), "job", time.Second); err != nil {
				t.Fatal(err)
			}
			k.plan.On(faults.Match{KeyPrefix: "_sb/lock/", Times: 2}).LoseRequest()
			_ = k.db.Close()
			k.plan.Heal()
			k.db = k.open(t, -1)
		}, 2 * aDay, core.MaintainReport{Leases: 1}, nil},
	}
}

func TestMaintainReportsWhatItDid(t *testing.T) {
	t.Parallel()
	count := func(r core.MaintainReport) core.MaintainReport { r.Listed, r.Read = 0, 0; return r }
	for _, c := range upkeeps() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
				c.setUp(t, k)
				wait(t, c.age)
				report := k.maintain(t, core.MaintainOptions{})
				if count(report) != c.want {
					t.Errorf("it reports %+v, want %+v", report, c.want)
				}
				for key, want := range c.then {
					if got := k.holds(key); !strings.HasPrefix(got, want) || want == "" && got != "" {
						t.Errorf("%s holds %q, want %q", key, got, want)
					}
				}
				if again := count(k.maintain(t, core.MaintainOptions{})); again != (core.MaintainReport{}) {
					t.Errorf("once more it reports %+v", again)
				}
			})
		})
	}
}

// A store without conditional delete keeps its tombstones, and nothing else.
func TestMaintainWithoutConditionalDelete(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{NoConditionalDelete: true, HashVersions: true}, func(t *testing.T, k *kept) {
		k.write(t, "docs/a.json", buried)
		k.write(t, txKey("t1"), committed)
		wait(t, 2*aDay)
		if report := k.maintain(t, core.MaintainOptions{}); report.Tombstones != 0 || report.Decisions != 1 || k.holds("docs/a.json") != buried {
			t.Errorf("it reports %+v", report)
		}
	})
}

// The second run reads what changed, and what may be a tombstone that has become
// old enough.
func TestMaintainReadsWhatChanged(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		long := strings.Repeat("x", 100)
		for i := range 10 {
			k.write(t, fmt.Sprintf("docs/%d.json", i), `{"v":"`+long+`"}`)
		}
		k.write(t, "docs/dead.json", buried)
		k.write(t, "blobs/x", long) // nothing of the database's
		wait(t, 2*time.Hour)
		if report := k.maintain(t, core.MaintainOptions{}); report.Read != 11 || report.Listed != 12 {
			t.Errorf("at first it reports %+v", report)
		}
		k.write(t, "docs/3.json", `{"v":"changed`+long+`"}`)
		wait(t, 2*time.Hour)
		if report := k.maintain(t, core.MaintainOptions{}); report.Read != 1 || report.Listed != 12 {
			t.Errorf("then it reports %+v", report)
		}
		wait(t, 2*time.Hour)
		if report := k.maintain(t, core.MaintainOptions{}); report.Read != 0 {
			t.Errorf("where nothing changed it reports %+v", report)
		}
		if report := k.maintain(t, core.MaintainOptions{All: true}); report.Read != 11 {
			t.Errorf("with All it reports %+v", report)
		}
		wait(t, aDay)
		if report := k.maintain(t, core.MaintainOptions{}); report.Read != 1 || report.Tombstones != 1 {
			t.Errorf("a day later it reports %+v", report)
		}
	})
}

// What fails is counted and named, the rest is done, and the next run looks at
// all of it again.
func TestMaintainGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		k.write(t, "docs/a.json", lockedBy1)
		k.write(t, "docs/b.json", `{"_tx":{"prev":"doc"},"v":"damaged"}`)
		k.write(t, "docs/c.json", buried)
		k.write(t, txKey("t1"), committed)
		wait(t, 2*aDay)
		for range 2 {
			report, err := k.db.Maintain(t.Context(), core.MaintainOptions{})
			if report.Failed != 1 || !errors.Is(err, core.ErrCorrupt) || !strings.Contains(err.Error(), "docs/b.json") {
				t.Errorf("it reports %+v, %v", report, err)
			}
			if k.holds("docs/a.json") != newBody || k.holds("docs/c.json") != "" || k.holds(txKey("t1")) != "" {
				t.Error("the rest was not done")
			}
		}
		k.write(t, "docs/b.json", oldBody)
		k.maintain(t, core.MaintainOptions{})
	})
}

func TestSeveralMaintainAtOnce(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		for i := range 20 {
			k.write(t, fmt.Sprintf("docs/%d.json", i), buried)
		}
		k.write(t, "docs/a.json", lockedBy1)
		k.write(t, txKey("t1"), committed)
		wait(t, 2*aDay)
		reports := make(chan core.MaintainReport)
		for range 4 {
			db := k.open(t, -1)
			go func() {
				report, err := db.Maintain(context.Background(), core.MaintainOptions{})
				if err != nil {
					t.Error(err)
				}
				_ = db.Close()
				reports <- report
			}()
		}
		tombstones := 0
		for range 4 {
			tombstones += (<-reports).Tombstones
		}
		if tombstones != 20 || k.holds("docs/a.json") != newBody || k.holds(txKey("t1")) != "" {
			t.Errorf("%d tombstones were removed, %s", tombstones, k.holds("docs/a.json"))
		}
	})
}

// A crash at any call leaves nothing that the next run does not do, and no run
// takes away what is needed.
func TestMaintainCrashesAtEveryCall(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*faults.Rule){
		"before it": func(r *faults.Rule) { r.LoseRequest() }, "after it": func(r *faults.Rule) { r.LoseAnswer() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, hit := 1, true; hit && !t.Failed(); n++ {
				onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
					k.write(t, "docs/a.json", lockedBy1)
					k.write(t, "docs/c.json", buried)
					k.write(t, txKey("t1.0"), newBody)
					k.write(t, txKey("t1"), fmt.Sprintf(`{"state":"committed","writes":[{"key":"docs/a.json","staged":%q}]}`, txKey("t1.0")))
					wait(t, 2*aDay)
					rule := k.plan.On(faults.Match{Nth: n, Times: faults.Always})
					harm(rule)
					_, err := k.db.Maintain(t.Context(), core.MaintainOptions{})
					if hit = rule.Hits() > 0; hit && err == nil {
						t.Errorf("a crash at call %d is not reported", n)
					}
					k.plan.Heal()
					k.maintain(t, core.MaintainOptions{})
					wait(t, 2*aDay)
					k.maintain(t, core.MaintainOptions{})
					if k.holds("docs/a.json") != newBody || k.holds("docs/c.json") != "" || k.holds(txKey("t1")) != "" || k.holds(txKey("t1.0")) != "" {
						t.Errorf("after a crash at call %d: %s", n, k.holds("docs/a.json"))
					}
				})
			}
		})
	}
}

// One of the processes maintains the store a day after the last time.
func TestMaintenanceInTheBackground(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		first, second := k.open(t, 0), k.open(t, 0)
		k.write(t, "docs/a.json", lockedBy1)
		var counted atomic.Int64
		runs := func() int { return int(counted.Load()) }
		k.plan.On(faults.Match{Method: faults.List, KeyPrefix: "_sb/tx/", Times: faults.Always}).Before(func(context.Context, faults.Call) error { counted.Add(1); return nil })
		wait(t, 10*time.Minute-time.Second)
		if runs() != 0 || k.holds("docs/a.json") != lockedBy1 {
			t.Errorf("%d runs at once", runs())
		}
		wait(t, 11*time.Minute)
		if runs() != 1 || k.holds("docs/a.json") == lockedBy1 {
			t.Errorf("%d runs after twenty minutes", runs())
		}
		wait(t, 23*time.Hour)
		if runs() != 1 {
			t.Errorf("%d runs within a day", runs())
		}
		wait(t, 3*time.Hour)
		if runs() != 2 {
			t.Errorf("%d runs after a day", runs())
		}
		wait(t, 10*aDay)
		if runs() < 10 || runs() > 12 {
			t.Errorf("%d runs after eleven days", runs())
		}
		_, _ = first.Close(), second.Close()
		before := runs()
		wait(t, 3*aDay)
		if runs() != before {
			t.Error("it runs after Close")
		}
	})
}

func TestMaintainOfAClosedDatabase(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		_ = k.db.Close()
		if _, err := k.db.Maintain(t.Context(), core.MaintainOptions{}); !errors.Is(err, core.ErrClosed) {
			t.Error(err)
		}
	})
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		k.write(t, "docs/a.json", lockedBy1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.db.Maintain(ctx, core.MaintainOptions{}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// A reader has a lock in its hands while the transaction is rolled forward and
// its decision removed: it must not take the state before for the last one.
func TestAReaderWhoseDecisionIsRemoved(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"get", "scan", "update", "transaction"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			onKept(t, memory.StoreOptions{HashVersions: true}, func(t *testing.T, k *kept) {
				type text struct {
					V string `json:"v"`
				}
				k.write(t, "docs/a.json", lockedBy1)
				k.write(t, txKey("t1"), committed)
				wait(t, 2*aDay)
				c, err := core.NewCollection[text](t.Context(), k.db, "docs")
				if err != nil {
					t.Fatal(err)
				}
				once := false
				k.plan.On(faults.Match{Method: faults.Get, Key: txKey("t1")}).Before(func(ctx context.Context, _ faults.Call) error {
					other := k.open(t, -1)
					defer func() { _ = other.Close() }()
					report, err := other.Maintain(ctx, core.MaintainOptions{})
					once = true
					if err != nil || report.Decisions != 1 {
						t.Errorf("%+v, %v", report, err)
					}
					return nil
				})
				got := ""
				switch op {
				case "get":
					doc, getErr := c.Get(t.Context(), "a")
					got, err = doc.Value.V, getErr
				case "scan":
					docs, allErr := c.All(t.Context())
					if err = allErr; len(docs) == 1 {
						got = docs[0].Value.V
					}
				case "update":
					_, err = c.Update(t.Context(), "a", func(v *text) error { got = v.V; v.V = "newer"; return nil })
				case "transaction":
					err = k.db.Tx(t.Context(), func(tx *core.Tx) error {
						doc, err := c.In(tx).Get(t.Context(), "a")
						got = doc.Value.V
						return err
					})
				}
				if err != nil || got != "new" || !once {
					t.Errorf("it finds %q, %v", got, err)
				}
			})
		})
	}
}

// A decision is looked after by itself: also where the documents were not read,
// because nothing seems to have changed, none of its locks is left behind.
func TestADecisionIsNotRemovedBeforeItsLocks(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		k.write(t, "docs/a.json", lockedBy1)
		k.write(t, txKey("t1"), committed)
		wait(t, 2*aDay)
		k.write(t, "_sb/maintenance.json", fmt.Sprintf(`{"began":%q}`, time.Now().UTC().Format(time.RFC3339)))
		report := k.maintain(t, core.MaintainOptions{})
		if report.Read != 0 || report.Locks != 1 || report.Decisions != 1 || k.holds("docs/a.json") != newBody {
			t.Errorf("it reports %+v, the document is %s", report, k.holds("docs/a.json"))
		}
	})
}
