"""What cannot be seen until the first member pays: adapters that speak of different WeChat accounts."""

from django.conf import settings
from django.core.checks import Warning as Advice

NEEDS_OPENID = ("payment", "coupon_provider", "wechat_messages")


def adapters_know_the_same_account(app_configs=None, **_kwargs) -> list[Advice]:
    """An openid of the stand-in is worth nothing at the real provider, and the other way round."""
    ports = settings.GONGHUI_PORTS
    is_played = {name: ports[name].rpartition(".")[2].startswith("Local") for name in ports}
    return [
        Advice(
            f"port {name} and port wechat_identity: one is the real WeChat, the other the stand-in",
            hint="set GONGHUI_PAYMENT, GONGHUI_COUPONS, GONGHUI_WECHAT_MESSAGES and GONGHUI_WECHAT_IDENTITY together",
            id="payments.W001",
        )
        for name in NEEDS_OPENID
        if is_played[name] != is_played["wechat_identity"]
    ]
