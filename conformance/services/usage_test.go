package services_test

import (
	"net"
	"testing"

	"github.com/smarterbase/smarterbase/conformance/services"
)

// A test of an outage: the client talks to the server through a proxy.
func TestUsage(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	proxy := services.Proxy(t, server.Addr)
	client, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()

	proxy.CutDownAfter(0) // the server does what it is told, and nobody hears of it
	if _, err := client.Write([]byte("INCR n\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 100)); err == nil {
		t.Errorf("the client read %d bytes", n)
	}
	server.Kill()
	server.Restart()
	if n := server.Do("GET", "n"); n != "1" {
		t.Errorf("after the lost answer and a crash n is %v", n)
	}
}
