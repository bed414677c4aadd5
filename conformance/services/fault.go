package services

import "time"

// Direction is one of the two ways through a FaultProxy.
type Direction int

// Up is from the client to the server, Down from the server to the client.
const (
	neither Direction = iota
	Up
	Down
)

// Fault is what a FaultProxy does to connections. The zero Fault does nothing.
type Fault struct {
	// Latency is how long each piece of an answer waits before it is passed
	// on. A question and its answer take that much longer.
	Latency time.Duration

	// Drip is how many bytes pass in a second, in each direction; 0 is no
	// limit.
	Drip int

	// Cut ends the connection after so many bytes of that direction, counted
	// from when the fault struck it: 0 lets none pass. The bytes before the
	// cut arrive. Up and 100 leaves the server with the beginning of a
	// request; Down and 0 loses the answer to a request that it has seen.
	Cut   Direction
	After int64

	// Reset makes a cut a TCP reset instead of an ordinary end.
	Reset bool

	// BlackHole holds back every byte, in both directions, until the fault is
	// over; the connection stays open. Then the bytes arrive.
	BlackHole bool

	// DropAnswers throws away what the server says. Requests arrive, and the
	// connection stays open.
	DropAnswers bool

	// Connections is how many connections the fault strikes, each at the first
	// byte that passes after Inject; 0 is all. It stays with those until they
	// end or Heal is called.
	Connections int
}
