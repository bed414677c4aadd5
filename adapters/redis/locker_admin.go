package redis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// listPage is how many leases a script answers, so that a long list keeps
// Redis from others for a millisecond or two at a time.
const listPage = 500

// List returns the leases that are held now in this namespace, by anybody, in
// about the order of their ends. It makes one round trip for 500 leases, and one
// that finds no more; a lease that is released or acquired meanwhile may be in a
// long list or not.
func (l *Locker) List(ctx context.Context) ([]ports.LeaseInfo, error) {
	const op = "list leases"
	var infos []ports.LeaseInfo
	seen := make(map[string]int) // where in infos
	for first := int64(0); ; {
		page, err := l.describe(ctx, op, "", listScript, first, listPage)
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			if d.info.Token == 0 {
				continue
			}
			if at, again := seen[d.info.Name]; again { // the last of the page before, or renewed since
				infos[at] = d.info
				continue
			}
			seen[d.info.Name] = len(infos)
			infos = append(infos, d.info)
		}
		if len(page) < listPage {
			return infos, nil
		}
		// Others may end at the same moment as the last one, but not a whole page.
		first = max(page[listPage-1].ends, first+1)
	}
}

// Info returns what is known about the lease on a name; where nobody holds one
// it answers ErrNotFound.
func (l *Locker) Info(ctx context.Context, name string) (ports.LeaseInfo, error) {
	const op = "lease info"
	if err := l.validate(op, name); err != nil {
		return ports.LeaseInfo{}, err
	}
	found, err := l.describe(ctx, op, name, infoScript, name)
	if err != nil {
		return ports.LeaseInfo{}, err
	}
	if len(found) == 0 || found[0].info.Token == 0 {
		return ports.LeaseInfo{}, ports.Fail(op, name, ports.ErrNotFound, nil)
	}
	return found[0].info, nil
}

// ForceRelease ends exactly that lease, whoever holds it. Its holder learns of
// it when it renews.
func (l *Locker) ForceRelease(ctx context.Context, name string, token uint64) error {
	const op = "force release"
	if err := l.validate(op, name); err != nil {
		return err
	}
	if err := l.open(ctx, op, name); err != nil {
		return err
	}
	answer, err := l.client.run(ctx, op, name, releaseScript, l.keys[:2], name, 1, formatToken(token)+" ")
	if err == nil && answer[0] != "1" {
		err = ports.Fail(op, name, ports.ErrLost, fmt.Errorf("the token %d is not held", token))
	}
	return err
}

// CleanUp forgets the leases whose time is over and answers how many there
// were. It never touches one that is held. Acquire does the same for a few of
// them each time, so this is only for namespaces that are used no more.
func (l *Locker) CleanUp(ctx context.Context) (int, error) {
	const op, page = "clean up leases", 500
	for total := 0; ; {
		if err := l.open(ctx, op, ""); err != nil {
			return total, err
		}
		answer, err := l.client.run(ctx, op, "", sweepScript, l.keys[:2], page)
		if err != nil {
			return total, err
		}
		swept, err := strconv.Atoi(answer[0])
		if total += swept; swept < page || err != nil {
			return total, err
		}
	}
}

// description is a lease and when it ends, in µs of Redis's clock.
type description struct {
	info ports.LeaseInfo
	ends int64
}

// describe reads what a script answers about leases, four strings each.
func (l *Locker) describe(ctx context.Context, op, name string, s *script, args ...any) ([]description, error) {
	if err := l.open(ctx, op, name); err != nil {
		return nil, err
	}
	answer, err := l.client.run(ctx, op, name, s, l.keys[:2], args...)
	if err != nil {
		return nil, err
	}
	found := make([]description, 0, len(answer)/4)
	for ; len(answer) >= 4; answer = answer[4:] {
		d, err := parseDescription(answer)
		if err != nil {
			return nil, ports.Fail(op, answer[0], ports.ErrCorrupt, err)
		}
		found = append(found, d)
	}
	return found, nil
}

// parseDescription gives token 0 to a lease whose text is gone, which a server
// that evicts such keys can do: its holder will learn that it is lost.
func parseDescription(fields []string) (d description, err error) {
	left, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return d, err
	}
	if d.ends, err = strconv.ParseInt(fields[3], 10, 64); err != nil || fields[1] == "" {
		return d, err
	}
	parts := strings.SplitN(fields[1], " ", 3) // token, owner, holder
	if len(parts) != 3 {
		return d, errors.New("a lease has no holder")
	}
	d.info = ports.LeaseInfo{Name: fields[0], Holder: parts[2], Remaining: fromMicroseconds(left)}
	d.info.Token, err = parseToken(parts[0])
	return d, err
}

// fromMicroseconds is the opposite of microseconds.
func fromMicroseconds(us int64) time.Duration {
	if us > math.MaxInt64/int64(time.Microsecond) {
		return math.MaxInt64
	}
	return time.Duration(us) * time.Microsecond
}
