"""消息模板 of the demo: two reviewed and ready for 群发, one that waits for its review."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.tree import Tree
from gonghui.notices.actions.templates import approve_template, draft_template, submit_template
from gonghui.notices.models import Template

CITY = "4401"
READY = ("活动预告", "生日福利")


def build_messages(tree: Tree, staff: dict[str, User]) -> None:
    writer, reviewer, union = actor_of(staff["operator"]), actor_of(staff["reviewer"]), tree.by_code[CITY]
    ready = {
        "name": READY[0],
        "kind": "activity",
        "title": _("{name}，国庆活动可以预约了"),
        "body": _("{union}的{name}：国庆、中秋的活动已经公布，各场次陆续开抢，名额按先到先得或抽签发放。"),
        "link": "/activities",
        "sms_text": _("{name}，国庆活动已公布，点 {link} 看时间。"),
        "sms_signature": _("广州工会"),
        "wechat_template": "demo_activity_preview_01",
        "wechat_fields": {"thing1": _("国庆、中秋活动"), "thing2": _("陆续开抢，请看各场时间")},
    }
    birthday = {
        "name": READY[1],
        "kind": "notice",
        "title": _("{name}，本月生日福利已到"),
        "body": _("{union}祝您生日快乐。生日蛋糕券在“我的票券”里，月底前有效。"),
        "link": "/offers",
    }
    for words in (ready, birthday):
        row = draft_template(writer, union_id=union.pk, words=words)
        submit_template(writer, template_id=row.pk)
        approve_template(reviewer, template_id=row.pk)
    waiting = {
        "name": _("高温慰问"),
        "kind": "notice",
        "title": _("高温天，驿站有水有空调"),
        "body": _("{name}，最近的户外劳动者驿站在地图上，进去歇一歇。"),
        "link": "/map",
    }
    submit_template(writer, template_id=draft_template(writer, union_id=union.pk, words=waiting).pk)


def send_templates() -> list[Template]:
    """Those that are ready, in the order of `READY`."""
    found = Template.objects.unscoped("demo world").filter(name__in=READY, state="approved")
    return sorted(found, key=lambda row: READY.index(row.name))
