package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A server whose test process is killed dies, too, and the next test process
// removes what is left of it.
func TestServersDieWithTheirProcess(t *testing.T) {
	t.Parallel()
	if _, err := redisRecipe(nameRedis).program(); err != nil {
		unavailable(t, nameRedis, err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanVariable+"=1")
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addr, folder string
	if _, err := fmt.Fscan(said, &addr, &folder); err != nil {
		t.Fatal(err)
	}
	if err := tell(addr, "PING"); err != nil {
		t.Errorf("the server does not answer: %v", err)
	}
	if dead(folder) {
		t.Error("the process is taken for dead while it lives")
	}
	sweep(filepath.Dir(folder))
	if _, err := os.Stat(folder); err != nil {
		t.Errorf("the folder of a live process was removed: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	sweep(filepath.Dir(folder))
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder of a dead process is there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = poll(ctx, nil, func(context.Context) error {
		if tell(addr, "PING") == nil {
			return errors.New("the server lives")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestServerThatEndsSaysWhy(t *testing.T) {
	t.Parallel()
	r := redisRecipe(nameRedis, "--no-such-option", "1")
	if _, err := r.program(); err != nil {
		unavailable(t, nameRedis, err)
	}
	_, err := r.spawn()
	if !errors.Is(err, errEnded) {
		t.Fatalf("it started: %v", err)
	}
	if text := err.Error(); len(text) < 50 {
		t.Errorf("the error does not tell what the server said: %s", text)
	}
}
