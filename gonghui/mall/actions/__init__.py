"""Writes of this app, by room."""
