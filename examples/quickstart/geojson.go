package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"
)

// feedID names the one feed of this program.
const feedID = "all_week"

//go:embed data/earthquakes.json
var earthquakes []byte

// geoJSON is the form in which the USGS publishes events.
type geoJSON struct {
	Metadata struct {
		Generated int64 // ms
		URL       string
		Title     string
	}
	Features []feature
}

type feature struct {
	ID         string
	Properties struct {
		Mag           *float64
		MagType       string
		Place         string
		Time, Updated int64 // ms
		URL           string
		Felt          *int
		Status        string
		Tsunami       int
		Sig           int
		Net           string
		Type          string
	}
	Geometry struct{ Coordinates [3]float64 }
}

// readFeed flattens the file that is built into the program.
func readFeed() (Feed, []Event, error) {
	var file geoJSON
	if err := json.Unmarshal(earthquakes, &file); err != nil {
		return Feed{}, nil, fmt.Errorf("read the feed: %w", err)
	}
	feed := Feed{
		ID: feedID, Title: file.Metadata.Title, Source: file.Metadata.URL,
		Generated: time.UnixMilli(file.Metadata.Generated).UTC(), Events: len(file.Features),
	}
	events := make([]Event, 0, len(file.Features))
	for _, f := range file.Features {
		events = append(events, f.event())
	}
	return feed, events, nil
}

func (f feature) event() Event {
	p := f.Properties
	e := Event{
		ID: f.ID, Magnitude: p.Mag, MagnitudeType: p.MagType, Type: p.Type, Place: p.Place,
		Time: time.UnixMilli(p.Time).UTC(), Updated: time.UnixMilli(p.Updated).UTC(),
		Network: p.Net, Status: p.Status, Tsunami: p.Tsunami != 0, Significance: p.Sig, URL: p.URL,
		Longitude: f.Geometry.Coordinates[0], Latitude: f.Geometry.Coordinates[1], Depth: f.Geometry.Coordinates[2],
	}
	if p.Felt != nil {
		e.Felt = *p.Felt
	}
	return e
}
