"""个人信息 of the demo: lists that left by two people's word, days after which things go, what members agreed to, one who leaves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.days import ago
from gonghui.config.world.tree import Tree
from gonghui.kit.actors import Actor
from gonghui.members import retention
from gonghui.members.actions import exports
from gonghui.members.actions.consents import give_consent, withdraw_consent
from gonghui.members.actions.exports import ExportTerms
from gonghui.members.actions.forget import record_farewell
from gonghui.members.models import ExportRequest, Membership, Person
from gonghui.orgs.models import Union

CITY, DISTRICT = "4401", "440106"
BUILDER = Actor.system("demo world")
PEOPLE = "members.Person"


def build_privacy(tree: Tree, staff: dict[str, User]) -> None:
    _exports(tree, actor_of(staff["guangzhou"]), actor_of(staff["province"]), staff)
    retention.remove_what_is_over(BUILDER)
    _consents()
    _leaving(tree.by_code[CITY])


def _exports(tree: Tree, maker: Actor, checker: Actor, staff: dict[str, User]) -> None:
    """One may be taken, one waits, one was refused, one with whole numbers was asked for by a district."""
    city, district = tree.by_code[CITY], tree.by_code[DISTRICT]
    with ago(3):
        made = _asked(maker, city, 40, _("中秋慰问品发放核对"), _("在册会员"))
        exports.approve_export(checker, export_id=made.pk)
    exports.make_export(made.pk)
    exports.take_export(maker, export_id=made.pk)
    with ago(1):
        refused = _asked(maker, city, 25, _("工作需要"))
        exports.refuse_export(
            checker, export_id=refused.pk, reason=_("请写明用在哪项工作、给谁看、什么时候销毁。")
        )
    _asked(maker, city, 60, _("国庆观影专场签到"), _("实名：已实名"))
    _asked(actor_of(staff["tianhe"]), district, 12, _("体检机构核对身份，体检后三天内销毁"), is_unmasked=True)


def _asked(maker: Actor, union: Union, count: int, reason: str, asked: str = "", **facts) -> ExportRequest:
    live = Membership.objects.unscoped("demo world").filter(
        union__path__startswith=union.path, status="active"
    )
    ids = live.order_by("person_id").values_list("person_id", flat=True)[:count]
    terms = ExportTerms(PEOPLE, str(_("会员")), reason, asked, **facts)
    return exports.ask_export(maker, terms=terms, row_ids=ids)


def _consents() -> None:
    """Of the members whose accounts stand on the cards."""
    users = User.objects.unscoped("the demo's members").filter(person__isnull=False).order_by("pk")[:2]
    for nth, user in enumerate(users):
        for purpose in ("privacy", "real_name", "messages", "interests")[: 4 - nth]:
            give_consent(actor_of(user), purpose=purpose)
    withdraw_consent(actor_of(users[0]), purpose="interests")


def _leaving(city: Union) -> None:
    """Asked yesterday; may still be taken back."""
    found = Person.objects.unscoped("demo world").filter(
        memberships__union__path__startswith=city.path, user=None, verification="verified"
    )
    person = found.order_by("-id").first()
    person.user = User.objects.create(phone=person.phone, display_name=person.name)
    person.save(update_fields=["user"])
    with ago(1):
        record_farewell(actor_of(person.user), gives_up=())
