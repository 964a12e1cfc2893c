"""Before a send goes: how many would get it by each channel, why the others would not, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from gonghui.kit.masks import mask_name
from gonghui.members.models import Person
from gonghui.notices.actions.sends import sql_of
from gonghui.notices.actions.templates import SAMPLE_LINK
from gonghui.notices.models import Template
from gonghui.notices.words import in_order, signed, sms_parts, wechat_value

# The same questions as are asked when it goes (actions.sends, actions.outside), of all at once and of nobody's row.
NUMBERS = """
SELECT count(*), count(*) FILTER (WHERE NOT f.inbox_off),
       count(*) FILTER (WHERE NOT f.sms_off AND f.agrees AND f.has_phone), count(*) FILTER (WHERE f.sms_off),
       count(*) FILTER (WHERE NOT f.sms_off AND NOT f.agrees),
       count(*) FILTER (WHERE NOT f.sms_off AND f.agrees AND NOT f.has_phone),
       count(*) FILTER (WHERE NOT f.wechat_off AND f.has_quota), count(*) FILTER (WHERE f.wechat_off),
       count(*) FILTER (WHERE NOT f.wechat_off AND NOT f.has_quota), count(*) FILTER (WHERE f.is_asleep)
  FROM (SELECT EXISTS (SELECT FROM notices_preference s WHERE s.person_id = p.id AND s.kind = %(kind)s AND s.channel = 'inbox'
                          AND NOT s.is_on) AS inbox_off,
               EXISTS (SELECT FROM notices_preference s WHERE s.person_id = p.id AND s.kind = %(kind)s AND s.channel = 'sms'
                          AND NOT s.is_on) AS sms_off,
               EXISTS (SELECT FROM notices_preference s WHERE s.person_id = p.id AND s.kind = %(kind)s AND s.channel = 'wechat'
                          AND NOT s.is_on) AS wechat_off,
               EXISTS (SELECT FROM members_consent c WHERE c.user_id = p.user_id AND c.purpose = 'messages'
                          AND c.withdrawn_at IS NULL) AS agrees,
               p.phone IS NOT NULL OR u.phone IS NOT NULL AS has_phone,
               EXISTS (SELECT FROM notices_wechatquota q WHERE q.person_id = p.id AND q.wechat_template = %(template)s
                          AND q.balance > 0) AS has_quota,
               notices_quiet_until(p.id, %(at)s) IS NOT NULL AS is_asleep
          FROM members_person p LEFT JOIN accounts_user u ON u.id = p.user_id WHERE p.id IN ({people})) f
"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """People; each of them once a channel."""

    total: int
    inbox: int
    sms: int
    sms_off: int
    sms_no_consent: int
    sms_no_phone: int
    wechat: int
    wechat_off: int
    wechat_no_quota: int
    asleep: int
    """In their quiet hours then: SMS and WeChat messages wait for them, unless it is urgent."""


def numbers_of(people: QuerySet, template: Template, *, at: datetime) -> Numbers:
    sql, params = sql_of(people)
    facts = {"kind": template.kind, "template": template.wechat_template, "at": at}
    named = {f"people_{nth}": value for nth, value in enumerate(params)}
    inner = sql % tuple(f"%({name})s" for name in named) if named else sql
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS.format(people=inner), facts | named)
        return Numbers(*cursor.fetchone())


@dataclass(frozen=True, slots=True)
class Sample:
    """How it reads for one person, whose name is masked."""

    who: str
    title: str
    body: str
    sms: str
    sms_parts: int
    card: dict[str, str]


def sample_of(template: Template, person: Person | None) -> Sample:
    names = in_order(template.wechat_fields)
    fields = [template.wechat_fields[name] for name in names]
    texts = [template.title, template.body, template.sms_text, *fields]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT notices_fill(t, %s) FROM unnest(%s::text[]) WITH ORDINALITY AS x(t, nth) ORDER BY nth",
            [person.pk if person else None, texts],
        )
        filled = [text for (text,) in cursor.fetchall()]
    if person:
        filled = [text.replace(person.name, mask_name(person.name)) for text in filled]
    title, body, sms, *card = filled
    sms = signed(template.sms_signature, sms.replace("{link}", SAMPLE_LINK)) if sms else ""
    return Sample(
        who=mask_name(person.name) if person else "",
        title=title,
        body=body,
        sms=sms,
        sms_parts=sms_parts(sms) if sms else 0,
        card={name: wechat_value(name, value) for name, value in zip(names, card, strict=True)},
    )
