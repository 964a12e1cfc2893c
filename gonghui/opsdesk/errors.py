"""Why something at the desk cannot be done; and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

# --- groups and broadcasts
GROUP_NAME_TAKEN = refusal(
    "opsdesk_group_taken",
    _("这个工会已经有“{name}”。"),
    advice=_("请换一个群名，或者直接用已有的群。"),
    status=422,
)
GROUP_ROLES = refusal(
    "opsdesk_group_roles",
    _("没有选能进运营台的角色。"),
    advice=_("请至少选一个：工会管理员、运营人员、复核人员或技术团队。"),
    status=422,
)
GROUP_ENDED = refusal(
    "opsdesk_group_ended", _("“{name}”已经解散。"), advice=_("请改选别的群，或者新建一个。")
)
PICK_ELSEWHERE = refusal(
    "opsdesk_pick_elsewhere",
    _("选的工会或账号不在“{union}”之内。"),
    advice=_("群里只能有本工会和下级的管理员，请重新选择。"),
    status=422,
)
NO_SUCH_STAFF = refusal(
    "opsdesk_no_such_staff",
    _("没有登录名是“{login}”的工作人员。"),
    advice=_("请核对登录名；对方还没有账号的，请先在“工作人员”里建立。"),
    status=422,
)
NOBODY_THERE = refusal(
    "opsdesk_nobody_there",
    _("选的范围里没有可以收到的管理员。"),
    advice=_("请检查群成员和角色，或者改选范围。"),
    status=422,
)
WHERE_TO = refusal(
    "opsdesk_where_to",
    _("请选择发给谁。"),
    advice=_("选一个或几个群，或者选一个工会发给全部管理员。"),
    status=422,
)
TEXT_MISSING = refusal(
    "opsdesk_text_missing", _("标题和内容都要写。"), advice=_("对方只看得到这些字，请写清楚。"), status=422
)
TEXT_TOO_LONG = refusal(
    "opsdesk_text_long", _("写得太长：最多 {max} 个字。"), advice=_("请精简后再提交。"), status=422
)
WANTED_IN_THE_PAST = refusal(
    "opsdesk_wanted_past", _("确认期限不能早于今天。"), advice=_("请改成今天或以后的日期。"), status=422
)
KEY_TAKEN = refusal(
    "opsdesk_key_taken",
    _("这次提交已经办过另一件事。"),
    advice=_("请到列表核对；要再办一件，请重新打开页面。"),
)
SUPERSEDED = refusal(
    "opsdesk_superseded", _("这条通知已经被更正。"), advice=_("请看更正后的那一条，只需要确认那一条。")
)
NOTHING_TO_ACKNOWLEDGE = refusal(
    "opsdesk_no_ack", _("这条通知不需要确认。"), advice=_("看过就可以，不用再操作。")
)
ALL_REMINDED = refusal(
    "opsdesk_all_reminded",
    _("还没确认的人都已经提醒过一次。"),
    advice=_("同一条通知每人只提醒一次，请电话联系。"),
)

# --- questions
WORDS_MISSING = refusal(
    "opsdesk_words_missing", _("请写明内容。"), advice=_("对方会看到这段话，写得清楚处理得快。"), status=422
)
OWN_QUESTION = refusal(
    "opsdesk_own_question",
    _("这是您自己提的问题，不能由您受理或答复。"),
    advice=_("请等同事或上级受理。"),
    status=403,
)
TAKEN_BY_ANOTHER = refusal(
    "opsdesk_taken",
    _("{name}正在办理这个问题。"),
    advice=_("需要换人的，请先“放回待受理”，再由新的同事受理。"),
)
REOPENED_BEFORE = refusal(
    "opsdesk_reopened",
    _("这个问题已经重新提过一次。"),
    advice=_("如果还没有解决，请提一个新问题，并写上 {number}。"),
)
NOT_ANSWERED = refusal(
    "opsdesk_not_answered", _("还没有答复过的问题不能发布到问答库。"), advice=_("请先答复，再发布。")
)
PUBLISHED_BEFORE = refusal(
    "opsdesk_published", _("这个问题已经发布到问答库。"), advice=_("要改写，请在问答库里修改那一条。")
)
NAMES_INSIDE = refusal(
    "opsdesk_names_inside",
    _("发布的文字里还有“{found}”。"),
    advice=_("问答库所有管理员都看得到，请去掉姓名、电话和证件号码再发布。"),
    status=422,
)
ANSWER_WITHDRAWN = refusal(
    "opsdesk_answer_withdrawn", _("这条问答已经撤下。"), advice=_("请重新搜索，或者直接提问。")
)
IN_THE_MAKING = refusal(
    "opsdesk_answer_in_digest",
    _("这条问答正在编进五问五答第 {n} 期。"),
    advice=_("请先从那一期里换掉它，再撤下。"),
)

# --- escalations and release notes
NOTHING_MENDED = refusal(
    "opsdesk_nothing_mended",
    _("请选择修复了哪些升级事项。"),
    advice=_("至少勾选一项，再发布版本说明。"),
    status=422,
)
NOT_OPEN_HERE = refusal(
    "opsdesk_not_open", _("选的事项里有已经处理完的。"), advice=_("请刷新页面，看过最新情况后再发布。")
)
DAY_AHEAD = refusal(
    "opsdesk_day_ahead", _("上线日期不能晚于今天。"), advice=_("真正上线以后再发布版本说明。"), status=422
)

# --- papers beside a question
PAPER_LATE = refusal(
    "opsdesk_paper_late", _("这个问题已经了结，不能再加附件。"), advice=_("还没有解决的，请提一个新问题。")
)
PAPER_MISSING = refusal(
    "opsdesk_paper_missing", _("没有选文件。"), advice=_("请先选一张截图或一个 PDF，再点上传。"), status=422
)
PAPER_TOO_LARGE = refusal(
    "opsdesk_paper_too_large",
    _("文件超过 {limit_mb} MB。"),
    advice=_("请截取有关的部分，或压缩后再上传。"),
    status=413,
)
PAPER_UNKNOWN = refusal(
    "opsdesk_paper_unknown",
    _("这个文件不是完整的 JPG、PNG 图片或 PDF。"),
    advice=_("请截图或另存为 PDF 后重新上传。"),
    status=422,
)
PAPERS_MANY = refusal(
    "opsdesk_papers_many",
    _("一个问题最多 {most} 个附件。"),
    advice=_("请把几张截图拼成一个 PDF，或在文字里说明。"),
    status=422,
)

OWN_CASE = refusal(
    "opsdesk_own_case", _("自己提交的案例不能自己评选。"), advice=_("请另一位同事评选。"), status=403
)

# --- the digest
DIGEST_OPEN = refusal(
    "opsdesk_digest_open", _("第 {n} 期还没有发布。"), advice=_("请先把它发布或作废，再编下一期。")
)
NOT_FIVE = refusal(
    "opsdesk_not_five", _("选了 {n} 条，正好五条才能送复核。"), advice=_("请增减到五条，再提交。"), status=422
)
NOT_ITS_ANSWER = refusal(
    "opsdesk_foreign_answer",
    _("选的问答里有已经撤下、已经登过，或者不属于本工会的。"),
    advice=_("请刷新页面后重新选择。"),
    status=422,
)
OWN_ISSUE = refusal(
    "opsdesk_own_issue",
    _("这一期是您编的，要由另一位同事复核发布。"),
    advice=_("请把它交给同事。"),
    status=403,
)
NOT_THE_EDITOR = refusal(
    "opsdesk_not_editor",
    _("这一期由{name}编辑。"),
    advice=_("请联系{name}修改；要换人编，请先作废这一期。"),
    status=403,
)
