"""The festivals a benefit may be for, by the code that rules and grants carry."""

from django.utils.translation import gettext_lazy as _

FESTIVALS = {
    "yuandan": _("元旦"),
    "chunjie": _("春节"),
    "qingming": _("清明"),
    "laodong": _("劳动节"),
    "duanwu": _("端午"),
    "zhongqiu": _("中秋"),
    "guoqing": _("国庆"),
    "minzu": _("自治区批准的少数民族节日"),
}


def festival_name(code: str) -> str:
    """As it stands where nobody knows it."""
    return str(FESTIVALS.get(code, code))
