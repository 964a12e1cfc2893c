"""Refusals of this app: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NOT_VERIFIED = refusal(
    "not_verified",
    _("这项福利只面向已实名的会员。"),
    advice=_("请先完成实名认证，通过后再来。"),
    status=403,
)
UNION_GIVES_OUT = refusal(
    "union_gives_out",
    _("“{union}”正在给自己的会员发放“{titles}”，现在合并或撤销，会员就领不到了。"),
    advice=_("请等它结束，或先提前结束，再办理。"),
)
NOT_MEMBER = refusal(
    "not_in_audience",
    _("这项福利面向{union}的会员。"),
    advice=_("如果您的会籍有变动，请联系所在工会更新。"),
    status=403,
)
NOT_IN_GROUPS = refusal(
    "not_in_groups",
    _("这项福利面向特定职业群体的会员。"),
    advice=_("如果您属于这一群体，请联系所在工会登记。"),
    status=403,
)
IN_TRANSIT = refusal(
    "in_transit",
    _("这项福利要到现场使用，您的会籍还在周转库，暂时只能领线上的福利。"),
    advice=_("请到“我的会籍”办理转会，转到所在单位或住处的工会，接收以后就可以领。"),
    status=403,
)
NOT_IN_AUDIENCE = refusal(
    "release_not_for_you",
    _("这项福利这次只给一部分会员，您不在其中。"),
    advice=_("觉得自己应该在内的，请联系“{union}”核对登记的信息。"),
    status=403,
)
AUDIENCE_REWORDED = refusal(
    "audience_reworded",
    _("“{audience}”的条件在这次投放写好以后改过，不能照新条件发。"),
    advice=_("请取消这次投放，按现在的受众重新写一份，再请同事复核。"),
)
NOT_DELEGATED = refusal(
    "not_delegated",
    _("这位会员还没有授权您代订。"),
    advice=_("请对方在“我的资料”里添加您为代订人后再试。"),
    status=403,
)
TOO_LATE_TO_RETURN = refusal(
    "too_late_to_return",
    _("已经过了最晚退票时间。"),
    advice=_("如果确实不能到场，请尽早告诉主办方，以免记为爽约。"),
)
NOT_RETURNABLE = refusal(
    "not_returnable", _("这张票的状态是“{state}”，不能退回。"), advice=_("请到“我的票”查看最新情况。")
)
NOT_VOIDABLE = refusal(
    "not_voidable", _("这张票的状态是“{state}”，不能作废。"), advice=_("请刷新页面，看过最新情况后再操作。")
)
NOT_HELD = refusal(
    "not_held", _("这张票不需要确认，或者已经过了确认时间。"), advice=_("请到“我的票”查看最新情况。")
)
NAMES_MISSING = refusal(
    "names_missing",
    _("还差 {missing} 位同行人的姓名。"),
    advice=_("请补全每一位同行人的姓名后再提交。"),
    status=422,
)
NOT_WAITING = refusal(
    "not_waiting", _("您不在这一场的候补名单上。"), advice=_("可能已经补上了，请到“我的票”查看。")
)
MAKER_IS_CHECKER = refusal(
    "maker_is_checker",
    _("经办人不能复核自己写的内容。"),
    advice=_("请由另一位有复核权限的同事复核。"),
    status=403,
    clause=_("经办与复核分离"),
)
REASON_MISSING = refusal(
    "reason_missing", _("请写明原因。"), advice=_("原因会记入审计记录，并发给受影响的会员。"), status=422
)
POSTPONE_TOO_LATE = refusal(
    "postpone_too_late",
    _("只有已经预告、还没有开放的投放可以改期。"),
    advice=_("已经开放的，请提前截止，再另办一次投放。"),
)
DRAW_KEEPS_ITS_TIMES = refusal(
    "draw_keeps_its_times",
    _("抽签的时间写在已公示的承诺里，不能改期。"),
    advice=_("确需改动，请写明原因作废这次抽签，再另办一次。"),
)
NOT_YET_ANNOUNCED = refusal("not_yet_announced", _("这次投放还没有预告。"), advice=_("请在预告之后再来。"))
RELEASE_OVER = refusal("release_over", _("这次投放已经结束。"), advice=_("请到首页看看接下来的活动。"))
RELEASE_CALLED_OFF = refusal(
    "release_called_off", _("主办方取消了这次投放。"), advice=_("请留意消息里的说明。")
)
PRIZE_TOO_HIGH = refusal(
    "draw_prize_too_high",
    _("抽签的一份价值 {worth} 元，超过了最高奖 {most} 元。"),
    advice=_("请减少每组人数，或者改用抢或直接发放。"),
    status=422,
    clause=_(
        "《规范促销行为暂行规定》（2020 年 12 月 1 日起施行）：抽奖最高奖金额不超过五万元（未核实现行版本）。"
    ),
)
RELEASE_PAUSED = refusal(
    "release_paused",
    _("发放暂停了：{why}。"),
    advice=_("已经领到的仍然有效，照常使用。恢复后再来即可。"),
)
NOT_OPEN_TO_PAUSE = refusal(
    "not_open_to_pause",
    _("只有正在发放的才能暂停，现在的状态是“{state}”。"),
    advice=_("还没有开放的请用“推迟开放”；不想办了请用“取消投放”。"),
)
BARRED = refusal(
    "barred_for_no_shows",
    _("您在 {within_days} 天内有 {count} 次约而未到，{until} 前暂时不能参加。"),
    advice=_("如果当时有特殊情况，请联系主办工会说明，可以免记。"),
    status=403,
    clause=_("爽约规则：{within_days} 天内 {limit} 次，暂停 {bar_days} 天"),
)
HOLDS_ENOUGH = refusal(
    "holds_enough", _("您已经有这次投放的票了，每人限领 {limit} 次。"), advice=_("请到“我的票”查看。")
)
PARTY_TOO_LARGE = refusal(
    "party_too_large",
    _("这一场每次最多 {limit} 人（含本人）。"),
    advice=_("请减少同行人后再试。"),
    status=422,
)
NOTHING_TO_RELEASE = refusal(
    "no_pools", _("这次投放还没有名额。"), advice=_("请先添加场次或名额，再提交复核。"), status=422
)
BAD_TIMES = refusal("bad_times", _("时间安排有误：{detail}"), advice=_("请改好时间后再提交。"), status=422)
NOT_LATER = refusal(
    "not_later",
    _("新的开放时间要晚于原定的 {opens}。"),
    advice=_("请选更晚的时间；要提前，请用“提前开放”。"),
    status=422,
)
NOT_OPEN_YET = refusal(
    "not_open_yet",
    _("还没有开放，{opens} 才开放，不能提前截止。"),
    advice=_("不想办了请用“取消投放”。"),
    status=422,
)
TOO_EARLY = refusal(
    "too_early_to_open",
    _("还没有到开放时间 {opens}。"),
    advice=_("系统会准时开放。确需提前，请写明原因。"),
)
NOT_A_DRAW = refusal("not_a_draw", _("这一场不是抽签。"), advice=_("请在活动页查看参加方式。"))
DRAW_NOT_OPEN = refusal(
    "draw_not_open", _("抽签报名时间是 {opens} 到 {closes}。"), advice=_("请在这段时间内报名。")
)
ALREADY_ENTERED = refusal(
    "already_entered", _("您已经报名了这次抽签。"), advice=_("要换场次，请先取消原来的报名。")
)
NOT_ENTERED = refusal("not_entered", _("您没有报名这一场抽签。"), advice=_("请到活动页查看。"))
DRAW_NOT_CLOSED = refusal(
    "draw_not_closed", _("报名还没有截止，不能公示名单或开签。"), advice=_("报名截止后系统会自动公示并开签。")
)
SAME_PERSON_VOIDS = refusal(
    "void_needs_second_person",
    _("提出作废的人不能自己批准。"),
    advice=_("请由另一位有权限的同事批准。"),
    status=403,
    clause=_("抽签公示后作废须两人办理"),
)
NOT_A_GRANT = refusal("not_a_grant", _("这次投放不是直接发放。"), advice=_("请查看投放的方式。"))
NOT_A_NO_SHOW = refusal("not_a_no_show", _("这张票没有记为爽约，不需要豁免。"), advice=_("请核对券码。"))
REMINDER_TOO_LATE = refusal("reminder_too_late", _("已经开放了，不需要提醒。"), advice=_("现在就可以进入。"))

# --- at the counter ---
UNKNOWN_CODE = refusal(
    "unknown_code",
    _("没有这张券，或者它不在您的门店使用。"),
    advice=_("请核对票面上的场馆；确认无误请让会员刷新票面后再扫。"),
    status=404,
)
NOT_A_CODE = refusal(
    "not_a_code",
    _("这不是工惠的券码。"),
    advice=_("请扫会员“我的票”里的二维码，或输入票面上的 8 位券码。"),
    status=422,
)
STALE_QR = refusal(
    "stale_qr",
    _("这是过期的二维码，可能是别人转发的截图。"),
    advice=_("请会员在自己的手机上打开“我的票”，二维码每分钟更新一次。"),
    status=422,
)
FORGED_QR = refusal(
    "forged_qr",
    _("二维码不是本系统发出的。"),
    advice=_("请不要放行，并记下对方的说明告诉主办方。"),
    status=422,
)
ALREADY_USED = refusal(
    "already_used",
    _("这张券已经在{at}于{place}核销过，{arrived}人。"),
    advice=_("同一张券只能用一次；如有疑问请联系主办方。"),
)
NOT_CONFIRMED = refusal(
    "not_confirmed", _("这张券还没有确认。"), advice=_("请会员在“我的票”里点“确认”，然后再扫一次。")
)
GIVEN_BACK = refusal(
    "given_back", _("这张券已经退回或过期，不能使用。"), advice=_("请会员到“我的票”查看有没有别的券。")
)
VOIDED = refusal(
    "voided", _("这张券已被主办方作废。"), advice=_("原因在会员的消息里；如有疑问请联系主办方。")
)
NOT_YET_USABLE = refusal("too_early", _("还没到使用时间。"), advice=_("{opens}起可以核销。"))
PAST_USE = refusal("too_late", _("这一场已经结束（{until}）。"), advice=_("请会员查看其他场次。"))
TOO_MANY_ARRIVED = refusal(
    "too_many_arrived", _("这张券最多 {seats} 人。"), advice=_("请核对人数后再点。"), status=422
)
NOT_A_CLERK = refusal(
    "not_a_clerk",
    _("您不是任何门店的店员。"),
    advice=_("请让门店负责人联系签约工会，把您的手机号登记为店员。"),
    status=403,
)
USED_ON_A_BILL = refusal(
    "used_on_a_bill",
    _("这张券按消费金额使用，不能直接核销。"),
    advice=_("请到“收款”页，输入金额后扫这张券。"),
    status=422,
)
PACK_ENDED = refusal(
    "pack_ended", _("离线名单不能识别。"), advice=_("请联网后刷新页面，重新取得离线名单。"), status=403
)
NOT_A_GRAB = refusal("not_a_grab", _("这一场不用抢。"), advice=_("请在活动页查看参加方式。"))
NOTE_MISSING = refusal(
    "note_missing", _("请写明核实的结果。"), advice=_("例如“已与门店核对，同一家庭分两次入场”。"), status=422
)
ALREADY_SETTLED = refusal(
    "exception_already_settled", _("这条例外已经处理过了。"), advice=_("请刷新页面查看处理说明。")
)
