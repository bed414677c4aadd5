package core

import (
	"fmt"
	"strings"
	"time"
)

// Profile says how a query was carried out and what it cost.
type Profile struct {
	Collection string
	Conditions []string // as given
	Index      string   // the index that named the candidates; empty: all documents were read
	Reason     string   // why no index was used
	Candidates int      // documents that the index named, or that were listed
	Read       int      // documents that were read
	Bytes      int64    // of their bodies
	Matched    int      // documents that fulfilled all conditions, before the limit where there is an order
	Failed     int      // documents that could not be read
	IndexTrips int      // round trips to the index
	Requests   int      // to the object store, one for each document or manifest read; a listing counts as one
	Restarts   int      // how often it began anew because the index changed under it
	Duration   time.Duration
}

// Plan is one line: "index by_net" or "scan: no index serves the query".
func (p Profile) Plan() string {
	if p.Index != "" {
		return "index " + p.Index
	}
	return "scan: " + p.Reason
}

// String is one line for people.
func (p Profile) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %d candidates, %d documents read (%d bytes), %d matched", p.Plan(), p.Candidates, p.Read, p.Bytes, p.Matched)
	if p.Failed > 0 {
		fmt.Fprintf(&b, ", %d unreadable", p.Failed)
	}
	fmt.Fprintf(&b, "; %d index trips, %d store requests; %v", p.IndexTrips, p.Requests, p.Duration.Round(time.Microsecond))
	return b.String()
}
