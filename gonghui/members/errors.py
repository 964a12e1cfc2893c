"""Refusals about people: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

BAD_IDENTITY = refusal(
    "bad_identity", _("{field}不对：{detail}"), advice=_("请对照证件原件改正后再提交。"), status=422
)
CONSENT_NEEDED = refusal(
    "consent_needed",
    _("核验身份需要您同意使用姓名和证件号码。"),
    advice=_("请阅读说明并勾选同意；不同意也可以继续浏览，只是不能领取福利。"),
    status=422,
    clause=_("《个人信息保护法》第二十九条"),
)
ALREADY_VERIFIED = refusal(
    "already_verified", _("您已经完成实名认证。"), advice=_("不需要再做一次，可以直接参加活动。")
)
VERIFICATION_REVOKED = refusal(
    "verification_revoked",
    _("您的实名认证已被撤销，不能自行恢复。"),
    advice=_("请带上证件联系所在工会当面核对。"),
    status=403,
)
TRIES_SPENT = refusal(
    "verification_tries_spent",
    _("今天的 3 次核验机会已经用完。"),
    advice=_("请明天再试；着急的话，带上证件到所在工会当面办理。"),
    status=429,
)
NOT_IN_ROSTER = refusal(
    "not_in_roster",
    _("会员名册里没有找到与这个姓名和证件号码都一致的人。今天还可以试 {left} 次。"),
    advice=_(
        "请先核对两项是否与证件完全一致。如果没错，可能是单位工会还没有把您报上来："
        "请单位工会补报；还没有入会的，可以向单位或所在街道工会申请入会。"
    ),
    status=422,
)
IDENTITY_MISMATCH = refusal(
    "identity_mismatch",
    _("姓名与证件号码不一致。今天还可以试 {left} 次。"),
    advice=_("请对照证件逐字核对；改过姓名的，请先到所在工会更正。"),
    status=422,
)
PROVIDER_DOWN = refusal(
    "real_name_unavailable",
    _("身份核验服务暂时没有回应，这一次不算次数。"),
    advice=_("请过几分钟再试，您填写的内容没有保存。"),
    status=503,
)
IDENTITY_CLAIMED = refusal(
    "identity_claimed",
    _("这个证件号码已经在另一个账号上使用，为防止冒用，没有为您开通。"),
    advice=_("我们已转给工会工作人员核对。如果另一个账号也是您的，请改用原来的手机号登录。"),
)
OTHER_IDENTITY = refusal(
    "other_identity",
    _("您的账号登记的是另一位职工的证件号码，不能改成这一个。"),
    advice=_("我们已转给工会工作人员核对；着急的话，带上证件到所在工会当面办理。"),
)
VERIFY_FIRST = refusal(
    "verify_first",
    _("这一步需要先完成实名认证。"),
    advice=_("请到“我的—实名认证”填写姓名和证件号码，一分钟就能完成。"),
    status=403,
)
DELEGATION_TO_SELF = refusal(
    "delegation_to_self", _("不能代自己预约。"), advice=_("请填写您要帮忙的家人或同事的手机号。"), status=422
)
DELEGATION_EXISTS = refusal(
    "delegation_exists", _("您已经可以为这位会员预约了。"), advice=_("请到“代人预约”查看。")
)
DELEGATIONS_FULL = refusal(
    "delegations_full",
    _("一个人最多为 {most} 位会员代约。"),
    advice=_("请先结束一个不再需要的代约关系。这是为了防止有人倒票。"),
)
DELEGATION_NOT_PROVED = refusal(
    "delegation_not_proved",
    _("验证码不对，或者没有与这个姓名、手机号都一致的会员。"),
    advice=_("请与对方核对姓名、手机号和短信里的 6 位数字；对方需要已在会员名册里。"),
    status=422,
)
PAY_CODE_FORGED = refusal(
    "pay_code_forged",
    _("这不是有效的付款码，或者输错了。"),
    advice=_("请会员打开“我的—付款码”，重新扫码；手输时对照屏幕上最新的 14 位。"),
    status=422,
)
PAY_CODE_STALE = refusal(
    "pay_code_stale",
    _("这个付款码已经过期，可能是截图。"),
    advice=_("请会员在自己的手机上打开“我的—付款码”，再扫一次。"),
)
PAY_CODE_USED = refusal(
    "pay_code_used",
    _("这个付款码已经付过一笔。"),
    advice=_("要再付一笔，请会员刷新付款码，再扫一次。"),
)
PAY_CODE_REPLACED = refusal(
    "pay_code_replaced", _("会员已经换了新的付款码，这一个不能再用。"), advice=_("请会员打开新的付款码再扫。")
)
CASE_SETTLED = refusal(
    "merge_case_settled", _("这件身份冲突已经处理过。"), advice=_("请刷新列表查看处理结果。")
)

ROSTER_NO_SHEET = refusal(
    "roster_no_sheet", _("没有选择文件。"), advice=_("请选择 .xlsx、.xls 或 .csv 名册文件。"), status=422
)
ROSTER_TOO_BIG = refusal(
    "roster_too_big",
    _("文件有 {size_mb} MB，超过了 {limit_mb} MB。"),
    advice=_("请删去图片等无关内容，或按下级工会拆成几个文件分别上传。"),
    status=413,
)
ROSTER_NOT_READY = refusal(
    "roster_not_ready",
    _("这份名册现在不能这样操作：{state}。"),
    advice=_("请刷新页面查看最新情况。"),
)
ROSTER_NOTHING_TO_DO = refusal(
    "roster_nothing_to_do",
    _("这份名册里没有可以导入的新增或变更。"),
    advice=_("请下载需改正的行，改好后重新上传；名册无变化的不需要导入。"),
)
ROSTER_STILL_RUNNING = refusal(
    "roster_still_running",
    _("这份名册正在处理，没有停下来。"),
    advice=_("请稍等，页面会自动更新；超过一分钟没有进展时再点“继续”。"),
)
CHANGE_OPEN = refusal(
    "membership_change_open",
    _("这位会员已有一项变动在等复核。"),
    advice=_("请先复核或退回那一项。"),
)
CHANGE_OF_PAST_MEMBER = refusal(
    "membership_change_past", _("这份会籍已经终止，不能再登记变动。"), advice=_("请在会员现在的会籍上登记。")
)
CHANGE_TWICE = refusal(
    "membership_change_twice", _("“{kind}”已经登记并生效过。"), advice=_("请核对会籍变动的记录。")
)
CHANGE_IN_FUTURE = refusal(
    "membership_change_future", _("发生日期还没有到。"), advice=_("请在事情发生以后登记。"), status=422
)
CHANGE_NEEDS_UNION = refusal(
    "membership_change_union",
    _("转会要写明转到哪个工会，而且不能是现在的工会。"),
    advice=_("请选择转入的工会；其他变动不用选。"),
    status=422,
)
CHANGE_OWN = refusal(
    "membership_change_own",
    _("复核人不能是经办人自己，也不能复核自己的会籍。"),
    advice=_("请由另一位有复核权限的同事办理。"),
    status=403,
)
CHANGE_NEEDS_DOCUMENT = refusal(
    "membership_change_document",
    _("要写明证明的文号和说明。"),
    advice=_("例如死亡医学证明、退休审批表、退会申请或转会介绍信的编号。"),
    status=422,
)
CHANGE_OVER_BOTH = refusal(
    "membership_change_over_both",
    _("转会要由两边工会共同的上级复核，您只管其中一边。"),
    advice=_("请交给共同的上级工会办理。"),
    status=403,
)
