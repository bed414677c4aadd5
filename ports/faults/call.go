package faults

import (
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// Method names a method of a port.
type Method string

// The methods of ports.ObjectStore and of its optional interfaces.
const (
	Get         Method = "get"
	Put         Method = "put"
	Delete      Method = "delete"
	Stat        Method = "stat"
	List        Method = "list"
	GetStream   Method = "get stream"
	PutStream   Method = "put stream"
	DeleteBatch Method = "delete batch"
	Ping        Method = "ping"
	Close       Method = "close"
)

// The methods of ports.Index; it has Ping and Close, too.
const (
	Identity Method = "identity"
	Install  Method = "install"
	Begin    Method = "begin"
	End      Method = "end"
	Query    Method = "query"
	Count    Method = "count"
	Drop     Method = "drop"
)

// Groups of methods, for Match.Method and Plan.Calls. Close belongs to none of
// them: a rule hits it, and a counter counts it, only by its name.
const (
	AnyMethod Method = ""
	AnyWrite  Method = "any write"
	AnyRead   Method = "any read"
)

// IsWrite reports whether the method changes what is stored.
func (m Method) IsWrite() bool {
	switch m {
	case Put, Delete, PutStream, DeleteBatch, Install, Begin, End, Drop, AnyWrite:
		return true
	}
	return false
}

// covers reports whether m, which may be a group, includes the method other.
func (m Method) covers(other Method) bool {
	switch {
	case m == other:
		return true
	case other == Close:
		return false
	case m == AnyMethod:
		return true
	case m == AnyWrite:
		return other.IsWrite()
	case m == AnyRead:
		return !other.IsWrite()
	}
	return false
}

// Call describes one call of a port.
type Call struct {
	// N is its number in the plan, from 1; 0 for Close.
	N int

	Method Method

	// Key is the object key, the prefix of a List, or the space of an index.
	Key string

	// Keys are those of a DeleteBatch. They must not be changed or kept.
	Keys []string

	// Set is that of a Query, Count or Drop.
	Set string

	// Condition is that of a Put, PutStream or Delete.
	Condition ports.Condition

	// Data are the bytes of a Put. They must not be changed or kept.
	Data []byte

	// Entries are those of a Begin or End. They must not be changed or kept.
	Entries []ports.Entry

	detail string // options of a List or Query, for String
}

// String is the call as the trace shows it, such as
// "put users/1.json if absent". Versions are left out, so that traces can be
// compared from run to run.
func (c Call) String() string {
	var b strings.Builder
	b.WriteString(string(c.Method))
	for _, word := range []string{c.Key, c.Set} {
		if word != "" {
			b.WriteString(" " + word)
		}
	}
	if len(c.Keys) > 0 {
		b.WriteString(" " + strings.Join(c.Keys, " "))
	}
	if c.Method == Begin || c.Method == End {
		b.WriteString(" " + strconv.Itoa(len(c.Entries)))
	}
	if _, versioned := c.Condition.Version(); versioned {
		b.WriteString(" if version")
	} else if c.Condition.IsAbsent() {
		b.WriteString(" if absent")
	}
	b.WriteString(c.detail)
	return b.String()
}
