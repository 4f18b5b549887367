"""The use cases, one module a resource: each takes a `Command`, checks who asks, records what was done."""
