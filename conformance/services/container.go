package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	containertypes "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// callLimit is for one call of an engine that is there.
const callLimit = time.Minute

// dataFolder is where servers in containers keep their data: a volume, so
// that files can have attributes, whatever the engine stores images in.
const dataFolder = "/data"

// contain starts a server in a container.
func (r *recipe) contain() (*server, error) {
	e, err := docker()
	if err != nil {
		return nil, err
	}
	if err := e.mayRun(r); err != nil {
		return nil, err
	}
	image, err := e.image(append([]string{r.localImage()}, r.images...)...)
	if err != nil {
		return nil, err
	}
	return r.containIn(e, image)
}

// mayRun refuses servers that talk to each other where each would be in a
// network of its own.
func (e *engine) mayRun(r *recipe) error {
	if r.cluster && !e.shared {
		return errors.New("servers that talk to each other need an engine whose containers can use the network of this machine")
	}
	return nil
}

// containIn starts a server from an image that is there.
func (r *recipe) containIn(e *engine, image string) (*server, error) {
	return begun(func() (*server, error) { return r.newContainer(e, image) })
}

// newContainer prepares a container with a port of its own.
func (r *recipe) newContainer(e *engine, image string) (*server, error) {
	folder, err := root() // makes the lock that says when the container can go
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c := &container{engine: e, image: image, env: r.env, port: port, labels: labels(folder)}
	here := place{host: loopback, port: port, data: dataFolder}
	if !e.shared {
		here.host = "0.0.0.0"
	}
	c.args = r.args(here)
	return &server{recipe: r, addr: net.JoinHostPort(e.host, strconv.Itoa(port)), machine: c}, nil
}

// container is a machine that the engine runs.
type container struct {
	engine *engine
	image  string
	args   []string
	env    []string
	port   int
	labels map[string]string

	made testcontainers.Container // nil until it is made
	done chan struct{}            // closed when it has ended
}

var _ machine = (*container)(nil)

func (c *container) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	if c.made == nil {
		made, err := c.engine.provider.CreateContainer(ctx, c.request())
		if err != nil {
			return err
		}
		c.made = made
	}
	if err := c.made.Start(ctx); err != nil {
		return err
	}
	c.done = make(chan struct{})
	go c.await(c.done)
	return nil
}

// request describes the container. It shares the network of this machine, or
// else publishes its port under the same number.
func (c *container) request() testcontainers.ContainerRequest {
	r := testcontainers.ContainerRequest{Image: c.image, Cmd: c.args, Env: map[string]string{}, Labels: c.labels}
	for _, setting := range c.env {
		name, value, _ := strings.Cut(setting, "=")
		r.Env[name] = value
	}
	port := network.MustParsePort(strconv.Itoa(c.port) + "/tcp")
	if !c.engine.shared {
		r.ExposedPorts = []string{port.String()}
	}
	r.HostConfigModifier = func(h *containertypes.HostConfig) {
		h.Mounts = append(h.Mounts, mount.Mount{Type: mount.TypeVolume, Target: dataFolder})
		if c.engine.shared {
			h.NetworkMode = network.NetworkHost
			return
		}
		binding := network.PortBinding{HostPort: strconv.Itoa(c.port)}
		if c.engine.host == loopback {
			binding.HostIP = netip.MustParseAddr(loopback)
		}
		h.PortBindings = network.PortMap{port: {binding}}
	}
	return r
}

// await closes done when the container has ended.
func (c *container) await(done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wait := c.engine.client().ContainerWait(ctx, c.made.GetContainerID(), client.ContainerWaitOptions{Condition: containertypes.WaitConditionNotRunning})
	select {
	case <-wait.Result:
	case err := <-wait.Error:
		_ = err // the engine is gone, and the container with it
	}
}

func (c *container) exited() <-chan struct{} { return c.done }

// call does something to a container that runs.
func (c *container) call(f func(ctx context.Context, id string) error) error {
	if c.made == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	return f(ctx, c.made.GetContainerID())
}

func (c *container) running() bool {
	if c.made == nil || c.done == nil {
		return false
	}
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

func (c *container) kill() error {
	if !c.running() {
		return nil
	}
	err := c.call(func(ctx context.Context, id string) error {
		state, err := c.made.State(ctx)
		if err == nil && state.Paused { // a paused one can't be killed by old engines
			err = c.resume()
		}
		if err != nil {
			return err
		}
		_, err = c.engine.client().ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "SIGKILL"})
		return err
	})
	if err == nil {
		<-c.done
	}
	return err
}

func (c *container) stop() error {
	if !c.running() {
		return nil
	}
	err := c.call(func(ctx context.Context, _ string) error {
		patience := stopPatience
		return c.made.Stop(ctx, &patience)
	})
	if err == nil {
		<-c.done
	}
	return err
}

func (c *container) pause() error {
	return c.call(func(ctx context.Context, id string) error {
		_, err := c.engine.client().ContainerPause(ctx, id, client.ContainerPauseOptions{})
		return err
	})
}

func (c *container) resume() error {
	return c.call(func(ctx context.Context, id string) error {
		_, err := c.engine.client().ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
		return err
	})
}

// erase removes the container: the next one has an empty volume.
func (c *container) erase() error { return c.remove() }

func (c *container) said() string {
	var text string
	err := c.call(func(ctx context.Context, _ string) error {
		logs, err := c.made.Logs(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = logs.Close() }()
		all, err := io.ReadAll(logs)
		text = lastWords(all)
		return err
	})
	if err != nil {
		return fmt.Sprintf("its log can't be read: %v", err)
	}
	return text
}

func (c *container) remove() error {
	err := c.call(func(ctx context.Context, id string) error {
		_, err := c.engine.client().ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		return err
	})
	if err == nil {
		if c.done != nil {
			<-c.done
		}
		c.made, c.done = nil, nil
	}
	return err
}
