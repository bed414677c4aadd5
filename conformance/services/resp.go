package services

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// redisDo sends one command on a connection of its own and returns the answer:
// a string, an int64, nil, or a list of those. It logs in if there is a
// password.
func redisDo(ctx context.Context, addr, user, password string, args ...string) (any, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(10 * time.Second)
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	if password != "" {
		login := []string{"AUTH", user, password}
		if user == "" {
			login = []string{"AUTH", password}
		}
		if _, err := exchange(conn, in, login...); err != nil {
			return nil, err
		}
	}
	return exchange(conn, in, args...)
}

func exchange(out io.Writer, in *bufio.Reader, args ...string) (any, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return nil, err
	}
	return readReply(in)
}

// readReply reads one value of the Redis protocol, version 2.
func readReply(in *bufio.Reader) (any, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return nil, errors.New("reading a reply of Redis: empty line")
	}
	switch kind, rest := line[0], line[1:]; kind {
	case '+':
		return rest, nil
	case '-':
		return nil, errors.New(rest)
	case ':':
		return strconv.ParseInt(rest, 10, 64)
	case '$':
		return readBulk(in, rest)
	case '*':
		return readArray(in, rest)
	}
	return nil, fmt.Errorf("reading a reply of Redis: %q", line)
}

func readBulk(in *bufio.Reader, size string) (any, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 {
		return nil, err
	}
	data := make([]byte, n+len("\r\n"))
	_, err = io.ReadFull(in, data)
	return string(data[:n]), err
}

func readArray(in *bufio.Reader, size string) (any, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 {
		return nil, err
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = readReply(in); err != nil {
			return nil, err
		}
	}
	return list, nil
}
