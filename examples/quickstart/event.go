package main

import (
	"fmt"
	"time"
)

// Event is one earthquake, or whatever else shook the instruments. The tags
// are all that it takes to store it and to find it by four of its fields.
type Event struct {
	ID            string    `json:"id" sb:"id"`
	Magnitude     *float64  `json:"magnitude" sb:"index"` // nil where nobody computed one
	MagnitudeType string    `json:"magnitude_type"`
	Type          string    `json:"type" sb:"index"` // earthquake, explosion, …
	Place         string    `json:"place"`
	Time          time.Time `json:"time" sb:"index"`
	Updated       time.Time `json:"updated"`
	Network       string    `json:"network" sb:"index"` // who reported it: us, ak, ci, …
	Status        string    `json:"status"`             // automatic or reviewed
	Tsunami       bool      `json:"tsunami"`
	Significance  int       `json:"significance"`
	Felt          int       `json:"felt"` // people who told that they felt it
	Longitude     float64   `json:"longitude"`
	Latitude      float64   `json:"latitude"`
	Depth         float64   `json:"depth_km"`
	URL           string    `json:"url"`
}

// String is one line of an answer.
func (e Event) String() string {
	magnitude := "  ?"
	if e.Magnitude != nil {
		magnitude = fmt.Sprintf("%3.1f", *e.Magnitude)
	}
	return fmt.Sprintf("M %s  %s  %-10s  %s", magnitude, e.Time.UTC().Format("2006-01-02 15:04"), e.ID, e.Place)
}

// Feed is where events came from. Its document is stored after the last event:
// where it exists, the load is complete.
type Feed struct {
	ID        string    `json:"id" sb:"id"`
	Title     string    `json:"title"`
	Source    string    `json:"source"`
	Generated time.Time `json:"generated"`
	Events    int       `json:"events"`
	Loaded    time.Time `json:"loaded" sb:"created"`
}
