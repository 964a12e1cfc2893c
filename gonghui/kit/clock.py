"""Business time is China's; the database keeps UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Aware, in China's time."""
    return datetime.now(CHINA)


def today() -> date:
    return now().date()
