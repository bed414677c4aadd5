package services

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"time"
)

const (
	// verdictAge is for how long a failure is believed. Many test processes in
	// a row ask the same.
	verdictAge = 10 * time.Minute
	// verdictCost is how long it must have taken to find out: what is found out
	// in no time is better asked again.
	verdictCost = time.Second
)

// verdict is one failure of the past.
type verdict struct {
	Why  string    `json:"why"`
	When time.Time `json:"when"`
}

// verdicts is a small file that test processes share. It is a hint: a lost
// update or a broken file costs a wait, nothing else.
type verdicts struct {
	file string
	now  func() time.Time
}

// remembered runs f unless it took long and failed within the last minutes, in
// this process or another.
func remembered(name string, f func() error) error {
	base, err := os.UserCacheDir()
	if err != nil {
		return f()
	}
	v := verdicts{file: filepath.Join(base, "smarterbase", "services.json"), now: time.Now}
	return v.remember(name, f)
}

func (v verdicts) remember(name string, f func() error) error {
	if past, ok := v.read()[name]; ok {
		return errors.New(past.Why + " (found " + past.When.Format(time.TimeOnly) + ", remembered in " + v.file + ")")
	}
	start := v.now()
	err := f()
	if err != nil && v.now().Sub(start) >= verdictCost {
		list := v.read()
		list[name] = verdict{Why: err.Error(), When: v.now()}
		v.write(list)
	}
	return err
}

// read returns what is still believed.
func (v verdicts) read() map[string]verdict {
	list := map[string]verdict{}
	if data, err := os.ReadFile(v.file); err == nil {
		_ = json.Unmarshal(data, &list)
	}
	maps.DeleteFunc(list, func(_ string, old verdict) bool {
		age := v.now().Sub(old.When)
		return age < 0 || age > verdictAge
	})
	return list
}

func (v verdicts) write(list map[string]verdict) {
	data, err := json.Marshal(list)
	if err != nil || os.MkdirAll(filepath.Dir(v.file), 0o755) != nil {
		return
	}
	part, err := os.CreateTemp(filepath.Dir(v.file), "services-*.part")
	if err != nil {
		return
	}
	_, err = part.Write(data)
	if errors.Join(err, part.Close()) != nil || os.Rename(part.Name(), v.file) != nil {
		_ = os.Remove(part.Name())
	}
}
