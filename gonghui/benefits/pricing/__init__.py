"""Prices: pure, integers only, no database. `quote` decides, `refund_parts` undoes; both take all facts as arguments."""
