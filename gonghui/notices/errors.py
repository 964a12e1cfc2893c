"""Refusals of messages, templates, sends and preferences."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

SEND_OVER = refusal("send_over", _("这条群发已经结束，不能再停止。"), advice=_("请刷新查看送达人数。"))
SEND_NOT_GOING = refusal(
    "send_not_going", _("这条群发现在没有在发，不能暂停。"), advice=_("请刷新，看过最新情况后再操作。")
)
SEND_NOT_PAUSED = refusal(
    "send_not_paused", _("这条群发没有暂停，不需要继续。"), advice=_("请刷新，看过最新情况后再操作。")
)
NOTHING_FAILED = refusal(
    "send_nothing_failed",
    _("没有可以重发的：都送达了，或者还在发。"),
    advice=_("等这条群发结束，再看有没有没发成的。"),
)
SEND_DECIDED = refusal(
    "send_decided", _("这条群发已经有人处理过了。"), advice=_("请刷新，看过最新情况后再操作。")
)
SEND_BY_TWO = refusal(
    "send_by_two",
    _("自己拟的群发不能自己放行。"),
    advice=_("请另一位有复核权限的同事看过后放行。"),
    status=403,
)
NOBODY_MEANT = refusal(
    "send_nobody", _("按这些条件，一个人也没有。"), advice=_("请放宽条件，或换一个工会再看人数。"), status=422
)
CHANNEL_NEEDS_WORDS = refusal(
    "send_channel_without_words",
    _("这个模板没有写“{channel}”的内容。"),
    advice=_("请换一个模板、去掉这个渠道，或者请编写人改一版模板再复核。"),
    status=422,
)
TEMPLATE_NOT_READY = refusal(
    "template_not_ready",
    _("这个模板还不能用：要由另一位同事复核过。"),
    advice=_("请先送审，复核通过后再群发。"),
)
TEMPLATE_BY_TWO = refusal(
    "template_by_two",
    _("自己编写的模板不能自己复核。"),
    advice=_("请另一位有复核权限的同事复核。"),
    status=403,
)
TEMPLATE_MOVED = refusal(
    "template_moved", _("这个模板的状态已经变了。"), advice=_("请刷新，看过最新情况后再操作。")
)
TEMPLATE_WORDS = refusal(
    "template_words", _("模板里有不能用的内容：{detail}"), advice=_("请改正后再保存。"), status=422
)
WECHAT_NOT_READY = refusal(
    "wechat_messages_not_ready",
    _("微信订阅消息还没有接通。"),
    advice=_("请先去掉这个渠道，或请平台管理员配好公众号后再发。"),
)
TIME_PASSED = refusal(
    "send_time_passed", _("定的时间已经过了。"), advice=_("请改为以后的时间，或选马上发。"), status=422
)
STAYS_ON = refusal(
    "message_stays_on",
    _("这类消息不能关闭：账号安全一直通知，与您本人的票券和福豆有关的一直留在站内消息里。"),
    advice=_("其他类别和渠道都可以关闭。"),
)
QUIET_TIMES = refusal(
    "quiet_times", _("开始和结束不能是同一个时刻。"), advice=_("不需要免打扰时，请关闭它。"), status=422
)
WECHAT_TEMPLATE_UNKNOWN = refusal(
    "wechat_template_unknown",
    _("没有这样的微信消息模板，或者一次选得太多。"),
    advice=_("请回到“消息设置”，从那里再点一次。"),
    status=422,
)
NOT_LIKED = refusal(
    "message_not_likable", _("这条消息不能点赞。"), advice=_("工会群发的消息，打开看过以后可以点赞。")
)
