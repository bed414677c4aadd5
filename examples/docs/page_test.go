package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// root is the folder of the repository.
const root = "../.."

// page is one page of the documentation.
type page struct {
	path  string // below the root, with slashes
	lines []string
}

// pages reads every Markdown file of the repository, but for hidden folders
// and the data folder that the demo makes.
func pages(t *testing.T) (all []page) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != root {
			if strings.HasPrefix(name, ".") || path == filepath.Join(root, "data") {
				return filepath.SkipDir
			}
		}
		if entry.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		all = append(all, page{filepath.ToSlash(relative), strings.Split(string(text), "\n")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d pages: the test needs the repository", len(all))
	}
	return all
}

// block is a block of code in a page.
type block struct {
	page string
	line int // of its first line of code, from 1
	code string
}

// split separates the prose of a page, with its line numbers kept, from its
// blocks of Go code.
func (p page) split() (prose []string, blocks []block) {
	var fence string // the language of the block that is open, after "```"
	open := false
	for i, line := range p.lines {
		mark, fenced := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fenced && open:
			open = false
		case fenced:
			open, fence = true, mark
			if fence == "go" {
				blocks = append(blocks, block{page: p.path, line: i + 2})
			}
		case open && fence == "go":
			blocks[len(blocks)-1].code += line + "\n"
		}
		if open || fenced {
			line = ""
		}
		prose = append(prose, line)
	}
	return prose, blocks
}
