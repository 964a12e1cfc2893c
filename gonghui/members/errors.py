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
DOCUMENT_TRIES_SPENT = refusal(
    "document_tries_spent",
    _("这个证件号码今天已经有 3 次核验没有通过。"),
    advice=_("请明天再试；着急的话，本人带上证件到所在工会当面办理。"),
    status=429,
)
DEVICE_TRIES_SPENT = refusal(
    "device_tries_spent",
    _("这台设备今天已经有 3 次核验没有通过。"),
    advice=_("请明天再试，或换自己的手机；着急的话，带上证件到所在工会当面办理。"),
    status=429,
)
TRIES_UNDER_WAY = refusal(
    "verification_under_way",
    _("用这个证件号码或这台设备的核验正在进行，还没有结果。"),
    advice=_("请等一分钟再试；不会算作您的一次机会。"),
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
ROSTER_BY_ANOTHER = refusal(
    "roster_by_another",
    _("这份名册是您自己上传的，要由另一位有“复核”权限的同事确认导入。"),
    advice=_("请让{colleagues}在后台的“名册导入”里打开它确认。"),
)
ROSTER_OF_ANOTHER = refusal(
    "roster_of_another",
    _("退回的行里有完整的号码，只有上传这份名册的人能下载。"),
    advice=_("请上传的同事下载改正，或由您重新上传。"),
    status=403,
)
COUNTER_OPEN = refusal(
    "counter_open",
    _("这位会员的同一件事已经受理，等第二人核对。"),
    advice=_("请到“柜台受理”里请另一位同事核对。"),
)
COUNTER_ONESELF = refusal(
    "counter_oneself", _("不能办理自己的事。"), advice=_("请由另一位同事受理。"), status=403
)
COUNTER_OWN = refusal(
    "counter_own", _("受理和核对不能是同一个人。"), advice=_("请由另一位同事当面核对。"), status=403
)
COUNTER_NO_DOCUMENT = refusal(
    "counter_no_document",
    _("系统里没有这位会员的证件号码，没有办法核对是不是本人。"),
    advice=_("请先用名册补上证件号码，再来受理。"),
)
COUNTER_TAIL = refusal(
    "counter_tail",
    _("证件号码最后四位与登记的不一致。"),
    advice=_("请看着证件原件再填一次；仍不一致就不要办理，请按“不通过”退回。"),
    status=422,
)
COUNTER_NO_COPY = refusal(
    "counter_no_copy",
    _("这份个人信息现在不能下载。"),
    advice=_("核对通过后二十四小时内由受理人下载；过期请重新受理。"),
)
EXPORT_EMPTY = refusal(
    "export_empty", _("这份名单里没有可以导出的行。"), advice=_("请换一个筛选条件。"), status=422
)
EXPORT_TOO_LONG = refusal(
    "export_too_long",
    _("超过 {most} 行，一次导不完。"),
    advice=_("请先用筛选缩小范围，再分几次申请。"),
    status=422,
)
EXPORT_OVER_TWO = refusal(
    "export_over_two",
    _("这些行分属您管的几个工会，要分开申请。"),
    advice=_("请先用“所属工会”筛选，再申请导出。"),
    status=422,
)
EXPORT_OWN = refusal(
    "export_own", _("不能审批自己申请的导出。"), advice=_("请由另一位有权限的同事审批。"), status=403
)
EXPORT_NOT_READY = refusal(
    "export_not_ready",
    _("这份文件现在不能下载：{state}。"),
    advice=_("过期的已经删除，需要时请重新申请。"),
)
EXPORT_BEYOND = refusal(
    "export_beyond",
    _("这份文件里有人现在不属于您负责的产业线。"),
    advice=_("请重新申请：新的文件里只有现在属于这条产业线的会员。"),
)
EXPORT_SPENT = refusal(
    "export_spent", _("这份文件已经下载了 {most} 次。"), advice=_("还需要的话请重新申请，并写明用途。")
)
NO_PHONE_TO_ASK = refusal(
    "farewell_no_phone",
    _("这个账号没有手机号，不能在这里注销。"),
    advice=_("请带上证件到所在工会办理。"),
)
FAREWELL_OPEN = refusal(
    "farewell_open", _("您已经申请注销。"), advice=_("不用再申请；想继续使用，请撤回。"), status=409
)
FAREWELL_NONE = refusal(
    "farewell_none", _("没有可以撤回的注销申请。"), advice=_("它可能已经撤回。请刷新页面查看。")
)
FAREWELL_HINDERED = refusal(
    "farewell_hindered",
    _("现在还不能注销：{what}"),
    advice=_("请先办完；可以放弃的，请在页面上逐项勾选。"),
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
UNION_TAKES_NOBODY = refusal(
    "union_takes_nobody",
    _("“{union}”已暂停、合并或撤销，现在不能接收会员。"),
    advice=_("请另选一个工会；不清楚该选哪一个的，请问它的上级工会。"),
)
UNION_HAS_NO_MEMBERS_OF_ITS_OWN = refusal(
    "union_has_no_members_of_its_own",
    _("“{union}”是{kind}，会员不直接转到这里。"),
    advice=_(
        "请选单位或住处的基层工会、工会联合会、产业工会或街道乡镇总工会；不清楚选哪一个的，请问它下面的工会。"
    ),
)
EXPELLED_THERE = refusal(
    "expelled_there",
    _("这位职工曾被“{union}”除名。"),
    advice=_("请核对；需要恢复的，请按会籍管理办法办理。"),
)
MEMBER_ALREADY = refusal(
    "member_already",
    _("已经是工会会员，一个人只有一份会籍。"),
    advice=_("换了单位的，请在“我的会籍”里办理转会。"),
)
CHANGES_BETWEEN = refusal(
    "changes_between",
    _("“{union}”和“{into}”之间还有 {count} 项待复核的转会。"),
    advice=_("请先在“会籍变动”里复核或退回，再办理。"),
)
CHANGE_DOES_NOT_FIT = refusal(
    "membership_change_fit",
    _("会籍现在是“{status}”，不能登记“{kind}”。"),
    advice=_("保留会籍的才能登记重新就业；已退休或失业的，重新就业以后才能再登记一次。"),
)

TRANSFER_OPEN = refusal(
    "transfer_open",
    _("已有一份转会在办，一次只能办一份。"),
    advice=_("请在“我的会籍”查看进度；想转到别的工会，可以在那里改转，或先取消。"),
)
TRANSFER_NO_MEMBERSHIP = refusal(
    "transfer_no_membership",
    _("没有可以转接的会籍。"),
    advice=_("还没有入会的，请向单位或所在街道工会申请入会。"),
)
TRANSFER_SAME_UNION = refusal(
    "transfer_same_union",
    _("会籍已经在“{union}”。"),
    advice=_("不需要转；要转的请选择另一个工会。"),
    status=422,
)
TRANSFER_NO_UNION = refusal(
    "transfer_no_union",
    _("没有找到这个工会。"),
    advice=_("请按名称搜索，或填写它的统一社会信用代码；查不到的，请问新单位的工会。"),
    status=422,
)
TRANSFER_OWN = refusal(
    "transfer_own",
    _("不能办理自己的转会。"),
    advice=_("请由另一位有权限的同事办理。"),
    status=403,
)
TRANSFER_TWO_HANDS = refusal(
    "transfer_two_hands",
    _("代会员提出转会的人不能自己接收。"),
    advice=_("请由另一位有权限的同事核对介绍信后接收。"),
    status=403,
)
TRANSFER_WORDS = refusal(
    "transfer_words", _("没有写明原因。"), advice=_("请写明为什么不同意，会发给会员。"), status=422
)
TRANSFER_DOCUMENT = refusal(
    "transfer_document", _("没有写介绍信文号。"), advice=_("请填写会员带来的转会介绍信的文号。"), status=422
)
TRANSFER_NOT_KNOWN = refusal(
    "transfer_not_known",
    _("没有与这个姓名和证件号码都一致、会籍在籍的会员。"),
    advice=_("请对照证件核对；还没有入会的，请办理入会，不用转会。"),
    status=422,
)
TAG_NEEDS_EVIDENCE = refusal(
    "tag_evidence",
    _("要选择标签，并写明依据。"),
    advice=_("例如证书编号、认定文件；结束标签要写明原因。"),
    status=422,
)
TAG_DAYS = refusal(
    "tag_days",
    _("结束日期在开始日期之前。"),
    advice=_("请核对两个日期；长期有效的不填结束日期。"),
    status=422,
)
TAG_TWICE = refusal(
    "tag_twice",
    _("这位职工从同一天起已经有这个标签。"),
    advice=_("请在“会员标签”里查看；要更正的，先结束原来的。"),
)
CORRECTION_NO_PERSON = refusal(
    "correction_no_person",
    _("这个账号还没有对应到会员，没有可以更正的身份资料。"),
    advice=_("请先到“我的—实名认证”，按证件填写姓名和号码。"),
)
CORRECTION_NO_UNION = refusal(
    "correction_no_union",
    _("您还没有加入过工会，没有工会可以替您核对。"),
    advice=_("请先申请入会，填写正确的姓名和证件号码。"),
)
CORRECTION_OPEN = refusal(
    "correction_open",
    _("已有一份更正申请在核对，一次只能办一份。"),
    advice=_("想改内容，请先撤回，再重新提出。"),
)
CORRECTION_SPENT = refusal(
    "correction_spent",
    _("一天最多提出 {most} 次更正。"),
    advice=_("请明天再试；着急的话，带上证件到所在工会当面办理。"),
    status=429,
)
CORRECTION_NOTHING = refusal(
    "correction_nothing",
    _("没有写要更正什么。"),
    advice=_("请在写错的那一项里填上正确的内容，别的留空。"),
    status=422,
)
CORRECTION_SAME = refusal(
    "correction_same",
    _("“{field}”与现在登记的一样。"),
    advice=_("请只填写错的那几项，别的留空。"),
    status=422,
)
CORRECTION_DERIVED = refusal(
    "correction_derived",
    _("出生日期和性别由身份证号码得出，不能单独更正。"),
    advice=_("号码错了的，请更正证件号码，出生日期和性别会跟着改。"),
    status=422,
)
CORRECTION_PAPER_TOO_LARGE = refusal(
    "correction_paper_too_large",
    _("照片超过了 {limit_mb} MB。"),
    advice=_("请用手机截小一些再上传。"),
    status=413,
)
CORRECTION_PAPER_UNKNOWN = refusal(
    "correction_paper_unknown",
    _("这不是完整的照片或 PDF 文件。"),
    advice=_("请上传 JPG、PNG 或 PDF。"),
    status=422,
)
CORRECTION_PAPERS_MANY = refusal(
    "correction_papers_many",
    _("最多上传 {most} 张照片。"),
    advice=_("证件正反面各一张就够了。"),
    status=422,
)
CORRECTION_OWN = refusal(
    "correction_own",
    _("不能核对自己的更正申请。"),
    advice=_("请由另一位有权限的同事办理。"),
    status=403,
)
CORRECTION_NO_PAPERS = refusal(
    "correction_no_papers",
    _("会员没有上传证件照片。"),
    advice=_("请当面看过证件原件再通过，或写明原因不予更正，请会员补上照片。"),
    status=422,
)
CORRECTION_NEEDS_ORIGINAL = refusal(
    "correction_needs_original",
    _("姓名和证件号码同时要改，等于换一个人，只看照片或材料不能通过。"),
    advice=_("请本人带证件原件到场，当面核对后再通过。"),
    status=422,
)
CORRECTION_TAKEN = refusal(
    "correction_taken",
    _("这个证件号码登记在另一位职工名下，没有更正。"),
    advice=_("已转“身份冲突”核对；办结以后，再来通过或不予更正。"),
)
CORRECTION_OVERTAKEN = refusal(
    "correction_overtaken",
    _("提出以后，这位会员的“{field}”已经变过，申请里写的“原来”不是现在登记的。"),
    advice=_("请写明原因不予更正，请会员核对后重新提出。"),
)
CORRECTION_NONE = refusal(
    "correction_none", _("没有可以撤回的更正申请。"), advice=_("它可能已经办结。请刷新页面查看。")
)
