"""What every route shares: reading requests, answering, errors, limits, logs, metrics, documentation."""
