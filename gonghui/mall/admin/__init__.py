"""Back-office screens of the mall."""

from gonghui.mall.admin import orders, ranking, retunes, shelf

__all__ = ["orders", "ranking", "retunes", "shelf"]
