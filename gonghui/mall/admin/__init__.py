"""Back-office screens of the mall."""

from gonghui.mall.admin import orders, shelf

__all__ = ["orders", "shelf"]
