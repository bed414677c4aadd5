package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

// modulePrefix is what every module path begins with; the folder follows.
const modulePrefix = "github.com/smarterbase/smarterbase/"

// module is one line of modules.txt.
type module struct {
	path     string // folder below the root, with slashes
	set      string // version set; "-" if it is not released
	released bool
	version  string // what siblings require
	race     bool   // tests run under the race detector
}

// unreleasedVersion is required of a sibling that has no version; only its
// replacement is ever used.
const unreleasedVersion = "v0.0.0"

func (m module) importPath() string { return modulePrefix + m.path }

// readModules reads modules.txt.
func readModules(name string) ([]module, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseModules(name, string(data))
}

func parseModules(name, text string) ([]module, error) {
	var list []module
	seen := map[string]bool{}
	versions := map[string]string{}
	for i, fields := range tableRows(text) {
		m, err := parseModule(fields)
		switch {
		case err != nil:
		case seen[m.path]:
			err = fmt.Errorf("%s is listed twice", m.path)
		case m.released && versions[m.set] != "" && versions[m.set] != m.version:
			err = fmt.Errorf("version set %s has both %s and %s", m.set, versions[m.set], m.version)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", name, i+1, err)
		}
		seen[m.path], versions[m.set] = true, m.version
		list = append(list, m)
	}
	return list, nil
}

// tableRows splits lines into fields and leaves out comments and empty lines.
func tableRows(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 0 {
			rows = append(rows, fields)
		}
	}
	return rows
}

func parseModule(fields []string) (module, error) {
	if len(fields) != 5 {
		return module{}, fmt.Errorf("has %d columns, not path, set, released, version, race", len(fields))
	}
	m := module{path: fields[0], set: fields[1], version: fields[3]}
	var err error
	if m.released, err = yes(fields[2]); err != nil {
		return module{}, err
	}
	if m.race, err = yes(fields[4]); err != nil {
		return module{}, err
	}
	if !m.released {
		if m.set != "-" || m.version != "-" {
			return module{}, fmt.Errorf("%s is not released and has a set or a version", m.path)
		}
		m.version = unreleasedVersion
		return m, nil
	}
	if semver.Canonical(m.version) != m.version || m.set == "-" {
		return module{}, fmt.Errorf("%s is released and has no set or no version", m.path)
	}
	return m, nil
}

func yes(word string) (bool, error) {
	if word != "yes" && word != "no" {
		return false, fmt.Errorf("neither yes nor no: %s", word)
	}
	return word == "yes", nil
}
