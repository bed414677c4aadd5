package engine_test

const childRole = "SB_CHILD"

func runChild(string) int { return 0 }
