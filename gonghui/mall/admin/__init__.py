"""Back-office screens of the mall."""

from gonghui.mall.admin import orders, ranking, shelf

__all__ = ["orders", "ranking", "shelf"]
