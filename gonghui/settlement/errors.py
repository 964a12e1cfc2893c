"""Why settlement refuses."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NOT_OVER = refusal(
    "period_not_over",
    _("这一期到 {day} 才结束，现在还不能出账。"),
    advice=_("请在 {day} 之后再出账；次日凌晨系统也会自动出账。"),
)
EARLIER_FIRST = refusal(
    "period_earlier_first", _("前面的结算期 {period} 还没有出账。"), advice=_("请先为它出账，再办这一期。")
)
PERIOD_CLOSED = refusal(
    "period_closed",
    _("{period} 已经关账，不能再记入。"),
    advice=_("请记在现在的日期；它会进入下一期结算单。"),
)
NOT_MADE = refusal("period_not_made", _("这一期还没有出账，不能关账。"), advice=_("请先出账。"))
STILL_OWED = refusal(
    "period_still_owed",
    _("还有 {count} 张结算单没有付清，不能关账。"),
    advice=_("请先完成确认、批准和付款；没有应付金额的批准后即可。"),
)
DIFFERS = refusal(
    "statement_differs_from_ledger",
    _("结算单与账本相差 {fen} 分（{what}），没有发出。"),
    advice=_("请保留现场并联系技术人员核对；改正要用转账，不要改数。"),
)
NOTHING_ON_IT = refusal(
    "statement_empty", _("这张结算单没有明细。"), advice=_("没有消费的商户不需要发结算单。"), status=422
)
OPEN_DISPUTES = refusal(
    "statement_open_disputes", _("还有 {count} 条异议没有答复。"), advice=_("请逐条答复后再发出。")
)
OPEN_ADJUSTMENTS = refusal(
    "statement_open_adjustments",
    _("还有 {count} 笔调整等待批准。"),
    advice=_("请批准或退回这些调整后再发出。"),
)
NOT_ASKED = refusal(
    "statement_not_asked",
    _("这张结算单现在不在等您确认：{state}。"),
    advice=_("请刷新页面看最新情况；有疑问请联系签约工会。"),
)
CHANGED_SINCE = refusal(
    "statement_changed_since",
    _("结算单在您看过之后有变动。"),
    advice=_("请重新核对金额后再确认。"),
)
DISPUTED_ALREADY = refusal(
    "line_disputed_already", _("这一行已经提出过异议，正在处理。"), advice=_("答复会发到您的消息里。")
)
DISPUTE_ANSWERED = refusal("dispute_answered", _("这条异议已经答复过了。"), advice=_("请刷新页面查看答复。"))
NOT_DISPUTED = refusal(
    "statement_not_disputed",
    _("只有商户有异议的结算单可以调整：{state}。"),
    advice=_("其他的差额请在下一期处理，已发出的内容不会改动。"),
)
ADJUSTMENT_KEY_TAKEN = refusal(
    "adjustment_key_taken",
    _("这个编号已经用在另一笔调整上，内容不同。"),
    advice=_("请到结算单上核对；要再提一笔，请从头填写。"),
)
OWN_WORK = refusal(
    "settlement_own_work",
    _("经办和批准不能是同一个人。"),
    advice=_("请由另一位有批准权限的同事办理。"),
    status=403,
)
ADJUSTMENT_SUM = refusal(
    "adjustment_sum", _("调整金额不能是 0。"), advice=_("补付写正数，扣回写负数。"), status=422
)
BUDGET_ELSEWHERE = refusal(
    "adjustment_budget_elsewhere",
    _("这项预算不属于签约工会或它的下级，或者还没有批准。"),
    advice=_("请选择本级已批准的预算。"),
    status=422,
)
NOT_YET_ADJUSTED = refusal(
    "dispute_not_adjusted",
    _("还没有批准针对这一行的调整。"),
    advice=_("请先提出调整，由另一人批准后再答复；或者写明维持原账的理由。"),
)
NOTHING_TO_PAY = refusal(
    "batch_nothing_to_pay", _("现在没有可以付款的结算单。"), advice=_("结算单批准之后才能付款。")
)
NO_PAYOUT_ACCOUNT = refusal(
    "batch_no_account",
    _("“{partner}”没有登记收款账户。"),
    advice=_("请在合作协议上登记收款账户后再做付款批次。"),
)
BATCH_NOT_APPROVED = refusal(
    "batch_not_approved",
    _("付款批次批准之后才能下载银行文件。"),
    advice=_("请由另一位有批准权限的同事批准。"),
)
BANK_NUMBER_NEEDED = refusal(
    "payout_bank_number", _("到账的付款要填写银行流水号。"), advice=_("流水号在银行回单上。"), status=422
)
BOUNCE_REASON_NEEDED = refusal(
    "payout_bounce_reason", _("请写明银行为什么退回。"), advice=_("例如“户名与账号不符”。"), status=422
)
