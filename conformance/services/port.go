package services

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Ports are taken below the range from which systems give ports to clients
// (32768 on Linux), so that the port of a server that was killed is still free
// when it starts again. The bus of a Redis Cluster node is 10000 above its port.
const (
	lowestPort  = 11000
	highestPort = 22700
	busOffset   = 10000
)

// freePort returns a port on which nobody listens. Another process can take
// it before it is used, so starting a server is tried again on another one.
func freePort() (int, error) {
	for range 200 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if canListen(port) && canListen(port+busOffset) {
			return port, nil
		}
	}
	return 0, errors.New("finding a free port: 200 were taken")
}

func canListen(port int) bool {
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
