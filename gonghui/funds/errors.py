"""Why money is not moved and nothing is given."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NEEDS_A_PERSON = refusal(
    "needs_a_person", _("这件事要由有名有姓的工作人员来办。"), advice=_("请登录后办理。"), status=403
)
BAD_FEN = refusal("bad_fen", _("金额要大于零。"), advice=_("请核对金额。"), status=422)

SOURCE_CLOSED = refusal(
    "source_closed", _("经费来源“{name}”已经停用。"), advice=_("请改用还在使用的经费来源。")
)
SOURCE_IN_USE = refusal(
    "source_in_use",
    _("经费来源“{name}”还有 {left} 元没有拨出，或者还有没结清的预算。"),
    advice=_("请先结清它的预算、拨完余额，再停用。"),
)
RECEIPT_DIFFERS = refusal(
    "receipt_differs",
    _("凭证“{document}”已经登记过，金额或日期与这次的不同。"),
    advice=_("请核对凭证；登记错了请联系财务负责人更正。"),
)

PAST_ITS_DATES = _("它已于 %(ends)s 到期")
BUDGET_NOT_OPEN = refusal(
    "budget_not_open",
    _("预算“{name}”在 {day} 不能用：{why}。"),
    advice=_("请选在有效期内、执行中的预算。"),
)
BUDGET_SHORT = refusal(
    "budget_short",
    _("“{name}”剩余 {left} 元，需要 {needed} 元，没有动任何一笔钱。"),
    advice=_("请减少金额，或先追加预算。"),
)
COMMITMENT_DIFFERS = refusal(
    "commitment_differs",
    _("这件事已经预留过 {before} 元，与这次的 {needed} 元不同。"),
    advice=_("请先退回原来的预留，再重新预留。"),
)
COMMITMENT_RELEASED = refusal(
    "commitment_released", _("这件事的预留已经退回过。"), advice=_("请换一个名目重新预留。")
)

BUDGET_NOT_DRAFT = refusal(
    "budget_not_draft",
    _("预算“{name}”已经{state}，不能直接修改。"),
    advice=_("待批准的请先退回；执行中的请提出调整。"),
)
BUDGET_MAKER_IS_CHECKER = refusal(
    "budget_maker_is_checker", _("批准人不能是经办人自己。"), advice=_("请由另一位财务人员批准。"), status=403
)
AGREED_ALREADY = refusal(
    "agreed_already",
    _("您已经同意过了，还要 {left} 位同事复核才生效。"),
    advice=_("请通知另一位有复核权限的同事。"),
)
COOLING_OFF = refusal(
    "cooling_off",
    _("同意的人数已经够了，现在是冷静期，{until}生效。"),
    advice=_("不用再办。要改的，请在生效以前提出异议或退回。"),
)
COOLING_OVER = refusal(
    "cooling_over",
    _("冷静期已经过了，这项决定{state}。"),
    advice=_("请刷新页面查看结果；已生效的预算，可以提出调整。"),
)
MAY_NOT_OBJECT = refusal(
    "may_not_object",
    _("能提出异议的，是同意过这件事的同事和经费审查委员会。"),
    advice=_("请把您的意见告诉他们中的一位。"),
    status=403,
)
OBJECTION_WITHOUT_REASON = refusal(
    "objection_without_reason", _("没有写异议的理由。"), advice=_("请写明理由，经办人要照着改。"), status=422
)
RESOLUTION_MISSING = refusal(
    "resolution_missing",
    _("没有集体决策记录，不能批准。"),
    advice=_("请由经办人退回草稿，补上会议名称、日期和文号。"),
    clause=_("《基层工会经费收支管理办法》（总工办发〔2017〕32号）：经费使用实行集体领导、民主管理。"),
)
EXPENSE_CLASS_MISSING = refusal(
    "expense_class_missing",
    _("没有选支出类别，不能提交。"),
    advice=_("请打开草稿，按工会会计制度选一个支出类别，例如“职工活动支出”。"),
    clause=_("《工会会计制度》支出科目（未核实现行版本）。"),
)
EXPENSE_CLASS_SET = refusal(
    "expense_class_set",
    _("这项预算已经归入“{name}”，不能再改。"),
    advice=_("归错了的，请结清这项预算，另立一项。"),
)
PARENT_NOT_ABOVE = refusal(
    "parent_not_above",
    _("“{name}”的钱属于{union}，只能用在它自己和它的下级工会。"),
    advice=_("请选本会或上级工会的经费。"),
)
OUTSIDE_PARENT_DATES = refusal(
    "outside_parent_dates",
    _("起止日期超出了上级预算“{name}”的期限（{starts_on} 至 {ends_on}）。"),
    advice=_("请改日期，或换一个上级预算。"),
    status=422,
)
GIVER_MUST_APPROVE = refusal(
    "giver_must_approve",
    _("这笔钱是{union}的，要由它的财务人员批准。"),
    advice=_("请联系{union}的财务人员。"),
    status=403,
)
CHANGE_PENDING = refusal(
    "change_pending", _("预算“{name}”已有一项调整等待批准。"), advice=_("请先办完那一项。")
)
CHANGE_NOT_OPEN = refusal("change_not_open", _("这项调整已经{state}。"), advice=_("请刷新页面查看结果。"))
CHANGE_BELOW_ZERO = refusal(
    "change_below_zero", _("调整后预算不能小于等于零。"), advice=_("不再需要的预算请结清。"), status=422
)
BUDGET_HAS_COMMITMENTS = refusal(
    "budget_has_commitments",
    _("预算“{name}”还有 {count} 笔预留没有结清，共 {amount} 元。"),
    advice=_("请先结清或退回这些预留，再结清预算。"),
)
BUDGET_HAS_POINTS = refusal(
    "budget_has_points",
    _("预算“{name}”发出的福豆还有 {points} 个没有用完。"),
    advice=_("请等这些福豆用完或到期后再结清。"),
)
BUDGET_HAS_CHILDREN = refusal(
    "budget_has_children", _("预算“{name}”还有 {count} 个下级预算没有结清。"), advice=_("请先结清下级预算。")
)

RULE_REFUSES = refusal(
    "rule_refuses", _("{says}"), advice=_("请减少金额，或查看“支出规则”里的依据。"), clause=_("{clause}")
)
RULE_ENDED = refusal("rule_ended", _("这条规则已经停用。"), advice=_("请刷新页面查看最新的规则。"))
TOO_MANY_PEOPLE = refusal("too_many_people", _("一次最多 {most} 人。"), advice=_("请分批办理。"), status=422)
CLAUSE_MISSING = refusal(
    "clause_missing", _("没有写依据。"), advice=_("请写明文件名称、文号和条款，会员要能查到。"), status=422
)
RULE_SAYS_NOTHING = refusal(
    "rule_says_nothing",
    _("这条规则没有写任何要求。"),
    advice=_("请填每人限额，或填比例、日期、天数、须确认的要求中的至少一项。"),
    status=422,
)
COUNT_WITHOUT_CAP = refusal(
    "rule_count_without_cap",
    _("填了最多几次，没有填每人限额。"),
    advice=_("请把每人限额也填上。"),
    status=422,
)
RULE_VERIFIED = refusal("rule_verified", _("这条规则已经核实过。"), advice=_("不需要再办。"))
RULE_WRITER_IS_VERIFIER = refusal(
    "rule_writer_is_verifier",
    _("核实人不能是写这条规则的人自己。"),
    advice=_("请由另一位财务人员对照原文核实。"),
    status=403,
)
RULE_EVIDENCE_MISSING = refusal(
    "rule_evidence_missing",
    _("没有写明核实时看到的原文。"),
    advice=_("请写上文号、日期、第几条怎么说、原文存在哪里。"),
    status=422,
)
RULE_ENDS_TOO_EARLY = refusal(
    "rule_ends_too_early",
    _("规则不能从过去的日子起停用，也不能早于它的生效日期。"),
    advice=_("请选今天或以后的日期。"),
    status=422,
)
RULE_REGION_NOT_YOURS = refusal(
    "rule_region_not_yours",
    _("{region}的规则不归您的工会管。"),
    advice=_("请联系该地区的工会；您只能为本会所在地区写规则。"),
    status=403,
)
NOTHING_TO_TAKE_BACK = refusal(
    "nothing_to_take_back", _("“{occasion}”没有这么多可以退回。"), advice=_("请核对发放记录。")
)
