package services

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// theDocker returns the engine of this machine, if it has one that can run
// what is built here.
func theDocker(t *testing.T) *engine {
	t.Helper()
	e, err := docker()
	if err != nil {
		t.Skipf("needs a Docker engine: %v", err)
	}
	return e
}

// imageOf returns an image for the recipe. Where BuildImages has not been run,
// it builds one under a name that only this test knows.
func imageOf(t *testing.T, e *engine, r *recipe) string {
	t.Helper()
	if name := r.localImage(); e.has(name) {
		return name
	}
	if _, err := r.program(); err != nil {
		unavailable(t, r.name, err)
	}
	name := "smarterbase-test-" + strings.ToLower(rand.Text()) + "/" + r.name
	folder, err := root()
	if err == nil {
		err = r.build(t.Context(), e, name, labels(folder))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), callLimit)
		defer cancel()
		if _, err := e.client().ImageRemove(ctx, name, client.ImageRemoveOptions{PruneChildren: true}); err != nil {
			t.Errorf("removing the image: %v", err)
		}
	})
	return name
}

// inContainer starts a server in a container for this test.
func inContainer(t *testing.T, e *engine, image string, r *recipe) Control {
	t.Helper()
	s, err := r.containIn(e, image)
	if err != nil {
		t.Fatal(err)
	}
	c := Control{t: t, server: s}
	t.Cleanup(func() { c.must("removing", s.machine.remove()) })
	return c
}

func TestServersRunInContainers(t *testing.T) {
	e := theDocker(t)
	t.Run("s3", func(t *testing.T) { checkS3Container(t, e, versitygw) })
	t.Run("minio", func(t *testing.T) { checkS3Container(t, e, minIO) })
	t.Run("gcs", func(t *testing.T) {
		r := fakeGCS("127.0.0.1")
		c := inContainer(t, e, imageOf(t, e, r), r)
		GCSServer{Endpoint: "http://" + c.server.addr + "/storage/v1/"}.NewBucket(t)
	})
	t.Run("redis", func(t *testing.T) {
		image := imageOf(t, e, redisRecipe(nameRedis))
		c := inContainer(t, e, image, privateRecipe())
		checkRedisContainer(t, &PrivateRedis{newRedis(c.server.addr), c})
		checkPublishedPort(t, *e, image)
	})
}

func checkS3Container(t *testing.T, e *engine, r *recipe) {
	c := inContainer(t, e, imageOf(t, e, r), r)
	s := newS3(r.name, c.server.addr)
	bucket := s.NewBucket(t)
	putAndGet(t, s, bucket, "key")
	c.Kill()
	c.Restart()
	expectObject(t, s, bucket, "key")
}

func checkRedisContainer(t *testing.T, r *PrivateRedis) {
	r.Do("SET", "k", "v")
	r.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if said, err := r.do(ctx, "PING"); err == nil {
		t.Errorf("paused, it answers %v", said)
	}
	r.Resume()
	r.Stop()
	r.Restart()
	if said := r.Do("GET", "k"); said != "v" {
		t.Errorf("after a stop GET answers %v", said)
	}
	r.RestartEmpty()
	if said := r.Do("GET", "k"); said != nil {
		t.Errorf("after losing its data GET answers %v", said)
	}
}

// checkPublishedPort is for an engine in a machine of its own, as that of
// Docker Desktop.
func checkPublishedPort(t *testing.T, e engine, image string) {
	e.shared = false
	r := redisRecipe(nameRedis)
	c := inContainer(t, &e, image, r)
	checkRedisAnswers(t, c)
	c.Kill()
	c.Restart()
	checkRedisAnswers(t, c)
	if e.mayRun(clusterRecipe()) == nil {
		t.Error("a cluster would be started on published ports")
	}
	if e.mayRun(r) != nil {
		t.Error("a single server is refused")
	}
}

func checkRedisAnswers(t *testing.T, c Control) {
	t.Helper()
	if err := tell(c.server.addr, "PING"); err != nil {
		t.Errorf("PING: %v", err)
	}
}
