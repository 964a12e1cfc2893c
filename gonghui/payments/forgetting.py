"""What becomes of payments when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import BUSINESS, FINANCE, Hindrance, Leaving, goes, hinders, stays

goes("payments.PayerIdentity", _("付款用的微信编号"))
goes("payments.IdentityRound", _("连接微信的过程"))
stays("payments.Payment", _("付款"), FINANCE)
stays("payments.ExternalCoupon", _("微信券"), FINANCE)
stays("payments.LocalKey", _("模拟支付的密钥"), BUSINESS)


@hinders
def payments_under_way(leaving: Leaving):
    paying = leaving.rows("payments.Payment")
    if (
        paying.filter(state__in=("created", "paying")).exists()
        or paying.filter(refunds__state="requested").exists()
    ):
        yield Hindrance(
            "payments",
            _("您有一笔付款或退款还在路上。"),
            _("请先付完或取消；退款一般三天内到账，到账后再来。"),
        )
