"""What becomes of messages when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import RECORD, WORK, goes, register, stays
from gonghui.members.retention import ends

goes("notices.Message", _("消息"))
goes("notices.Delivery", _("发送记录"))
goes("notices.Preference", _("消息设置"))
goes("notices.QuietHours", _("免打扰时间"))
goes("notices.WechatEvent", _("微信的通知回执"))
goes("notices.HeldOut", _("不发的对照"))
stays("notices.WechatQuota", _("微信通知的次数"), RECORD)
stays("notices.LocalSubscription", _("微信通知的替身"), WORK)
register("notices.SentSms", _("短信"), lambda leaving: leaving.at_their_phones("notices.SentSms").delete())
ends("messages", "notices.Message", _("消息"), days=730)
ends("sms", "notices.SentSms", _("模拟发出的短信"), days=7)
ends("wechat_events", "notices.WechatEvent", _("微信的通知回执"), days=30)
