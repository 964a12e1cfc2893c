"""Refusals about partners, applications, agreements and clerks: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NO_SUCH_ACCOUNT = refusal(
    "no_such_account",
    _("没有找到用“{given}”登录的账号。"),
    advice=_("请对方先用这个手机号登录一次，再来添加。"),
    status=422,
)
CLERK_ALREADY = refusal("clerk_already", _("{user}已经是“{store}”的店员。"), advice=_("不需要重复添加。"))
CLERK_LEFT = refusal("clerk_left", _("这位店员已经离岗。"), advice=_("不需要再次操作。"))

# --- where a store stands -----------------------------------------------------------------------------------

PLACE_TURNED_ROUND = refusal(
    "place_turned_round",
    _("纬度和经度像是写反了。"),
    advice=_("纬度是 3 到 54 之间的数，经度是 73 到 136 之间的数，请对调后再保存。"),
    status=422,
)
PLACE_FAR_OFF = refusal(
    "place_far_off",
    _("这个位置不在国内。"),
    advice=_("纬度是 3 到 54 之间的数，经度是 73 到 136 之间的数。可以在图上点，或者在店里用现在的位置。"),
    status=422,
)

# --- who acts for a merchant --------------------------------------------------------------------------------

ROLE_ALREADY = refusal("merchant_role_already", _("{user}已经有这个身份。"), advice=_("不需要重复添加。"))
ROLE_ENDED = refusal("merchant_role_ended", _("这位负责人已经离任。"), advice=_("不需要再次操作。"))
NOT_A_MERCHANT = refusal(
    "not_a_merchant",
    _("您的账号还没有管理任何商户。"),
    advice=_("可以在线申请入驻；如果单位已经入驻，请负责人把您的手机号加进来。"),
    status=403,
)
ROUND_AND_ROUND = refusal(
    "partner_in_a_circle",
    _("“{parent}”在“{partner}”的下级里，不能又做它的上级。"),
    advice=_("请先调整下级商户的归属。"),
)

# --- applications -------------------------------------------------------------------------------------------

USCC_TAKEN = refusal(
    "uscc_taken",
    _("这个统一社会信用代码已经在申请中，或已是合作单位。"),
    advice=_("请与本单位同事核对；确有疑问请拨打 12351。"),
)
APPLICATION_INCOMPLETE = refusal(
    "application_incomplete", _("还有没填的内容：{missing}。"), advice=_("请补齐后再提交。"), status=422
)
OWN_APPLICATION = refusal(
    "own_application",
    _("自己提交或代录的申请，不能由自己审核。"),
    advice=_("请同级另一位有审核权限的同事处理。"),
    status=403,
)
OTHER_REVIEWER = refusal("other_reviewer", _("这份申请正由{reviewer}审核。"), advice=_("请与这位同事联系。"))
NOT_A_PICTURE = refusal(
    "licence_not_readable",
    _("这个文件不是能识别的图片或 PDF。"),
    advice=_("请上传营业执照的 JPG、PNG 照片或 PDF 扫描件。"),
    status=422,
)
FILE_TOO_LARGE = refusal(
    "licence_too_large", _("文件太大，最多 {limit_mb} MB。"), advice=_("请压缩或重新拍照后上传。"), status=422
)

# --- agreements ---------------------------------------------------------------------------------------------

AGREEMENTS_OVERLAP = refusal(
    "agreements_overlap",
    _("这段时间里，该商户已有一份有效的协议。"),
    advice=_("请改开始日期，或先终止原协议。"),
)
BAD_QUOTE = refusal(
    "bad_quote",
    _("这一行报价没有读懂：{line}"),
    advice=_("请一行写一家，先写名称，空一格再写金额（元），例如：东江粮油公司 9800。最多二十家。"),
    status=422,
)
NOT_A_PURCHASE = refusal(
    "not_a_purchase",
    _("这份协议没有登记为工会出钱采购，不用写怎样选定。"),
    advice=_("如果工会要用经费向这家单位购买，请收回草稿，重新拟一份并勾上“工会出钱采购”。"),
)
CHOICE_MISSING = refusal(
    "choice_missing",
    _("工会要出钱向{partner}采购，还没有写明怎样选定它，不能送签。"),
    advice=_("请拟稿的同事点“登记选定方式”，写明是比选、框架协议、招标还是单一来源。"),
    clause=_("工会采购按工会自己的采购办法比较选定（条文尚未有人对照文件核实）。"),
)
CHOICE_WITHOUT_REASON = refusal(
    "choice_without_reason",
    _("选定方式是“{way}”，还没有写理由或文件，不能送签。"),
    advice=_("框架协议、招标请写文件名称和编号；单一来源请写为什么只能选这一家。"),
)
TOO_FEW_QUOTES = refusal(
    "too_few_quotes",
    _("预计一年采购 {sum} 元，{above} 元以上至少比较 {least} 家，现在只有 {have} 家的报价。"),
    advice=_("请补齐报价后再送签；确实只有一家的，选定方式改为“单一来源”并写明理由。"),
    clause="{clause}",
)
OWN_QUOTE_MISSING = refusal(
    "own_quote_missing",
    _("比较过的报价里没有选定的{partner}。"),
    advice=_("请把它的报价也写进去，名称要和合作单位的名称一样。"),
)
DEARER_WITHOUT_REASON = refusal(
    "dearer_without_reason",
    _("{partner}的报价不是最低的，还没有写为什么选它。"),
    advice=_("请在“理由或文件”里写明，例如质量、距离、服务的差别。"),
)
OWN_DRAFT = refusal(
    "own_agreement_draft",
    _("自己拟的协议，不能由自己复核送签。"),
    advice=_("请另一位有复核权限的同事处理。"),
    status=403,
)
NOT_SENT = refusal(
    "agreement_not_sent", _("这份协议还没有复核送签。"), advice=_("工会复核后，会发消息请您签署。")
)
SENT_ALREADY = refusal(
    "agreement_sent", _("这份协议已经送签，内容不能再改。"), advice=_("如需修改，请先收回。")
)
WRONG_SIGNER = refusal(
    "wrong_signer",
    _("只有该商户的负责人本人可以签署。"),
    advice=_("请负责人用自己的手机号登录后签署。"),
    status=403,
)
AGREEMENT_TEXT_CHANGED = refusal(
    "agreement_text_changed", _("协议内容刚刚有变动。"), advice=_("请重新阅读后再签署。")
)
STARTS_TOO_LATE = refusal(
    "agreement_over", _("协议的截止日期已经过去。"), advice=_("请工会重新拟一份。"), status=422
)

# --- may a store trade? -------------------------------------------------------------------------------------

PARTNER_SUSPENDED = refusal(
    "partner_suspended", _("“{partner}”的合作已暂停，暂时不能使用优惠。"), advice=_("请拨打 12351 了解情况。")
)
PARTNER_EXITED = refusal(
    "partner_exited", _("“{partner}”已退出合作。"), advice=_("请到其他合作商户使用优惠。")
)
NO_AGREEMENT = refusal(
    "no_agreement_in_force",
    _("“{partner}”这一天没有生效的合作协议。"),
    advice=_("请商户负责人登录后签署协议，或联系签约工会。"),
)
PAYOUT_FIXED = refusal(
    "payout_account_fixed",
    _("收款账户已经写进协议，不能改。"),
    advice=_("要换账户，请重新起草并签署协议。"),
)

OWN_MERCHANT = refusal(
    "own_merchant",
    _("您在这家商户任职，它的事要回避，不能由您来定。"),
    advice=_("请换一位与这家商户没有关系的同事办理。"),
    status=403,
)

# --- what only an owner does --------------------------------------------------------------------------------

OWNER_ONLY = refusal(
    "owner_only",
    _("只有该商户的负责人本人可以办理。"),
    advice=_("请负责人用自己的手机号登录后办理。"),
    status=403,
)
BAD_ACCOUNT = refusal(
    "bad_payout_account",
    _("收款账号不对，应为 8 到 32 位数字。"),
    advice=_("请对照开户许可证或银行卡重新填写。"),
    status=422,
)
PAYOUT_INCOMPLETE = refusal(
    "payout_incomplete", _("户名和开户银行都要填。"), advice=_("户名要与营业执照一致。"), status=422
)
