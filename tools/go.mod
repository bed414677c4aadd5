module github.com/smarterbase/smarterbase/tools

go 1.26


