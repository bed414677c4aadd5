// Command quickstart loads a week of earthquakes into a database, asks it
// questions, and shows what each answer cost. At a second start it finds
// everything again.
//
//	go run ./quickstart -data ./data
package main
