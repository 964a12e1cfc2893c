"""What a point is worth, for everybody who counts in points."""

POINT_FEN = 100
"""One 福豆 pays one yuan of goods, never a part of it; it is never paid out and never passed on (domain E2)."""
