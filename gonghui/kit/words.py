"""Sentences that scripts speak; words.js reads them from the page, so they are translated as well."""

from django.utils.translation import gettext_lazy as _

SCRIPT_WORDS = {
    "days": _("天"),
    "hours": _("时"),
    "minutes": _("分"),
    "seconds": _("秒"),
    "qr": _("二维码"),
    "offline": _("网络不通，请检查网络。恢复后会自动继续。"),
    "wrong_kind": _("只能上传 {kinds} 文件，请另存为这种格式后再选。"),
    "too_large": _("文件有 {size}，超过了 {limit} 的上限，请拆成几个文件。"),
    "uploading": _("已上传 {sent} / {total}"),
    "checking": _("已上传，正在逐行检查…"),
    "upload_failed": _("没有成功。请检查文件后再试一次。"),
    "upload_cut": _("网络断开了，文件没有传完。请再点一次上传。"),
    "grab_waiting": _("等待开抢"),
    "grab_now": _("立即抢票"),
    "grab_sending": _("正在提交"),
    "grab_line": _("抢完了，去候补"),
    "grab_won": _("抢到了，看我的票"),
    "grab_already": _("已登记，看我的票"),
    "grab_closed": _("已经结束"),
    "grab_refused": _("暂时不能抢"),
    "grab_open": _("已经开始，请点按钮。"),
    "grab_gone": _("名额已抢完。点按钮可以登记候补，有人退票时按顺序补上。"),
    "grab_back": _("有人退票，又有 {n} 个名额。"),
    "grab_sending_text": _("正在为您提交，请不要离开这一页。"),
    "grab_again": _("人很多，正在第 {n} 次为您重试。同一张凭证不会重复占名额。"),
    "grab_no_pass": _("还没有取得抢票凭证，请再点一次。"),
    "grab_unclear": _("还没有得到结果"),
    "grab_unclear_text": _("系统正忙。请再点一次：如果已经抢到，会直接告诉您。"),
}
