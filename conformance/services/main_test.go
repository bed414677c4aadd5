package services

import (
	"fmt"
	"os"
	"testing"
)

// orphanVariable makes this program the parent of a server that is killed.
const orphanVariable = "SMARTERBASE_TEST_ORPHAN"

func TestMain(m *testing.M) {
	if os.Getenv(orphanVariable) != "" {
		becomeOrphan()
	}
	Main(m)
}

// becomeOrphan starts a server, says where it is, and waits to be killed.
func becomeOrphan() {
	folder, err := root()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s, err := redisRecipe(nameRedis).spawn()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.addr, folder)
	select {}
}
