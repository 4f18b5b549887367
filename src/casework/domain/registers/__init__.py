"""Registers a school keeps beside its incidents."""
