"""Registers of a school that are separate from its incidents."""
