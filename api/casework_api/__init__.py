"""The ways into casework: HTTP and the command line."""
