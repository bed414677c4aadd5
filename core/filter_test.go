package core_test

import "testing"

// A panic in a user's function comes up in the goroutine that runs the query.
func TestAPanicInAFilterCanBeRecovered(t *testing.T) {
	users, done := openUsers()
	defer done()
	defer func() {
		if recovered := recover(); recovered != "on purpose" {
			t.Errorf("recovered %v", recovered)
		}
	}()
	_, err := users.Query().Filter(func(User) bool { panic("on purpose") }).All(t.Context())
	t.Errorf("the query answers %v", err)
}
