"""The JSON API, one folder per resource."""
