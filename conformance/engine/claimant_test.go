package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// member of a club, in which no two have the same address.
type clubMember struct {
	ID    string `json:"id" sb:"id"`
	Email string `json:"email" sb:"unique,normalize:email"`
	Rank  int    `json:"rank" sb:"index"`
}

const (
	clientsEach = 4 // clients in each process
	addressSet  = 6 // addresses that all want at once
	prize       = "prize@example.org"
	kept        = "kept@example.org"
	keeper      = "keeper" // the member that has it, from the start to the end
)

// wanted is an address that others want at the same time. After two seconds it is
// another one, so that addresses of dead processes are in nobody's way.
func wanted() string {
	return fmt.Sprintf("member%d.%d@example.org", rand.IntN(addressSet), time.Now().Unix()/2)
}

// spelled writes an address in one of the ways that mean the same.
func spelled(address string) string {
	switch rand.IntN(3) {
	case 0:
		return strings.ToUpper(address)
	case 1:
		return " " + address + "\t"
	default:
		return address
	}
}

func normal(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// claimant is one client that wants addresses.
type claimant struct {
	members *core.Collection[clubMember]
	name    string
	last    int
	own     []string // ids of members that it made, and that are there
}

// childClaimant is a process with several claimants, until it is killed. Each
// first runs for the prize.
func childClaimant(ctx context.Context, place string) error {
	a, err := parseAddress(place)
	if err != nil {
		return err
	}
	db, _, err := a.open(ctx)
	if err != nil {
		return err
	}
	members, err := core.NewCollection[clubMember](ctx, db, "members")
	if err != nil {
		return err
	}
	fmt.Println("ready")
	errs := make(chan error)
	for range clientsEach {
		c := claimant{members: members, name: fmt.Sprintf("%x", rand.Uint64())}
		go func() {
			err := c.claim(ctx, prize)
			for err == nil {
				err = c.serve(ctx)
			}
			errs <- err
		}()
	}
	return <-errs
}

// serve does one thing.
func (c *claimant) serve(ctx context.Context) error {
	n := rand.IntN(100)
	if len(c.own) == 0 && n < 50 {
		n = 0
	}
	switch {
	case n < 25:
		return c.claim(ctx, wanted())
	case n < 40:
		return c.change(ctx, c.own[len(c.own)-1], wanted())
	case n < 50:
		return c.remove(ctx, c.own[len(c.own)-1])
	case n < 75:
		return c.steal(ctx)
	default:
		return c.promote(ctx)
	}
}

// tell says what became of the wish that a member has an address; ours is
// whether that is so.
func tell(id, address string, err error) (ours bool, _ error) {
	switch {
	case err == nil:
		fmt.Println("ack", id, address)
		return true, nil
	case errors.Is(err, core.ErrOutcomeUnknown):
		fmt.Println("unknown", id)
	case errors.Is(err, core.ErrConstraint):
		fmt.Println("no", id)
		fmt.Println("taken")
	case errors.Is(err, core.ErrConflict):
		fmt.Println("no", id)
		fmt.Println("conflict")
	case errors.Is(err, core.ErrUnavailable):
		fmt.Println("no", id)
	default:
		return false, err
	}
	return false, nil
}

// claim makes a member with an address.
func (c *claimant) claim(ctx context.Context, address string) error {
	c.last++
	id := fmt.Sprintf("%s-%d", c.name, c.last)
	fmt.Println("try", id, address)
	_, err := c.members.Create(ctx, id, clubMember{Email: spelled(address), Rank: rand.IntN(5)})
	ours, err := tell(id, address, err)
	if ours && address != prize {
		c.own = append(c.own, id)
	}
	return err
}

// change gives a member another address.
func (c *claimant) change(ctx context.Context, id, address string) error {
	fmt.Println("try", id, address)
	_, err := c.members.Update(ctx, id, func(m *clubMember) error { m.Email = spelled(address); return nil })
	_, err = tell(id, address, err)
	return err
}

// remove ends a member, whose address can be had again at once.
func (c *claimant) remove(ctx context.Context, id string) error {
	fmt.Println("try", id)
	c.own = c.own[:len(c.own)-1]
	_, err := tell(id, "", c.members.Delete(ctx, id))
	return err
}

// steal tries to get what somebody has who is being written all the time.
func (c *claimant) steal(ctx context.Context) error {
	c.last++
	_, err := c.members.Create(ctx, fmt.Sprintf("%s-%d", c.name, c.last), clubMember{Email: spelled(kept)})
	switch {
	case isAny(err, core.ErrConstraint):
		fmt.Println("foiled")
	case isAny(err, core.ErrConflict, core.ErrUnavailable):
		fmt.Println("undecided", err)
	default:
		return fmt.Errorf("the address of the keeper was to be had: %w", err)
	}
	return nil
}

// promote changes another field of the one that is stolen from.
func (c *claimant) promote(ctx context.Context) error {
	_, err := c.members.Update(ctx, keeper, func(m *clubMember) error { m.Rank++; return nil })
	switch {
	case err == nil:
		fmt.Println("promoted")
		return nil
	case isAny(err, core.ErrConflict, core.ErrUnavailable, core.ErrOutcomeUnknown):
		return nil
	default:
		return err
	}
}

// roll is what claimants said: the addresses that each member can have. The
// empty one stands for no member.
type roll map[string][]string

func (r roll) hear(line string) {
	word, rest, _ := strings.Cut(line, " ")
	id, address, _ := strings.Cut(rest, " ")
	switch word {
	case "try":
		if r[id] == nil {
			r[id] = []string{""}
		}
		r[id] = append(r[id], address)
	case "ack":
		r[id] = []string{address}
	case "no":
		r[id] = r[id][:len(r[id])-1]
	}
}

// Processes whose clients want the same addresses are killed and stopped, and the
// index is emptied under them. No two members ever have one address, nobody
// takes one from a member that is written all the time, no crash blocks one, and
// what was acknowledged is so.
func TestKilledClaimants(t *testing.T) {
	for _, at := range addresses {
		t.Run(at.name, func(t *testing.T) {
			server := services.FreshRedis(t)
			a := at.make(t).withRedis(server.RedisServer)
			members := collection[clubMember](t, a.mustOpen(t), "members")
			_, err := members.Create(t.Context(), keeper, clubMember{Email: kept})
			require.NoError(t, err)
			require.NoError(t, members.WaitReady(t.Context()))
			said := make(roll)
			h := newHerd(t, 8, "claimant", a.String(), said.hear)
			looks := watchMembers(t, members)
			kills := a.kills()
			for range 4 {
				h.torment((kills+3)/4, killPace)
				server.Do("FLUSHALL")
			}
			h.end()
			figures, summary := looks(), h.summary()
			require.Empty(t, h.problem())
			verifyMembers(t, members, said)
			t.Logf("%s; acknowledged %d, taken %d, conflicts %d, unknown %d; thefts foiled %d, of unknown end %d, promotions meanwhile %d; %s",
				summary, h.count("ack"), h.count("taken"), h.count("conflict"), h.count("unknown"), h.count("foiled"), h.count("undecided"), h.count("promoted"), figures)
			require.Greater(t, h.count("foiled"), min(200, kills))
			require.Greater(t, h.count("promoted"), min(200, kills))
			require.Greater(t, h.count("ack"), kills)
			require.Greater(t, h.count("taken"), kills)
		})
	}
}

// watchMembers reads all members in a transaction again and again.
func watchMembers(t *testing.T, members *core.Collection[clubMember]) (stop func() string) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var wait sync.WaitGroup
	looks, failures := 0, 0
	wait.Go(func() {
		for ctx.Err() == nil {
			var docs []core.Document[clubMember]
			err := members.DB().Tx(ctx, func(tx *core.Tx) (err error) {
				docs, err = members.In(tx).All(ctx)
				return err
			}, core.ReadOnly(), core.TxAttempts(3))
			switch {
			case ctx.Err() != nil:
			case err == nil:
				looks++
				if twice := sharedAddresses(docs); len(twice) > 0 {
					t.Errorf("addresses of two members: %v", twice)
					return
				}
			case isAny(err, core.ErrConflict, core.ErrUnavailable):
				failures++
			default:
				t.Errorf("a watcher gets %v", err)
				return
			}
			_ = ports.SystemClock().Sleep(ctx, 100*time.Millisecond)
		}
	})
	return func() string {
		cancel()
		wait.Wait()
		return fmt.Sprintf("all members were read %d times at one moment, and %d times not", looks, failures)
	}
}

// sharedAddresses are the addresses that several members have.
func sharedAddresses(docs []core.Document[clubMember]) map[string][]string {
	owners := make(map[string][]string)
	for _, doc := range docs {
		owners[normal(doc.Value.Email)] = append(owners[normal(doc.Value.Email)], doc.ID)
	}
	maps.DeleteFunc(owners, func(_ string, ids []string) bool { return len(ids) == 1 })
	return owners
}

// verifyMembers compares what is there with what was said, and then takes every
// address: those that nobody has, and the others once their members are gone.
func verifyMembers(t *testing.T, members *core.Collection[clubMember], said roll) {
	t.Helper()
	ctx := t.Context()
	docs, err := members.All(ctx)
	require.NoError(t, err)
	require.Empty(t, sharedAddresses(docs))
	owner := make(map[string]string)
	now := make(map[string]string)
	for _, doc := range docs {
		owner[normal(doc.Value.Email)], now[doc.ID] = doc.ID, normal(doc.Value.Email)
	}
	require.Equal(t, keeper, owner[kept])
	require.NotEmpty(t, owner[prize], "nobody got the prize")
	asked := map[string]bool{prize: true}
	for id, can := range said {
		require.Contains(t, can, now[id], "the member %s", id)
		for _, address := range can {
			asked[address] = true
		}
	}
	delete(asked, "")
	report, err := members.VerifyUnique(ctx)
	require.NoError(t, err)
	require.Empty(t, report.Duplicates)
	require.Empty(t, report.Missing)
	require.Empty(t, report.Unusable)
	all := slices.Sorted(maps.Keys(asked))
	var slowest time.Duration
	for n, address := range all[max(0, len(all)-40):] {
		heir := fmt.Sprint("heir ", n)
		if id := owner[address]; id != "" {
			_, err := members.Create(ctx, heir, clubMember{Email: spelled(address)})
			require.ErrorIs(t, err, core.ErrConstraint, "%s has %s", id, address)
			require.NoError(t, members.Delete(ctx, id))
		}
		began := time.Now()
		_, err := members.Create(ctx, heir, clubMember{Email: spelled(address)})
		require.NoError(t, err, "nobody has %s", address)
		slowest = max(slowest, time.Since(began))
	}
	require.Less(t, slowest, 10*time.Second, "an address was blocked for a while")
	_, err = members.DB().Maintain(ctx, core.MaintainOptions{})
	require.NoError(t, err)
	noLocks(t, members.DB().Store())
}
