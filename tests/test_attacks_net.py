"""Attacks on the one data net: a bad document, a clerk of the sister city, wordings nobody's builder writes."""

from __future__ import annotations

import hashlib
import json
from functools import partial

import pytest
from django.urls import get_resolver, reverse

from gonghui.audiences.models import Audience
from gonghui.audiences.tests.stage import VERIFIED, saved
from gonghui.joining.actions import make_poster
from gonghui.joining.tests.stage import applied, counted, id_no
from gonghui.joining.tests.stage import build_stage as build_yard
from gonghui.kit import errors
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import exports
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import Person
from gonghui.members.tests import transferring
from gonghui.notices.actions import control
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import HeldOut, Message, SendRule
from gonghui.notices.tests.stage import a_send, a_template, crowd
from gonghui.opsdesk.tests import stage as desk
from gonghui.orgs.tests.stage import colleague
from tests.attackers import quiet
from tests.cast import IDS
from tests.walk import fingerprint

pytestmark = pytest.mark.django_db

# --- one person, one document -------------------------------------------------------------------------------

RESIDENTS_NUMBER = "这是居民身份证号码"
SAME_PERSON = [
    ("other", IDS["mei"][1]), ("other", IDS["mei"][1][:6] + IDS["mei"][1][8:17]), ("passport", "440101900307012"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "number"), SAME_PERSON)
def test_residents_number_under_another_kind_makes_no_second_person(cast, kind, number):
    yard = build_yard(cast)
    before = counted()
    with pytest.raises(DomainError, match=RESIDENTS_NUMBER):
        applied(yard, 7, name="陈小梅", id_type=kind, id_no=number)
    if kind == "passport":
        with pytest.raises(DomainError, match=RESIDENTS_NUMBER):
            verify_identity(cast.actor("stranger"), name="陈小梅", id_type=kind, id_no=number, consent=True)
    assert counted() == before
    assert Person.objects.unscoped("test").filter(name="陈小梅").count() == 1


# --- wordings nobody's builder writes -----------------------------------------------------------------------

BOMBS = [
    "[" * 8000 + "]" * 8000,
    '{"a":' * 2500 + "1" + "}" * 2500,
    "\x00",
    '{"version":1,"tree":{"all":[{"kind":"union","ids":[%s]}]}}' % ("9" * 30),
    '{"version":1,"tree":{"all":[{"kind":"age","from":NaN,"to":Infinity}]}}',
    '{"version":1,"tree":{"all":[{"kind":["union"]}]}}',
    '{"version":1,"tree":{"all":[{"kind":"did","what":"\\ud800","times":1,"days":null}]}}',
    '{"version":1,"tree":{"all":[{"kind":"did","what":{"a":1},"times":1,"days":null}]}}',
    '{"version":1,"tree":{"all":[{"kind":"consent","to":["health"]}]}}',
    '{"version":1,"tree":{"all":[{"kind":"consent","to":{"health":1}}]}}',
    '{"version":1,"tree":{"all":[{"kind":"joined","from":[],"to":{}}]}}',
    '{"version":1,"tree":{"all":[{"kind":"birthday","from":-1e9,"to":{}}]}}',
    '{"version":1,"tree":{"all":[{"kind":"gender","is":["male"]}]}}',
    '{"version":1,"tree":{"all":[{"kind":"audience","id":9223372036854775808}]}}',
    '{"version":1,"tree":{"all":[{"kind":"share","from":0,"to":"100"}]}}',
]


def test_wording_that_no_builder_writes_is_refused_and_saved_by_nobody(cast):
    client = quiet()
    cast.sign_in(client, "city_admin")
    facts = {"union": cast.unions["city"].pk, "name": "试", "rule": 24}
    for bomb in BOMBS:
        answer = client.post(reverse("admin:audience_new"), facts | {"predicate": bomb})
        assert answer.status_code == 422, bomb[:80]
        look = client.post(
            reverse("admin:audience_new"), facts | {"predicate": bomb}, headers={"X-Preview": "1"}
        )
        assert (look.status_code, [*look.json()]) == (200, ["problem"]), bomb[:80]
    assert not Audience.objects.unscoped("test").exists()


@pytest.mark.parametrize("who", ["9" * 30, "9" * 5000, "²", "٣", "-1", "1e3"])
def test_page_of_an_audience_takes_any_number_for_somebody(cast, who):
    client = quiet()
    cast.sign_in(client, "city_admin")
    address = reverse("admin:audience", args=[saved(cast, VERIFIED).pk])
    assert client.get(address, {"who": who}).status_code == 200


# --- ids of another city ------------------------------------------------------------------------------------


def asks(kind: str, **facts) -> str:
    return json.dumps({"version": 1, "tree": {"all": [{"kind": kind, **facts}]}})


def forms_of_the_sister(cast, yard) -> list[tuple[str, list, dict]]:
    """(page, its ids, what is sent): each speaks of something of 东江, or of a union outside 西岭."""
    stage, unions = desk.build_stage(cast), cast.unions
    sister, city, factory = (unions[name].pk for name in ("sister", "city", "factory"))
    ours = a_template(cast)
    theirs = a_template(cast, union="sister", maker="sister_admin", checker="province_admin").pk
    audience = saved(cast, VERIFIED)
    poster = make_poster(cast.actor("city_admin"), union_id=yard.yard.pk, place="东门")
    group = desk.opened(stage)
    broadcast = desk.sent(stage, group)
    question, answer = desk.taken(stage), desk.published(stage, "已经答过的另一个问题")
    send = a_send(cast, ours)
    named = {"name": "试", "rule": 24}
    sending = {"channels": ["inbox"], "holdout_percent": 0, "step": "look"}
    words = {"title": "标题", "body": "内容"}
    worker = {
        "name": "王大力",
        "id_type": "resident_id",
        "id_no": id_no(5),
        "phone": "13700000077",
        "seen": "on",
    }
    return [
        ("send_new", [], sending | {"template": theirs, "union": sister, "audience": audience.pk}),
        ("send_new", [], sending | {"template": ours.pk, "union": sister}),
        ("send_new", [], sending | {"template": theirs, "union": city}),
        ("send_result", [send.pk], {}),
        ("template_edit", [ours.pk], {"name": "改"}),
        ("template_look", [ours.pk], {}),
        ("audience", [audience.pk], {"do": "rebuild"}),
        ("audience_edit", [audience.pk], named | {"predicate": asks("verified", **{"is": True})}),
        ("audience_new", [], named | {"union": city, "predicate": asks("verified", **{"is": True})}),
        ("audience_new", [], named | {"union": sister, "predicate": asks("audience", id=audience.pk)}),
        ("audience_new", [], named | {"union": sister, "predicate": asks("union", ids=[factory])}),
        ("join_poster_new", [], {"union": yard.yard.pk, "place": "门口"}),
        ("join_poster_print", [poster.pk], {}),
        ("join_on_site", [], worker | {"union": yard.yard.pk, "group": "food_rider"}),
        ("opsdesk_broadcast_new", [], words | {"union": city, "groups": [group.pk]}),
        ("opsdesk_broadcast_new", [], words | {"union": sister, "groups": [group.pk]}),
        ("opsdesk_broadcast_new", [], words | {"union": sister, "below": city, "roles": ["org_admin"]}),
        ("opsdesk_broadcast_correct", [broadcast.pk], words),
        ("opsdesk_broadcast", [broadcast.pk], {}),
        ("opsdesk_group", [group.pk], {"do": "pick", "login": "sister_admin"}),
        ("opsdesk_phone", [group.pk, cast.users["city_admin"].pk], {"reason": "工作需要联系"}),
        ("opsdesk_question", [question.pk], {"do": "answer", "words": "不归您管"}),
        ("opsdesk_publish", [question.pk], words | {"union": sister}),
        ("opsdesk_answer", [answer.pk], {"do": "withdraw"}),
        ("opsdesk_answer_edit", [answer.pk], words),
        ("referral_campaign_new", [], {"union": city, "name": "试"}),
        ("person_seen_by", [cast.people["mei"].pk], {}),
    ]


RULES = {
    "members_transferrule": {
        "release_days": 1, "release_silence": "pass", "accept_days": 1, "accept_silence": "pass", "clause": "试",
        "is_active": "on",
    },
    "joining_joinrule": {"review_days": 60},
    "notices_sendrule": {"two_from": 1_000_000},
    "opsdesk_deskrule": {"answer_days": 30, "reply_days": 30, "confirm_days": 30, "mend_days": 30},
}  # fmt: skip


def test_forms_sent_with_ids_of_another_city_change_nothing(cast):
    yard = build_yard_apart(cast)
    client = quiet()
    cast.sign_in(client, "sister_admin")
    knocks = [
        (reverse(f"admin:{name}", args=ids), sent) for name, ids, sent in forms_of_the_sister(cast, yard)
    ]
    for name, sent in RULES.items():
        knocks += [
            (reverse(f"admin:{name}_add"), sent | {"union": cast.unions[u].pk}) for u in ("city", "province")
        ]
    before = fingerprint()
    for address, sent in knocks:
        answer = client.post(address, sent)
        # 200: Django's own form again, with the union refused.
        assert answer.status_code in {403, 404, 405, 422} | ({200} if address.endswith("/add/") else set()), (
            address
        )
        assert "现在能发到" not in answer.content.decode(), address
        assert client.get(address).status_code < 500, address
    assert fingerprint() == before


def build_yard_apart(cast):
    """The truck yard without its reviewers, who have the names of others here."""
    yard = build_yard(cast)
    for name in ("officer", "reviewer", "second"):
        type(cast.users[name]).objects.unscoped("test").filter(pk=cast.users[name].pk).update(
            login=f"yard_{name}"
        )
    return yard


# --- who is left out ----------------------------------------------------------------------------------------


def test_who_chooses_the_key_of_a_form_does_not_choose_who_is_held_out(cast):
    people = [person.pk for person in crowd(cast, 60)]
    send = a_send(
        cast, a_template(cast), holdout_percent=50, key="console:00000000-0000-4000-8000-000000000001"
    )
    guessed = {
        pk for pk in people if int(hashlib.md5(f"{send.key}:{pk}".encode()).hexdigest()[:8], 16) % 100 < 50
    }  # fmt: skip
    held = HeldOut.objects.unscoped("test").filter(send=send, person_id__in=people)
    assert set(held.values_list("person_id", flat=True)) != guessed


# --- words ---------------------------------------------------------------------------------------------------


def test_every_refusal_of_the_house_says_what_to_do_next():
    assert get_resolver().url_patterns  # every room is read
    silent = [code for code, refusal in errors._known.items() if not str(refusal.advice).strip()]
    assert (len(errors._known) > 600, silent) == (True, [])


# --- two hands at once --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_words_of_two_hands_at_once_are_one(cast):
    """Refused and agreed to, released and declined, let go twice, taken up twice: each has one outcome."""
    colleague(cast, "second", union="province")
    export = asked_export(cast)
    proposed = sent_to_many(cast)
    transfer = transferring.opened(cast)
    first, second = (cast.actor(name) for name in ("province_admin", "second"))
    said = at_once(
        lambda: exports.approve_export(first, export_id=export.pk),
        lambda: exports.refuse_export(second, export_id=export.pk, reason="用途不清楚"),
    )
    assert outcomes(said) == 1
    said = at_once(
        lambda: control.release_send(first, send_id=proposed.pk),
        lambda: control.decline_send(second, send_id=proposed.pk, reason="内容不对"),
    )
    assert outcomes(said) == 1
    said = at_once(
        *[partial(transferring.release_transfer, actor, transfer_id=transfer.pk) for actor in (first, second)]
    )
    assert (outcomes(said), transferring.steps(transferring.again(transfer))) == (
        1,
        [("opened", "member"), ("released", "union")],
    )
    going = a_send(cast, proposed.template)
    control.release_send(first, send_id=going.pk)
    control.pause_send(first, send_id=going.pk)
    assert (
        outcomes(
            at_once(*[partial(control.resume_send, actor, send_id=going.pk) for actor in (first, second)])
        )
        == 1
    )
    for _run in range(2):
        deliver(Actor.system("test"), send_id=going.pk)
    assert Message.objects.unscoped("test").filter(send=going).count() == going.recipients


def outcomes(said: list) -> int:
    """How many were done; the others were refused in words."""
    assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in said), said
    return sum(not isinstance(one, DomainError) for one in said)


def asked_export(cast):
    terms = exports.ExportTerms(table="members.Person", title="职工", reason="核对体检名单")
    return exports.ask_export(cast.actor("city_admin"), terms=terms, row_ids=[cast.people["mei"].pk])


def sent_to_many(cast):
    SendRule.objects.create(union=cast.unions["city"], two_from=2)
    return a_send(cast, a_template(cast))
