"""Reads that put a page together; what is the same for everybody is kept for a moment."""
