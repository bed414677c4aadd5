package simple_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

var variables = []string{"DATA_PATH", "AWS_BUCKET", "GCS_BUCKET", "MINIO_ENDPOINT", "REDIS_ADDR", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_DB", "REDIS_TLS_ENABLED", "REDIS_CLUSTER_ENABLED"}

// setEnvironment sets these variables and empties the others.
func setEnvironment(t *testing.T, environment map[string]string) {
	t.Helper()
	for _, variable := range variables {
		t.Setenv(variable, environment[variable])
	}
}

const adapter = `import _ "github.com/smarterbase/smarterbase/adapters/`

// environments and what Connect makes of them.
var environments = map[string]struct {
	environment map[string]string
	log         []string // pieces of the one line
	kind        error
	texts       []string
}{
	"nothing": {
		log: []string{"found=nothing", "store=file://./data", `index="embedded: data/.sb/index.bolt"`},
	},
	"a path": {
		environment: map[string]string{"DATA_PATH": "there"},
		log:         []string{"found=DATA_PATH", "store=file://./there", `index="embedded: there/.sb/index.bolt"`},
	},
	"a bucket on S3": {
		environment: map[string]string{"AWS_BUCKET": "b"},
		log:         []string{"found=AWS_BUCKET", "store=s3://b", "index=none"},
		kind:        core.ErrUnsupported, texts: []string{adapter + `s3"`},
	},
	"a bucket on GCS": {
		environment: map[string]string{"GCS_BUCKET": "b"},
		log:         []string{"found=GCS_BUCKET", "store=gs://b", "index=none"},
		kind:        core.ErrUnsupported, texts: []string{adapter + `gcs"`},
	},
	"MinIO": {
		environment: map[string]string{"MINIO_ENDPOINT": "localhost:9000"},
		log:         []string{"found=MINIO_ENDPOINT", "store=minio://localhost:9000", "index=none"},
		kind:        core.ErrUnsupported, texts: []string{adapter + `minio"`},
	},
	"Redis with everything": {
		environment: map[string]string{
			"REDIS_ADDR": "a:1,b:2", "REDIS_USERNAME": "app", "REDIS_PASSWORD": "hunter2/:@", "REDIS_DB": "3",
			"REDIS_TLS_ENABLED": "true", "REDIS_CLUSTER_ENABLED": "true",
		},
		log:  []string{"found=REDIS_ADDR", "index=rediss://app:xxxxx@a:1/3"},
		kind: core.ErrUnsupported, texts: []string{adapter + `redis"`},
	},
	"a flag that is none": {
		environment: map[string]string{"REDIS_ADDR": "a:1", "REDIS_TLS_ENABLED": "perhaps"},
		kind:        core.ErrInvalid, texts: []string{"REDIS_TLS_ENABLED"},
	},
	"Redis and a path": {
		environment: map[string]string{"DATA_PATH": "there", "REDIS_ADDR": "localhost:6379"},
		log:         []string{`found="DATA_PATH, REDIS_ADDR"`, "store=file://./there", "index=redis://localhost:6379"},
		kind:        core.ErrUnsupported, texts: []string{adapter + `redis"`},
	},
	"Redis with a password": {
		environment: map[string]string{"REDIS_ADDR": "rediss://:hunter2@cache:6379/1?token=hunter2"},
		log:         []string{"found=REDIS_ADDR", "store=file://./data", "index=rediss://:xxxxx@cache:6379/1"},
		kind:        core.ErrUnsupported, texts: []string{adapter + `redis"`},
	},
	"Redis and S3": {
		environment: map[string]string{"AWS_BUCKET": "b", "REDIS_ADDR": "user:hunter2@cache:6379"},
		log:         []string{`found="AWS_BUCKET, REDIS_ADDR"`, "store=s3://b", "index=redis://user:xxxxx@cache:6379"},
		kind:        core.ErrUnsupported, texts: []string{adapter + `s3"`},
	},
	"two stores": {
		environment: map[string]string{"DATA_PATH": "there", "GCS_BUCKET": "b"},
		kind:        core.ErrInvalid, texts: []string{"DATA_PATH and GCS_BUCKET"},
	},
	"two other stores": {
		environment: map[string]string{"AWS_BUCKET": "b", "MINIO_ENDPOINT": "h:1", "REDIS_ADDR": "h:2"},
		kind:        core.ErrInvalid, texts: []string{"AWS_BUCKET and MINIO_ENDPOINT"},
	},
	"a URL for a path": {
		environment: map[string]string{"DATA_PATH": "file://./data"},
		kind:        core.ErrInvalid, texts: []string{"DATA_PATH is a URL"},
	},
	"an address that is none": {
		environment: map[string]string{"REDIS_ADDR": "user:hunter2/x@cache:6379"},
		kind:        core.ErrInvalid, texts: []string{"REDIS_ADDR is neither"},
	},
}

func TestConnectReadsTheEnvironment(t *testing.T) {
	for name, c := range environments {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			setEnvironment(t, c.environment)
			var log bytes.Buffer
			db, err := simple.Connect(t.Context(), simple.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			if err == nil {
				err = db.Close()
			}
			if !errors.Is(err, c.kind) {
				t.Errorf("err = %v, want %v", err, c.kind)
			}
			for _, text := range c.texts {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%v lacks %q", err, text)
				}
			}
			if got := strings.Count(log.String(), "\n"); got != min(len(c.log), 1) {
				t.Errorf("%d lines were logged: %s", got, log.String())
			}
			for _, text := range c.log {
				if !strings.Contains(log.String(), text) {
					t.Errorf("log %s lacks %q", log.String(), text)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") || strings.Contains(log.String(), "hunter2") {
				t.Errorf("a secret is shown: %v, %s", err, log.String())
			}
		})
	}
}

func TestConnectMakesTheDefaultFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	setEnvironment(t, nil)
	db := simple.MustConnect(t.Context(), simple.WithLogger(slog.New(slog.DiscardHandler)))
	defer closeIt(t, db)
	create(t, collect[User](t, db), User{ID: "1"})
	if _, err := os.Stat("data/users/1.json"); err != nil {
		t.Error(err)
	}
}

func TestMustConnectPanicsWithTheError(t *testing.T) {
	setEnvironment(t, map[string]string{"AWS_BUCKET": "b"})
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, core.ErrUnsupported) {
			t.Errorf("panic %v", err)
		}
	}()
	simple.MustConnect(t.Context(), simple.WithLogger(slog.New(slog.DiscardHandler)))
}

func TestConnectLogsToTheDefaultLogger(t *testing.T) {
	t.Chdir(t.TempDir())
	setEnvironment(t, nil)
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	db, err := simple.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closeIt(t, db)
	if !strings.Contains(log.String(), "store=file://./data") {
		t.Errorf("log %s", log.String())
	}
}
