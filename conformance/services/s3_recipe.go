package services

import (
	"context"
	"net"
	"strconv"
)

// versitygw serves a folder. It wants file attributes, or a folder to keep
// them in.
var versitygw = &recipe{
	name:   nameS3,
	tool:   "versitygw",
	images: []string{"versity/versitygw:v1.8.0"},
	args: func(p place) []string {
		args := []string{"-q", "--keep-alive", "-a", testAccessKey, "-s", testSecretKey, "-p", p.listen(), "posix"}
		if p.attributes != "" {
			args = append(args, "--sidecar", p.attributes)
		}
		return append(args, p.data)
	},
	ready: func(ctx context.Context, addr string) error { return newS3(nameS3, addr).ask(ctx) },
}

// minIO is under the AGPL: it is run as a program and never linked. There is
// no public image of it any more.
var minIO = &recipe{
	name: nameMinIO,
	tool: "minio",
	env: []string{
		"MINIO_ROOT_USER=" + testAccessKey, "MINIO_ROOT_PASSWORD=" + testSecretKey,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off",
	},
	args: func(p place) []string {
		return []string{"server", "--quiet", "--address", p.listen(), p.data}
	},
	ready: func(ctx context.Context, addr string) error { return newS3(nameMinIO, addr).ask(ctx) },
}

func (p place) listen() string { return net.JoinHostPort(p.host, strconv.Itoa(p.port)) }
