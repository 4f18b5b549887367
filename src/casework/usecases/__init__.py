"""The use cases, one module per resource: each takes a command, checks the user and records the change."""
