"""Storing the record: sealing and keys, the event log on both engines, and the evidence vault."""
