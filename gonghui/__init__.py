"""Gonghui 工惠: the platform on which a trade-union federation runs everything it gives its members."""

__version__ = "0.1.0"
