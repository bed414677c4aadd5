package services

import (
	"context"
	"path/filepath"
)

// recipe says how to run one kind of server.
type recipe struct {
	name   string   // of the service
	tool   string   // its program in tools/pinned.txt, or
	path   []string // its programs on PATH, the best first
	images []string // public images, the best first
	env    []string
	// cluster says that servers of this kind talk to each other.
	cluster bool
	// args are those of the program in that place.
	args func(place) []string
	// ready asks the server at the address whether it serves.
	ready func(ctx context.Context, addr string) error
}

// place is where a server runs, as it sees it itself.
type place struct {
	host       string // to listen on
	port       int
	data       string // folder
	attributes string // folder for attributes of files, "" where files can have them
}

// folders are those that the server wants to find.
func (p place) folders() []string {
	if p.attributes == "" {
		return []string{p.data}
	}
	return []string{p.data, p.attributes}
}

// program finds the program on this machine.
func (r *recipe) program() (string, error) {
	if r.tool != "" {
		return tool(r.tool)
	}
	return onPath(r.path...)
}

// launch starts a server in a container or else as a process.
func (r *recipe) launch() (*server, error) {
	var s *server
	err := firstThat(
		attempt{fromDocker, func() (err error) { s, err = r.contain(); return err }},
		attempt{fromBinary, func() (err error) { s, err = r.spawn(); return err }},
	)
	return s, err
}

// spawn starts a server as a process.
func (r *recipe) spawn() (*server, error) {
	program, err := r.program()
	if err != nil {
		return nil, err
	}
	return begun(func() (*server, error) { return r.newProcess(program) })
}

// newProcess prepares a process with a port and a folder of its own.
func (r *recipe) newProcess(program string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	folder, err := newFolder(r.name)
	if err != nil {
		return nil, err
	}
	here := place{host: loopback, port: port, data: filepath.Join(folder, "data")}
	if !keepsAttributes(folder) {
		here.attributes = filepath.Join(folder, "attributes")
	}
	p := &process{program: program, args: r.args(here), env: r.env, folder: folder, place: here}
	return &server{recipe: r, addr: address(port), machine: p}, nil
}
