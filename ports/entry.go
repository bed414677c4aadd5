package ports

// Entry is one member of one set.
type Entry struct {
	Set    string
	Member []byte
}

// MaxMemberBytes is the greatest length of Entry.Member.
const MaxMemberBytes = 4096

// EntryRange is the half-open range [From, To) of the members of a set. A nil
// From starts at the least, a nil To ends after the greatest. The caller gives
// no empty To and no negative Limit.
type EntryRange struct {
	Set      string
	From, To []byte
	Limit    int // 0: no limit
}

// EntryPage is the answer to a Query.
type EntryPage struct {
	Members [][]byte
	Begins  uint64
	More    bool
}
