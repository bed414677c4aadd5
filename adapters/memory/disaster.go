package memory

// Lose forgets every space with its epoch, and keeps the identity, as FLUSHALL
// does on Redis. It is for tests and simulations.
func (x *Index) Lose() {
	x.spaces.mu.Lock()
	defer x.spaces.mu.Unlock()
	x.spaces.byName = make(map[string]*keyspace)
}

// Restart forgets everything and takes a new identity, as a server without
// persistence does. It is for tests and simulations.
func (x *Index) Restart() {
	x.spaces.mu.Lock()
	defer x.spaces.mu.Unlock()
	x.spaces.byName = make(map[string]*keyspace)
	x.spaces.identity = x.spaces.newIdentity()
}

// IndexSnapshot is the content of an Index at one moment.
type IndexSnapshot struct{ byName map[string]*keyspace }

// Snapshot copies the content: what a replica has that gets no further
// updates. It is for tests and simulations.
func (x *Index) Snapshot() IndexSnapshot {
	x.spaces.mu.RLock()
	defer x.spaces.mu.RUnlock()
	return IndexSnapshot{cloneSpaces(x.spaces.byName)}
}

// Failover goes back to the content of a snapshot under a new identity, as
// when a replica that lags is promoted. The snapshot can be used again. It is
// for tests and simulations.
func (x *Index) Failover(to IndexSnapshot) {
	x.spaces.mu.Lock()
	defer x.spaces.mu.Unlock()
	x.spaces.byName = cloneSpaces(to.byName)
	x.spaces.identity = x.spaces.newIdentity()
}

func cloneSpaces(byName map[string]*keyspace) map[string]*keyspace {
	copied := make(map[string]*keyspace, len(byName))
	for name, s := range byName {
		sets := make(map[string]*ordered[struct{}], len(s.sets))
		for set, members := range s.sets {
			sets[set] = members.clone()
		}
		copied[name] = &keyspace{epoch: s.epoch, begins: s.begins, sets: sets}
	}
	return copied
}
