package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

const (
	accountCount = 20
	atFirst      = 1000 // what each account holds
	totalAmount  = accountCount * atFirst
)

type account struct {
	ID      string `json:"id" sb:"id"`
	Balance int    `json:"balance" sb:"index"`
}

// transfer is created in the transaction that moves the amount.
type transfer struct {
	ID     string `json:"id" sb:"id"`
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int    `json:"amount"`
}

// statement is written by a transaction that reads all accounts.
type statement struct {
	Total int `json:"total"`
}

// bank is what tellers work on.
type bank struct {
	db         *core.DB
	accounts   *core.Collection[account]
	transfers  *core.Collection[transfer]
	statements *core.Collection[statement]
}

func openBank(ctx context.Context, db *core.DB) (b *bank, err error) {
	b = &bank{db: db}
	if b.accounts, err = core.NewCollection[account](ctx, db, "accounts"); err != nil {
		return nil, err
	}
	if b.transfers, err = core.NewCollection[transfer](ctx, db, "transfers"); err != nil {
		return nil, err
	}
	b.statements, err = core.NewCollection[statement](ctx, db, "statements")
	return b, err
}

func accountID(n int) string { return fmt.Sprintf("account %02d", n) }

var (
	allAccounts = func() (ids []string) {
		for n := range accountCount {
			ids = append(ids, accountID(n))
		}
		return ids
	}()
	errTooPoor = errors.New("there is not enough in the account")
)

// move is a transfer in one transaction. It writes before it finds out that it
// may not.
func (b *bank) move(ctx context.Context, by transfer) error {
	return b.db.Tx(ctx, func(tx *core.Tx) error {
		accounts := b.accounts.In(tx)
		if _, err := b.transfers.In(tx).Create(ctx, by.ID, by); err != nil {
			return err
		}
		if _, err := accounts.Update(ctx, by.To, func(a *account) error { a.Balance += by.Amount; return nil }); err != nil {
			return err
		}
		_, err := accounts.Update(ctx, by.From, func(a *account) error {
			if a.Balance -= by.Amount; a.Balance < 0 {
				return errTooPoor
			}
			return nil
		})
		return err
	})
}

// sum adds up all accounts in a transaction: by id, or by a query that an index
// serves.
func (b *bank) sum(ctx context.Context, byQuery bool, options ...core.TxOption) (total int, err error) {
	err = b.db.Tx(ctx, func(tx *core.Tx) error {
		total, err = b.sumIn(ctx, tx, byQuery)
		return err
	}, options...)
	return total, err
}

func (b *bank) sumIn(ctx context.Context, tx *core.Tx, byQuery bool) (total int, err error) {
	if byQuery {
		docs, err := b.accounts.In(tx).Query().Where(core.Gte("balance", 0)).All(ctx)
		for _, doc := range docs {
			total += doc.Value.Balance
		}
		return total, err
	}
	results, err := b.accounts.In(tx).GetAll(ctx, allAccounts)
	for _, r := range results {
		err = errors.Join(err, r.Err)
		total += r.Value.Balance
	}
	return total, err
}

// state writes down what the accounts hold together.
func (b *bank) state(ctx context.Context, id string) (total int, err error) {
	err = b.db.Tx(ctx, func(tx *core.Tx) error {
		if total, err = b.sumIn(ctx, tx, rand.IntN(2) == 0); err != nil {
			return err
		}
		_, err := b.statements.In(tx).Put(ctx, id, statement{total})
		return err
	})
	return total, err
}

// childTeller works at the bank until it is killed. It says what it is about to
// do, and how that went.
func childTeller(ctx context.Context, place string) error {
	a, err := parseAddress(place)
	if err != nil {
		return err
	}
	db, _, err := a.open(ctx)
	if err != nil {
		return err
	}
	b, err := openBank(ctx, db)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	name := fmt.Sprintf("%x", rand.Uint64())
	for n := 0; ; n++ {
		if err := b.serve(ctx, fmt.Sprintf("%s-%d", name, n)); err != nil {
			return err
		}
	}
}

// serve does one thing, under a name that nobody else uses.
func (b *bank) serve(ctx context.Context, name string) error {
	switch n := rand.IntN(100); {
	case n < 70:
		from := rand.IntN(accountCount)
		by := transfer{name, accountID(from), accountID((from + 1 + rand.IntN(accountCount-1)) % accountCount), 1 + rand.IntN(atFirst)}
		fmt.Println("try", name)
		return say(b.move(ctx, by), name)
	case n < 80:
		return checkTotal(b.sum(ctx, false, core.ReadOnly()))
	case n < 90:
		return checkTotal(b.sum(ctx, true, core.ReadOnly()))
	case n < 95:
		return checkTotal(b.state(ctx, fmt.Sprint(rand.IntN(4))))
	default:
		doc, err := b.accounts.Get(ctx, accountID(rand.IntN(accountCount)))
		if err == nil && doc.Value.Balance < 0 {
			err = fmt.Errorf("%s holds %d", doc.ID, doc.Value.Balance)
		}
		return err
	}
}

// say tells what became of a change; what must not happen comes back.
func say(err error, name string) error {
	switch {
	case err == nil:
		fmt.Println("ack", name)
	case errors.Is(err, core.ErrOutcomeUnknown):
		fmt.Println("unknown", name)
	case errors.Is(err, core.ErrConflict):
		fmt.Println("no", name, "conflict")
		fmt.Println("conflict")
	case isAny(err, core.ErrUnavailable, errTooPoor):
		fmt.Println("no", name, err)
	default:
		return err
	}
	return nil
}

func checkTotal(total int, err error) error {
	switch {
	case isAny(err, core.ErrConflict, core.ErrUnavailable, core.ErrOutcomeUnknown):
		fmt.Println("unread", err)
		return nil
	case err == nil && total != totalAmount:
		return fmt.Errorf("the accounts hold %d together", total)
	case err == nil:
		fmt.Println("read")
	}
	return err
}

// ledger is what tellers said about their transfers: the last word.
type ledger map[string]string

func (l ledger) hear(line string) {
	word, rest, _ := strings.Cut(line, " ")
	id, _, _ := strings.Cut(rest, " ")
	switch word {
	case "try", "ack", "no", "unknown":
		l[id] = word
	}
}

// Processes that transfer money are killed and stopped at any moment. Whoever
// reads in a transaction always finds the same total; each transfer that was
// acknowledged is there once, none that was refused is, and in the end no lock is
// left.
func TestKilledTellers(t *testing.T) {
	onAddresses(t, func(t *testing.T, a address) {
		b, err := openBank(t.Context(), a.mustOpen(t))
		require.NoError(t, err)
		for _, id := range allAccounts {
			_, err := b.accounts.Create(t.Context(), id, account{Balance: atFirst})
			require.NoError(t, err)
		}
		require.NoError(t, b.accounts.WaitReady(t.Context()))
		said := make(ledger)
		h := newHerd(t, 8, "teller", a.String(), said.hear)
		reads := b.audit(t)
		h.torment(a.kills(), killPace)
		h.end()
		figures, summary := reads(), h.summary()
		require.Empty(t, h.problem())
		b.verify(t, said)
		t.Logf("%s; %d transfers acknowledged, %d refused, %d of them for conflicts, %d of unknown outcome; sums: %d by tellers, %d not to be had, %s",
			summary, h.count("ack"), h.count("no"), h.count("conflict"), h.count("unknown"), h.count("read"), h.count("unread"), figures)
		require.Greater(t, h.count("ack"), h.kills, "the bank hardly works")
	})
}

// audit reads all accounts again and again, until stop is called, which tells
// how often.
func (b *bank) audit(t *testing.T) (stop func() string) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var wait sync.WaitGroup
	sums, conflicts := 0, 0
	wait.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			total, err := b.sum(ctx, n%2 == 0, core.ReadOnly())
			switch {
			case ctx.Err() != nil:
			case err == nil && total == totalAmount:
				sums++
			case isAny(err, core.ErrConflict, core.ErrUnavailable):
				conflicts++
			default:
				t.Errorf("an auditor finds %d, %v", total, err)
				return
			}
			_ = ports.SystemClock().Sleep(ctx, 20*time.Millisecond)
		}
	})
	return func() string {
		cancel()
		wait.Wait()
		return fmt.Sprintf("%d by the auditor, %d not to be had", sums, conflicts)
	}
}

// verify compares the accounts with the transfers that are there, and those with
// what was said.
func (b *bank) verify(t *testing.T, said ledger) {
	t.Helper()
	ctx := t.Context()
	_, err := b.db.Maintain(ctx, core.MaintainOptions{})
	require.NoError(t, err)
	noLocks(t, b.db.Store())
	want := make(map[string]int)
	for _, id := range allAccounts {
		want[id] = atFirst
	}
	there := make(map[string]bool)
	for doc, err := range b.transfers.Iter(ctx) {
		require.NoError(t, err)
		by := doc.Value
		there[doc.ID] = true
		want[by.From] -= by.Amount
		want[by.To] += by.Amount
		require.Contains(t, said, doc.ID, "nobody made the transfer")
		require.NotEqual(t, "no", said[doc.ID], "the transfer %s was refused and is there", doc.ID)
	}
	for id, word := range said {
		require.False(t, word == "ack" && !there[id], "the transfer %s was acknowledged and is not there", id)
	}
	for _, id := range allAccounts {
		doc, err := b.accounts.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want[id], doc.Value.Balance, id)
		var profile core.Profile
		found, err := b.accounts.Query().Where(core.Eq("balance", want[id])).Profile(&profile).IDs(ctx)
		require.NoError(t, err)
		require.Contains(t, found, id)
		require.NotEmpty(t, profile.Index)
	}
	for _, byQuery := range []bool{false, true} {
		total, err := b.sum(ctx, byQuery)
		require.NoError(t, err)
		require.Equal(t, totalAmount, total)
	}
}

// noLocks reads every object, and finds no lock of a transaction.
func noLocks(t *testing.T, store ports.ObjectStore) {
	t.Helper()
	for info, err := range store.List(t.Context(), ports.ListOptions{}) {
		require.NoError(t, err)
		object, err := store.Get(t.Context(), info.Key, ports.GetOptions{})
		if errors.Is(err, ports.ErrNotFound) {
			continue
		}
		require.NoError(t, err)
		require.False(t, strings.HasPrefix(string(object.Data), `{"_tx":`), "%s is locked: %.200s", info.Key, object.Data)
	}
}
