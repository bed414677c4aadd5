package services

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/moby/moby/client"
)

// imagePrefix begins the names of images that are built here. They come from
// no registry.
const imagePrefix = "smarterbase-test/"

// localImage is the name of the image that BuildImages builds.
func (r *recipe) localImage() string {
	if r.tool == "" {
		return imagePrefix + "redis:local"
	}
	version := "local"
	if checkout := checkoutRoot(); checkout != "" {
		if v, err := pinnedVersion(filepath.Join(checkout, "tools", "pinned.txt"), r.tool); err == nil {
			version = v
		}
	}
	return imagePrefix + r.tool + ":" + version
}

// recipes are those of all servers.
func recipes() []*recipe {
	return []*recipe{versitygw, minIO, fakeGCS(""), redisRecipe(nameRedis)}
}

// BuildImages builds the images of all servers that the Docker engine of this
// machine does not have yet, out of the programs that would run without it,
// and nothing else: no registry is needed. It tells out what it does.
func BuildImages(ctx context.Context, out io.Writer) error {
	e, err := docker()
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range recipes() {
		name := r.localImage()
		if e.has(name) {
			fmt.Fprintf(out, "there   %s\n", name)
			continue
		}
		err := r.build(ctx, e, name, nil)
		if err == nil {
			fmt.Fprintf(out, "built   %s\n", name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// build makes an image that holds the program, the libraries that it loads,
// and an empty folder for temporary files.
func (r *recipe) build(ctx context.Context, e *engine, name string, labels map[string]string) error {
	if runtime.GOOS != "linux" {
		return errors.New("building images needs programs of Linux, and this is " + runtime.GOOS)
	}
	program, err := r.program()
	if err != nil {
		return err
	}
	files, err := loaded(program)
	if err != nil {
		return err
	}
	in, out := io.Pipe()
	go func() { _ = out.CloseWithError(writeContext(out, program, files)) }()
	defer func() { _ = in.Close() }()
	answer, err := e.client().ImageBuild(ctx, in, client.ImageBuildOptions{
		Tags: []string{name}, Labels: labels, Remove: true, ForceRemove: true,
	})
	if err != nil {
		return fmt.Errorf("building %s: %w", name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := buildFailure(answer.Body); err != nil {
		return fmt.Errorf("building %s: %w", name, err)
	}
	return nil
}

// buildFailure finds out how a build ended: its answer is a stream of
// messages, of which one may be an error.
func buildFailure(messages io.Reader) error {
	in := json.NewDecoder(messages)
	for {
		var message struct{ Error string }
		switch err := in.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case message.Error != "":
			return errors.New(message.Error)
		}
	}
}

// loaded lists the libraries of a program that is not static, with what loads
// them.
func loaded(program string) ([]string, error) {
	said, err := exec.Command("ldd", program).CombinedOutput()
	if text := string(said); err != nil && (strings.Contains(text, "not a dynamic executable") || strings.Contains(text, "Not a valid dynamic program")) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w: %s", program, err, said)
	}
	var files []string
	for line := range strings.Lines(string(said)) {
		for word := range strings.FieldsSeq(line) {
			if strings.HasPrefix(word, "/") && filepath.Clean(word) != program {
				files = append(files, word)
			}
		}
	}
	return files, nil
}

// writeContext writes the archive that an engine builds an image from.
func writeContext(out io.Writer, program string, files []string) error {
	w := tar.NewWriter(out)
	dockerfile := "FROM scratch\nCOPY root/ /\nENTRYPOINT [\"/server\"]\n"
	err := w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))})
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader([]byte(dockerfile)))
	}
	if err == nil {
		err = w.WriteHeader(&tar.Header{Name: "root/tmp/", Mode: 0o1777, Typeflag: tar.TypeDir})
	}
	if err == nil {
		err = addFile(w, program, "root/server")
	}
	for _, file := range files {
		if err == nil {
			err = addFile(w, file, "root"+filepath.ToSlash(file))
		}
	}
	return errors.Join(err, w.Close())
}

// addFile adds what a name leads to, under another name.
func addFile(w *tar.Writer, file, name string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
