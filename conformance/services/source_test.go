package services

import (
	"errors"
	"slices"
	"testing"
)

// tried runs firstThat over three sources, of which some work, and returns
// those that were tried.
func tried(answers map[source]error) ([]source, error) {
	var order []source
	try := func(s source) attempt {
		return attempt{s, func() error { order = append(order, s); return answers[s] }}
	}
	err := firstThat(try(fromEnv), try(fromDocker), try(fromBinary))
	return order, err
}

func TestSourcesAreTriedInOrder(t *testing.T) {
	broken := errors.New("broken")
	notSet := unset("SB_X")
	all := []source{fromEnv, fromDocker, fromBinary}
	for _, c := range []struct {
		allowed string
		answers map[source]error
		want    []source
		works   bool
	}{
		{"", nil, all[:1], true},
		{"", map[source]error{fromEnv: notSet}, all[:2], true},
		{"", map[source]error{fromEnv: notSet, fromDocker: broken}, all, true},
		{"", map[source]error{fromEnv: notSet, fromDocker: broken, fromBinary: broken}, all, false},
		{"", map[source]error{fromEnv: broken}, all[:1], false}, // who set it wants it
		{"binary", nil, all[2:], true},
		{"binary, docker", nil, all[1:2], true},
		{"docker", map[source]error{fromDocker: broken}, all[1:2], false},
		{"env", map[source]error{fromEnv: notSet}, all[:1], false},
		{"podman", nil, nil, false},
	} {
		t.Setenv("SB_SERVICES", c.allowed)
		got, err := tried(c.answers)
		if !slices.Equal(got, c.want) || (err == nil) != c.works {
			t.Errorf("SB_SERVICES=%q with %v: tried %v, %v; want %v", c.allowed, c.answers, got, err, c.want)
		}
	}
}

func TestEveryReasonIsTold(t *testing.T) {
	t.Setenv("SB_SERVICES", "")
	_, err := tried(map[source]error{fromEnv: unset("SB_X"), fromDocker: errors.New("no engine"), fromBinary: errors.New("no program")})
	if want := "env: SB_X is not set; docker: no engine; binary: no program"; err == nil || err.Error() != want {
		t.Errorf("the reason is %v", err)
	}
}

func TestEnvironmentNamesAnEndpoint(t *testing.T) {
	own := S3(t)
	t.Setenv("SB_SERVICES", "env")
	if _, err := findS3(versitygw, "SB_S3_TEST"); !errors.Is(err, errUnset) && err == nil {
		t.Errorf("a server was found nowhere: %v", err)
	}
	t.Setenv("SB_S3_TEST_ENDPOINT", own.Endpoint)
	t.Setenv("SB_S3_TEST_ACCESS_KEY", own.AccessKey)
	t.Setenv("SB_S3_TEST_SECRET_KEY", own.SecretKey)
	got, err := findS3(versitygw, "SB_S3_TEST")
	if err != nil || got.Endpoint != own.Endpoint || got.Region != defaultRegion || !got.foreign {
		t.Errorf("found %+v, %v", got, err)
	}
	t.Setenv("SB_S3_TEST_SECRET_KEY", "wrong")
	if _, err := findS3(versitygw, "SB_S3_TEST"); err == nil {
		t.Error("a server that refuses the account was accepted")
	}
}

// Buckets on a server of somebody else are removed, with what is in them.
func TestForeignBucketsAreRemoved(t *testing.T) {
	t.Parallel()
	s := S3(t)
	s.foreign = true
	g := GCS(t)
	g.foreign = true
	var bucket, other string
	t.Run("use", func(t *testing.T) {
		bucket, other = s.NewBucket(t), g.NewBucket(t)
		putAndGet(t, s, bucket, "folder/key")
		b := &gcsBucket{t, g.host(), other}
		b.must("folder/key", "x")
	})
	c, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	if there, err := c.BucketExists(t.Context(), bucket); there || err != nil {
		t.Errorf("the bucket is there: %v, %v", there, err)
	}
	if err := g.call(t.Context(), "GET", "b/"+other, nil, nil); err == nil {
		t.Error("the bucket of gcs is there")
	}
}

func TestEnvironmentNamesRedis(t *testing.T) {
	t.Parallel()
	own := FreshRedis(t)
	own.Do("CONFIG", "SET", "requirepass", "secret")
	got, err := redisFromEnv("redis://:secret@" + own.Addr + "/3")
	if err != nil || got.Addr != own.Addr {
		t.Errorf("found %+v, %v", got, err)
	}
	for _, bad := range []string{"", "redis://", "http://" + own.Addr, "redis://:wrong@" + own.Addr} {
		if _, err := redisFromEnv(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := clusterFromEnv(""); !errors.Is(err, errUnset) {
		t.Errorf("no cluster: %v", err)
	}
	c := RedisCluster(t)
	if got, err := clusterFromEnv(c.Addrs[0] + ", " + c.Addrs[1] + "," + c.Addrs[2]); err != nil || !slices.Equal(got, c.Addrs) {
		t.Errorf("found %v, %v", got, err)
	}
}

func TestEnvironmentNamesGCS(t *testing.T) {
	t.Parallel()
	own := GCS(t)
	if got, err := gcsFromEnv(own.Endpoint); err != nil || got.Endpoint != own.Endpoint || !got.foreign {
		t.Errorf("found %+v, %v", got, err)
	}
	for _, bad := range []string{"", own.host(), "http://127.0.0.1:1/storage/v1/"} {
		if _, err := gcsFromEnv(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
