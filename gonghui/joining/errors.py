"""Refusals of joining: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NOT_ELIGIBLE = refusal(
    "join_not_eligible", _("{why}"), advice=_("有疑问请拨打 12351，或联系所在街道工会。"), status=422
)
BAD_APPLICATION = refusal(
    "join_bad_application", _("填写的内容有误：{detail}"), advice=_("请改正后再提交。"), status=422
)
MEMBER_NOW = refusal(
    "join_member_now",
    _("您已经是“{union}”的会员，不用再申请。"),
    advice=_("换了单位的，请在“我的会籍”里办理转会。"),
)
CONSENT_NEEDED = refusal(
    "join_consent_needed",
    _("申请入会需要您同意工会使用填写的信息。"),
    advice=_("请阅读说明并勾选同意；不同意也可以继续浏览活动。"),
    status=422,
    clause=_("《个人信息保护法》第二十九条"),
)
DOCUMENT_IN_REVIEW = refusal(
    "join_document_in_review",
    _("这个证件号码已经有一份申请在办理。"),
    advice=_("如果不是您本人提交的，请带上证件到所在工会当面核对，或拨打 12351。"),
)
ACCOUNT_IN_REVIEW = refusal(
    "join_account_in_review",
    _("您已经有一份申请在办理。"),
    advice=_("请到“入会进度”查看；要改投别的工会，先把那一份撤回。"),
)
NOT_JOINABLE = refusal(
    "join_not_joinable",
    _("这个工会现在不接收入会申请。"),
    advice=_("请另选一个工会；没有找到的，选“我的单位没有工会”。"),
)
NO_POOL = refusal(
    "join_no_pool",
    _("“{region}”还没有设立会员周转库。"),
    advice=_("请选上一级地区，或拨打 12351 问问最近的街道工会。"),
)
UNKNOWN_GROUP = refusal(
    "join_unknown_group", _("职业群体不在目录里。"), advice=_("请从列表里选择。"), status=422
)
CHECKS_SPENT = refusal(
    "join_checks_spent",
    _("今天已经有 3 次填写的证件与登记不符。"),
    advice=_("请明天再试；着急的话，带上证件到街道工会当面办理。"),
    status=429,
)
BAD_POSTER = refusal(
    "join_bad_poster",
    _("这张海报的入会码不存在，或者已经停用。"),
    advice=_("请直接选择工会申请，一样可以入会。"),
    status=404,
)
OWN_APPLICATION = refusal(
    "join_own_application",
    _("审核人不能是申请人自己，也不能是现场经办这份申请的人。"),
    advice=_("请由另一位有审核权限的同事办理。"),
    status=403,
)
OTHER_REVIEWER = refusal(
    "join_other_reviewer",
    _("{reviewer} 正在审核这份申请。"),
    advice=_("请由 TA 继续办理，或请 TA 放回待审。"),
)
WORDS_NEEDED = refusal(
    "join_words_needed",
    _("还没有写明原因，或要补充什么。"),
    advice=_("请写一句本人看得懂的话，会发给 TA。"),
    status=422,
)
REDIRECT_OVER_BOTH = refusal(
    "join_redirect_over_both",
    _("转交要由两边都能审核的工会办理，您只管其中一边。"),
    advice=_("请交给共同的上级工会转交，或退回申请，请本人改投。"),
    status=403,
)
HOW_NEEDED = refusal(
    "join_how_needed",
    _("还没有写明身份是怎样确认的。"),
    advice=_("请选择确认方式；电话、短信、微信核实的，要写一句说明。"),
    status=422,
)
IDENTITY_CONFLICT = refusal(
    "join_identity_conflict",
    _("这个证件号码已经对应另一个账号，现在不能通过。"),
    advice=_("已转到“身份冲突”，请当面核对证件，处理完再审这份申请。"),
)
OTHER_PERSON = refusal(
    "join_other_person",
    _("申请人的账号已经实名为另一位职工，与申请的证件不同。"),
    advice=_("请退回申请，让本人核对证件后重新提交。"),
)
FORM_NO_NEEDED = refusal(
    "join_form_no_needed",
    _("要写明本人签字的申请表编号。"),
    advice=_("请把申请表交本人签字，填上表上的编号。"),
    status=422,
)
STAFF_PHONE = refusal(
    "join_staff_phone",
    _("这个手机号是工作人员账号，不能用来确认入会。"),
    advice=_("请用本人日常使用的手机号，或改用签字确认。"),
)
BAD_PLACE = refusal(
    "join_bad_place", _("要写明海报贴在哪里。"), advice=_("例如“东站货运场 2 号门”。"), status=422
)
