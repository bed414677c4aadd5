module github.com/smarterbase/smarterbase/ports

go 1.26.0
