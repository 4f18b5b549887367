"""The ways to sign in; each gives the user who makes the request."""
