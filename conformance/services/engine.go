package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

const (
	engineLimit = 10 * time.Second // for an engine to say that it is there
	pullLimit   = 30 * time.Second // for an image
)

// Containers carry the folder of the test process that they belong to, and the
// name of the machine that has the folder.
const (
	folderLabel  = "com.github.smarterbase.services.folder"
	machineLabel = "com.github.smarterbase.services.machine"
)

// engine is the Docker engine of this machine.
type engine struct {
	provider *testcontainers.DockerProvider
	host     string // on which published ports are
	shared   bool   // containers can use the network of this machine
}

// docker finds the engine once. Looking for one that is not there takes no
// time; one that hangs is remembered.
var docker = sync.OnceValues(func() (*engine, error) {
	var e *engine
	err := remembered("docker engine", func() (err error) { e, err = findEngine(); return err })
	if err != nil {
		return nil, err
	}
	e.sweep()
	return e, nil
})

func findEngine() (*engine, error) {
	// The helper container of testcontainers removes what a dead process left,
	// which sweep does, too. It needs an image of its own from a registry, and
	// a connection that looks like a leak.
	if _, set := os.LookupEnv("TESTCONTAINERS_RYUK_DISABLED"); !set {
		if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
			return nil, err
		}
	}
	tclog.SetDefault(tclog.NewNoopLogger())
	found := make(chan *engine, 1)
	failed := make(chan error, 1)
	go func() { // it takes no context
		e, err := askEngine()
		if err != nil {
			failed <- err
			return
		}
		found <- e
	}()
	patience := time.NewTimer(engineLimit)
	defer patience.Stop()
	select {
	case e := <-found:
		return e, nil
	case err := <-failed:
		return nil, err
	case <-patience.C:
		return nil, fmt.Errorf("the engine did not answer within %v", engineLimit)
	}
}

func askEngine() (*engine, error) {
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(tclog.NewNoopLogger()))
	if err != nil {
		return nil, fmt.Errorf("no engine: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), engineLimit)
	defer cancel()
	said, err := provider.Client().Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, fmt.Errorf("no engine: %w", err)
	}
	if said.Info.OSType != "linux" {
		return nil, errors.New("the engine runs no Linux containers")
	}
	atEnd(func() { _ = provider.Close() })
	if sharesNetwork(ctx, provider.Client()) {
		return &engine{provider: provider, host: loopback, shared: true}, nil
	}
	host, err := provider.DaemonHost(ctx)
	if host == "localhost" {
		host = loopback
	}
	return &engine{provider: provider, host: host}, err
}

// sharesNetwork reports whether the engine is in the same network as this
// process: then this process sees the bridge of its containers. It does not if
// the engine has a machine of its own, as that of Docker Desktop, or if this
// process is itself in a container of the engine.
func sharesNetwork(ctx context.Context, c client.APIClient) bool {
	bridge, err := c.NetworkInspect(ctx, "bridge", client.NetworkInspectOptions{})
	if err != nil {
		return false
	}
	_, err = net.InterfaceByName(bridge.Network.Options["com.docker.network.bridge.name"])
	return err == nil
}

func (e *engine) client() client.APIClient { return e.provider.Client() }

// has reports whether the engine has an image.
func (e *engine) has(image string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), engineLimit)
	defer cancel()
	_, err := e.client().ImageInspect(ctx, image)
	return err == nil
}

// image returns the first image that is there, or else the first that can be
// pulled.
func (e *engine) image(names ...string) (string, error) {
	for _, name := range names {
		if e.has(name) {
			return name, nil
		}
	}
	reasons := []string{"no image: " + strings.Join(names, ", ")}
	for _, name := range names {
		if strings.HasPrefix(name, imagePrefix) {
			continue // built here or nowhere
		}
		err := remembered("pull "+name, func() error { return e.pull(name) })
		if err == nil {
			return name, nil
		}
		reasons = append(reasons, err.Error())
	}
	return "", errors.New(strings.Join(reasons, "; "))
}

func (e *engine) pull(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), pullLimit)
	defer cancel()
	progress, err := e.client().ImagePull(ctx, name, client.ImagePullOptions{})
	if err != nil {
		return fmt.Errorf("pulling %s: %w", name, err)
	}
	defer func() { _ = progress.Close() }()
	if err := progress.Wait(ctx); err != nil {
		_, _ = io.Copy(io.Discard, progress)
		return fmt.Errorf("pulling %s: %w", name, err)
	}
	return nil
}

// labels mark what belongs to this process.
func labels(folder string) map[string]string {
	machine, _ := os.Hostname()
	return map[string]string{folderLabel: folder, machineLabel: machine}
}

// sweep removes the containers and images of test processes of this machine
// that were killed. It does what it can: what it misses, the next one may not.
func (e *engine) sweep() {
	ctx, cancel := context.WithTimeout(context.Background(), engineLimit)
	defer cancel()
	machine, err := os.Hostname()
	if err != nil {
		return
	}
	filters := client.Filters{}.Add("label", machineLabel+"="+machine)
	containers, err := e.client().ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		return
	}
	for _, c := range containers.Items {
		if left(c.Labels) {
			_, _ = e.client().ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		}
	}
	images, err := e.client().ImageList(ctx, client.ImageListOptions{Filters: filters})
	if err != nil {
		return
	}
	for _, i := range images.Items {
		if left(i.Labels) {
			_, _ = e.client().ImageRemove(ctx, i.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		}
	}
}

// left reports whether the process that something belongs to has ended.
func left(labels map[string]string) bool {
	folder := labels[folderLabel]
	if folder == "" {
		return false
	}
	_, err := os.Stat(folder)
	return os.IsNotExist(err) || dead(folder)
}
