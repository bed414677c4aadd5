package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// screen is where answers go.
type screen struct {
	io.Writer
	live bool // a terminal: lines can be drawn over
}

// newScreen finds out whether the file is a terminal. The null device is a
// character device, too.
func newScreen(f *os.File) *screen {
	info, err := f.Stat()
	null, nullErr := os.Stat(os.DevNull)
	live := err == nil && info.Mode()&os.ModeCharDevice != 0 &&
		(nullErr != nil || !os.SameFile(info, null)) && os.Getenv("TERM") != "dumb"
	return &screen{Writer: f, live: live}
}

func (s *screen) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// note shows what is going on until the next line, on terminals.
func (s *screen) note(text string) {
	if s.live {
		fmt.Fprint(s, "\r  "+text+clearRest)
	}
}

const clearRest = "\x1b[K" // to the end of the line

// wipe removes a note.
func (s *screen) wipe() {
	if s.live {
		fmt.Fprint(s, "\r"+clearRest)
	}
}

// number writes 1707 as 1,707.
func number(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// period rounds a duration for people.
func period(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
}

// progress is a bar on terminals, and a line for each quarter elsewhere.
type progress struct {
	*screen
	what  string
	began time.Time
	drawn time.Time
}

func (s *screen) progress(what string) *progress {
	return &progress{screen: s, what: what, began: time.Now()}
}

const barWidth = 30

// show draws the progress; its form is that of core.BatchOptions.Progress.
func (p *progress) show(done, total int) {
	if !p.live {
		if done*4/total != (done-1)*4/total {
			p.line("  %s: %s of %s", p.what, number(done), number(total))
		}
		return
	}
	now := time.Now()
	if now.Sub(p.drawn) < 50*time.Millisecond && done < total {
		return
	}
	p.drawn = now
	filled := done * barWidth / total
	rate := float64(done) / now.Sub(p.began).Seconds()
	left := time.Duration(float64(total-done) / rate * float64(time.Second))
	p.note(fmt.Sprintf("%s [%s%s] %s of %s, %s a second, %s left", p.what,
		strings.Repeat("█", filled), strings.Repeat("░", barWidth-filled), number(done), number(total), number(int(rate)), period(left)))
}
