"""The ways to sign in; each finds the user who makes the request."""
