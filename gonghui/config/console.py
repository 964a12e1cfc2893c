"""How the console looks (settings only; the site is in `config.site`)."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": _("工惠管理台"),
    "SITE_HEADER": _("工惠管理台"),
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("kit/icons/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("kit/icons/mark.svg"),
        }
    ],
    "SITE_SUBHEADER": _("工会普惠服务"),
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "8px",
    "DASHBOARD_CALLBACK": "gonghui.kit.console.dashboard.fill",
    "STYLES": [lambda request: static("kit/console/console.css")],
    "SCRIPTS": [lambda request: static("kit/console/console.js")],
    "ACCOUNT": {
        "navigation": [
            {"title": _("修改密码"), "link": reverse_lazy("console_password")},
            {"title": _("登录设备"), "link": reverse_lazy("console_devices")},
            {"title": _("恢复码"), "link": reverse_lazy("console_recovery")},
        ]
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "gonghui.kit.console.navigation.side_bar",
    },
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#fff3f0",
            "100": "#ffe3dc",
            "200": "#ffc8bb",
            "300": "#ffa18c",
            "400": "#f9735a",
            "500": "#e64c33",
            "600": "#c8331d",
            "700": "#a62614",
            "800": "#872013",
            "900": "#6f1e14",
            "950": "#3d0b05",
        },
    },
}
