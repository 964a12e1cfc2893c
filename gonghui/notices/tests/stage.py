"""Reviewed templates, members WeChat knows, and what they allowed."""

from __future__ import annotations

from uuid import uuid4

from gonghui.kit.actors import Actor
from gonghui.members.models import Membership, Person
from gonghui.notices.actions.proposals import Meant, Terms, propose_send
from gonghui.notices.actions.quota import record_tap
from gonghui.notices.actions.templates import approve_template, draft_template, submit_template
from gonghui.notices.models import LocalSubscription, QuotaEntry, Send, Template, WechatQuota
from gonghui.notices.ports.local_wechat import APPID, LocalSubscriptions
from gonghui.payments.actions.identities import note_identity
from gonghui.payments.models import PayerIdentity

SYSTEM = Actor.system("test")
WX = "tmpl_0123456789abcdef"
WORDS = {
    "name": "开抢预告",
    "kind": "activity",
    "title": "{name}，国庆游船今晚开抢",
    "body": "{union}的{name}：今晚 20:00 开抢，{today} 发。",
    "link": "/activities/1",
    "sms_text": "{name}，游船今晚 20:00 开抢，点 {link} 进入。",
    "sms_signature": "东江工会",
    "wechat_template": WX,
    "wechat_fields": {"thing1": "国庆游船", "time2": "2026-10-01 20:00", "name3": "{name}"},
}


def a_template(cast, *, union="city", maker="city_admin", checker="province_admin", **words) -> Template:
    row = draft_template(cast.actor(maker), union_id=cast.unions[union].pk, words=WORDS | words)
    submit_template(cast.actor(maker), template_id=row.pk)
    return approve_template(cast.actor(checker), template_id=row.pk)


def everybody():
    return Person.objects.unscoped("test").order_by("pk").values("pk")


def a_send(cast, template: Template, channels=("inbox",), *, who="city_admin", union="city", **facts) -> Send:
    return propose_send(
        cast.actor(who),
        key=facts.pop("key", f"send:{uuid4()}"),
        union_id=cast.unions[union].pk,
        meant=facts.pop("meant", None) or Meant(everybody(), "全体会员"),
        terms=Terms(template.pk, channels, **facts),
    )


def connected(cast, *names: str) -> None:
    """WeChat knows them."""
    for name in names:
        note_identity(cast.actor(name), appid=APPID, openid=f"openid_of_{name}")


def allowed(cast, service: LocalSubscriptions, *names: str, times: int = 1) -> None:
    """They tapped 允许, here and there."""
    for name in names:
        for _nth in range(times):
            record_tap(cast.actor(name), key=uuid4(), answers={WX: "accept"})
            service.allow(f"openid_of_{name}", WX)


def crowd(cast, count: int, *, template: str = WX) -> list[Person]:
    """Members of the factory whose WeChat is known, each with one message allowed, here and there."""
    people = Person.objects.bulk_create(Person(name=f"会员{n}") for n in range(count))
    factory = cast.unions["factory"]
    Membership.objects.bulk_create(Membership(person=person, union=factory) for person in people)
    openids = {person.pk: f"openid_of_{person.pk}" for person in people}
    PayerIdentity.objects.bulk_create(
        PayerIdentity(person_id=pk, appid=APPID, openid=openid) for pk, openid in openids.items()
    )
    quotas = WechatQuota.objects.bulk_create(WechatQuota(person=p, wechat_template=template) for p in people)
    QuotaEntry.objects.bulk_create(
        QuotaEntry(quota=quota, change=1, reason="allowed", key=f"tap:{quota.pk}") for quota in quotas
    )
    LocalSubscription.objects.bulk_create(
        LocalSubscription(openid=openid, wechat_template=template, left=3) for openid in openids.values()
    )
    return people


def left(cast, name: str) -> int:
    row = WechatQuota.objects.unscoped("test").filter(person=cast.people[name], wechat_template=WX).first()
    return row.balance if row else 0
