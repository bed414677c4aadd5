package redis

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

func TestDialRefusesConfigsByName(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]Config{
		"Cluster":           {Cluster: true, Master: "m"},
		"DB":                {DB: -1},
		`"DB"`:              {Cluster: true, DB: 1},
		"PoolSize":          {PoolSize: -1},
		"several addresses": {Addrs: []string{"a", "b"}},
		"host:port":         {Addrs: []string{"redis://hunter2"}},
		`"Addrs"`:           {Addrs: []string{"a:"}},
		"DialTimeout":       {DialTimeout: -1},
		"ReadTimeout":       {ReadTimeout: -1},
		"WriteTimeout":      {WriteTimeout: -1},
		"Namespace":         {Options: Options{Namespace: "\xff"}},
	} {
		_, err := Dial(t.Context(), config)
		if !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: err = %v", want, err)
		}
	}
}

func TestAddressesAreCompleted(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"h": "h:6379", "h:1": "h:1", "::1": "[::1]:6379", "[::1]": "[::1]:6379", "[::1]:1": "[::1]:1", ":1": "localhost:1", "/run/redis.sock": "/run/redis.sock",
	} {
		if got, err := withPort(addr); err != nil || got != want {
			t.Errorf("%s: %s, %v", addr, got, err)
		}
	}
	config, err := Config{}.withDefaults()
	if err != nil || !slices.Equal(config.Addrs, []string{"localhost:6379"}) {
		t.Errorf("default %q, %v", config.Addrs, err)
	}
}

func TestDialSendsCredentialsAndDatabase(t *testing.T) {
	t.Parallel()
	w := newWire(t, func(command []string) string {
		switch strings.Join(command[:min(3, len(command))], " ") {
		case "auth u p", "select 2":
			return "+OK\r\n"
		case "evalsha " + identityScript.sha + " 0":
			return master
		}
		return "-ERR unexpected\r\n"
	})
	c, err := Dial(t.Context(), Config{Addrs: []string{w.addr}, Username: "u", Password: "p", DB: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if got := w.commands(); !slices.Equal(got, []string{"auth", "select", "evalsha"}) {
		t.Errorf("commands %q", got)
	}
}

// master is the answer of a primary server to the question who it is.
const master = "*4\r\n$1\r\nn\r\n$6\r\nmaster\r\n$10\r\nnoeviction\r\n$1\r\n9\r\n"

func TestDialClosesWhatItCanNotUse(t *testing.T) {
	t.Parallel()
	w := newWire(t, always("-WRONGPASS invalid username-password pair\r\n"))
	_, err := Dial(t.Context(), Config{Addrs: []string{w.addr}, Password: "hunter2"})
	wantKind(t, err, ports.ErrPermission, "dial")

	w = newWire(t, always(strings.Replace(master, "$10\r\nnoeviction", "$11\r\nallkeys-lfu", 1)))
	_, err = Dial(t.Context(), Config{Addrs: []string{w.addr}})
	wantKind(t, err, ports.ErrUnsupported, "dial of a server that evicts")
	c, err := Dial(t.Context(), Config{Addrs: []string{w.addr}, Options: Options{AllowEviction: true}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}

	w = newWire(t, always(strings.Replace(master, "$6\r\nmaster", "$5\r\nslave", 1)))
	_, err = Dial(t.Context(), Config{Addrs: []string{w.addr}})
	wantKind(t, err, ports.ErrUnavailable, "dial of a replica")
	// The end of the test waits until the connections are gone.
}

func TestTLSNamesTheHost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "other.example"} {
		asked := make(chan string, 1)
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			asked <- hello.ServerName
			return nil, errors.New("that is all")
		}})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer close(asked) // also if the client gave up before it asked
			if conn, err := l.Accept(); err == nil {
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}
		}()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		config, err := ParseURL("rediss://localhost:" + port)
		if err != nil {
			t.Fatal(err)
		}
		want := "localhost"
		if name != "" {
			config.TLS.ServerName, want = name, name
		}
		config.DialTimeout = time.Hour
		_, err = Dial(t.Context(), config)
		wantKind(t, err, ports.ErrUnavailable, "dial")
		_ = l.Close() // where nobody came, this ends the wait
		if got := <-asked; got != want {
			t.Errorf("the server is asked for %q, not %q", got, want)
		}
		<-done
	}
}
