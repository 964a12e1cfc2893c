"""SM-14: promised before, drawn once, checked by anybody from the published file, undone only by two."""

import datetime as dt
import json
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction

from gonghui.benefits import queries, tasks
from gonghui.benefits.actions import claims, draws, news, releases
from gonghui.benefits.actions.draws import token_of
from gonghui.benefits.actions.releases import DrawWeights, PoolPlan
from gonghui.benefits.draws.document import BadDocument, parse_draw_file
from gonghui.benefits.draws.verifier import is_sound, verify
from gonghui.benefits.models import (
    Draw,
    DrawEntry,
    DrawPage,
    DrawTerms,
    DrawVoid,
    Offer,
    Party,
    Pool,
    Release,
    Voucher,
    WaitEntry,
)
from gonghui.benefits.tests.crowd import counts, new_crowd
from gonghui.benefits.tests.plans import SYSTEM, announced, drafted, fresh, in_minutes, pool_of, refused
from gonghui.kit.audit import trail_of
from gonghui.kit.errors import DomainError
from gonghui.members.models import Delegation
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, Send


def taking_entries(cast, **fields) -> Release:
    """Announced, and open since a minute."""
    release = announced(cast, mode="draw", **fields)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=in_minutes(-60), opens_at=in_minutes(-1), state="open"
    )
    return fresh(release)


def draw_of(release: Release) -> Draw:
    return Draw.objects.unscoped("test").get(release=release)


def with_crowd(release: Release, size: int, seats: int = 1) -> list[int]:
    pool, crowd = pool_of(release), new_crowd(size)
    DrawEntry.objects.bulk_create(
        DrawEntry(release=release, pool=pool, person_id=p, seats=1 + n % seats) for n, p in enumerate(crowd)
    )
    return crowd


def close_and_draw(release: Release) -> Draw:
    """Through the timers, as it happens unattended."""
    with time_machine.travel(release.closes_at, tick=True):
        tasks.follow_the_clock(0)
    with time_machine.travel(draw_of(release).published_at + dt.timedelta(minutes=10), tick=True):
        tasks.follow_the_clock(0)
    return draw_of(release)


def published(document: dict) -> dict:
    """As it arrives on somebody else's machine."""
    return parse_draw_file(json.dumps(document, ensure_ascii=False))


# --- Promise and entries ------------------------------------------------------------------------------------


def test_announcing_publishes_the_hash_of_a_sealed_seed(cast):
    release = announced(cast, mode="draw")
    draw = draw_of(release)
    document = published(queries.draw_document(draw.pk))
    assert draw.state == "configured"
    assert document["announced"]["commitments"] == [{"party": "东江市总工会", "seed_hash": draw.seed_hash}]
    assert (document["closed"], document["drawn"]) == (None, None)
    assert is_sound(verify(document))
    assert draw.seed not in json.dumps(document)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seed FROM benefits_draw WHERE id = %s", [draw.pk])
        assert draw.seed.encode() not in bytes(cursor.fetchone()[0])


def test_nothing_is_published_of_a_draft(cast):
    drafted(cast, mode="draw")
    assert DrawPage.objects.count() == 0


def test_entering_and_leaving(cast):
    release = taking_entries(cast)
    pool, mei = pool_of(release), cast.actor("mei")
    entry = draws.enter_draw(mei, pool_id=pool.pk, seats=2, companions=["陈大文"])
    assert (entry.person_id, entry.seats, entry.weight) == (cast.people["mei"].pk, 2, 1)
    assert Party.objects.unscoped("test").get().names == ["陈大文"]
    assert refused(draws.enter_draw, mei, pool_id=pool.pk) == "already_entered"
    draws.leave_draw(mei, pool_id=pool.pk)
    assert refused(draws.leave_draw, mei, pool_id=pool.pk) == "not_entered"
    assert (DrawEntry.objects.unscoped("test").count(), Party.objects.unscoped("test").count()) == (0, 0)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hua", "not_verified"),
        ("qiang", "not_in_audience"),
        ("stranger", "sign_in_first"),
        ("anonymous", "sign_in_first"),
    ],
)
def test_only_the_entitled_enter(cast, name, code):
    release = taking_entries(cast)
    assert refused(draws.enter_draw, cast.actor(name), pool_id=pool_of(release).pk) == code
    assert DrawEntry.objects.unscoped("test").count() == 0


def test_entering_for_another_needs_their_leave(cast):
    release = taking_entries(cast)
    pool, lan = pool_of(release), cast.people["lan"]
    facts = {"pool_id": pool.pk, "for_person": lan.pk}
    assert refused(draws.enter_draw, cast.actor("mei"), **facts) == "not_delegated"
    Delegation.objects.create(person=lan, delegate=cast.people["mei"])
    entry = draws.enter_draw(cast.actor("mei"), **facts)
    assert (entry.person_id, entry.booked_by_id) == (lan.pk, cast.people["mei"].pk)


def test_party_is_limited_and_named_where_asked(cast):
    release = taking_entries(cast, names_required=True)
    pool_id, mei = pool_of(release).pk, cast.actor("mei")
    assert refused(draws.enter_draw, mei, pool_id=pool_id, seats=4) == "party_too_large"
    assert refused(draws.enter_draw, mei, pool_id=pool_id, seats=3, companions=["甲"]) == "names_missing"
    assert refused(draws.enter_draw, mei, pool_id=pool_id, seats=1, companions=["甲"]) == "party_too_large"


def test_entries_are_taken_between_opening_and_closing(cast):
    release = announced(cast, mode="draw")
    pool_id, mei = pool_of(release).pk, cast.actor("mei")
    assert refused(draws.enter_draw, mei, pool_id=pool_id) == "draw_not_open"
    with time_machine.travel(release.closes_at, tick=False):
        assert refused(draws.enter_draw, mei, pool_id=pool_id) == "release_over"


def test_nobody_claims_from_a_draw(cast):
    release = taking_entries(cast)
    assert claims.claim(cast.actor("mei"), pool_id=pool_of(release).pk, key=uuid4()).answer == "not_grab"


def test_weights_follow_losses_up_to_the_limit(cast):
    first = taking_entries(cast)
    mei = cast.people["mei"]
    DrawEntry.objects.create(release=first, pool=pool_of(first), person=mei, outcome="lost", rank=1)
    plain = taking_entries(cast)
    weighed = taking_entries(cast, weights=DrawWeights(weight_per_loss=5, weight_max=3))
    weights = [draws.enter_draw(cast.actor("mei"), pool_id=pool_of(r).pk).weight for r in (plain, weighed)]
    assert weights == [1, 3]
    terms = DrawPage.objects.get(draw__release=weighed).announced["terms"]
    assert "一年内每落选一次权重加 5，最高 3" in terms["conditions"]


# --- Drawing ------------------------------------------------------------------------------------------------


def test_draw_is_reproducible_from_the_published_document_alone(cast):
    release = taking_entries(cast, places=7)
    announcement = queries.draw_document(draw_of(release).pk)["fingerprints"]["announced"]
    crowd = with_crowd(release, 40, seats=3)
    draw = close_and_draw(release)
    document = published(queries.draw_document(draw.pk))
    checks = verify(document, noted={"announced": announcement})
    assert [str(c) for c in checks if not c.ok] == []
    drawn = document["drawn"]
    assert drawn["seeds"] == [draw.revealed_seed]
    tokens = {token_of(draw, p): p for p in crowd}
    holders = Voucher.objects.unscoped("test").order_by("serial").values_list("person_id", flat=True)
    assert list(holders) == [tokens[t] for t in drawn["winners"]]
    waiting = WaitEntry.objects.unscoped("test").order_by("position").values_list("person_id", flat=True)
    assert list(waiting) == [tokens[t] for t in drawn["waiting"]][: len(waiting)]
    assert counts(pool_of(release)) == (7, 0)
    outcomes = DrawEntry.objects.unscoped("test").order_by("rank").values_list("rank", "outcome")
    won = len(drawn["winners"])
    assert list(outcomes) == [(n + 1, "won" if n < won else "lost") for n in range(40)]


def test_all_who_entered_may_win(cast):
    release = taking_entries(cast, places=10)
    with_crowd(release, 4)
    draw = close_and_draw(release)
    assert counts(pool_of(release)) == (4, 6)
    assert len(queries.draw_document(draw.pk)["drawn"]["winners"]) == 4


def test_draw_without_entries_ends_too(cast):
    release = taking_entries(cast)
    draw = close_and_draw(release)
    assert (draw.state, draw.entries_count) == ("drawn", 0)
    assert is_sound(verify(published(queries.draw_document(draw.pk))))


def test_winners_and_losers_are_told_once(cast):
    release = taking_entries(cast, places=1)
    crowd = with_crowd(release, 3)
    close_and_draw(release)
    news.tell_news(SYSTEM)
    news.tell_news(SYSTEM)
    deliver(SYSTEM, send_id=Send.objects.unscoped("test").get().pk)
    titles = sorted(Message.objects.unscoped("test").values_list("title", flat=True))
    assert titles == ["您中签了", "抽签结果：未中签", "抽签结果：未中签"]
    assert sorted(Message.objects.unscoped("test").values_list("person_id", flat=True)) == crowd


def test_party_entered_with_names_holds_a_named_ticket(cast):
    release = taking_entries(cast, places=3, names_required=True)
    draws.enter_draw(cast.actor("mei"), pool_id=pool_of(release).pk, seats=3, companions=["陈大文", "陈小文"])
    close_and_draw(release)
    news.tell_news(SYSTEM)
    voucher = Voucher.objects.unscoped("test").get()
    assert (voucher.state, voucher.seats, voucher.companions) == ("confirmed", 3, ["陈大文", "陈小文"])


def test_the_next_on_the_drawn_list_gets_a_returned_ticket(cast):
    release = taking_entries(cast, places=1)
    draws.enter_draw(cast.actor("mei"), pool_id=pool_of(release).pk)
    draws.enter_draw(cast.actor("lan"), pool_id=pool_of(release).pk)
    Release.objects.unscoped("test").filter(pk=release.pk).update(cancel_until=in_minutes(3000))
    close_and_draw(release)
    holder = Voucher.objects.unscoped("test").get()
    name = "mei" if holder.person_id == cast.people["mei"].pk else "lan"
    (promoted,) = claims.return_voucher(cast.actor(name), voucher_id=holder.pk)
    assert promoted.person_id == WaitEntry.objects.unscoped("test").get().person_id


# --- Nobody redraws quietly ---------------------------------------------------------------------------------


def test_entries_stand_still_once_published(cast):
    release = taking_entries(cast)
    with_crowd(release, 3)
    with time_machine.travel(release.closes_at, tick=True):
        tasks.follow_the_clock(0)
    entries = DrawEntry.objects.unscoped("test")
    with pytest.raises(IntegrityError), transaction.atomic():
        with_crowd(release, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        entries.update(weight=50)
    with pytest.raises(IntegrityError), transaction.atomic():
        entries.all().delete()
    assert entries.count() == 3


def test_draw_is_not_published_or_drawn_before_its_time(cast):
    release, admin = taking_entries(cast), cast.actor("city_admin")
    draw = draw_of(release)
    assert refused(draws.publish_draw, admin, draw_id=draw.pk) == "draw_not_closed"
    assert refused(draws.run_draw, admin, draw_id=draw.pk) == "illegal_move"
    assert draw_of(release).state == "configured"


def test_draw_is_drawn_once(cast):
    release = taking_entries(cast, places=1)
    with_crowd(release, 5)
    draw = close_and_draw(release)
    before = queries.draw_document(draw.pk)
    for actor in (SYSTEM, cast.actor("city_admin")):
        assert refused(draws.run_draw, actor, draw_id=draw.pk) == "illegal_move"
    assert queries.draw_document(draw.pk) == before
    assert Voucher.objects.unscoped("test").count() == 1


@pytest.mark.parametrize("name", ["sister_admin", "finance_officer", "mei", "anonymous"])
def test_draw_is_run_only_by_those_who_may(cast, name):
    release = taking_entries(cast)
    code = refused(draws.run_draw, cast.actor(name), draw_id=draw_of(release).pk)
    assert code in {"not_allowed", "not_found"}
    assert draw_of(release).state == "configured"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE benefits_draw SET seed_hash = repeat('0', 64)",
        "UPDATE benefits_draw SET pool_id = pool_id + 1",
        "DELETE FROM benefits_drawpage",
        "DELETE FROM benefits_draw",
        "UPDATE benefits_drawpage SET announced = '{}'",
        "UPDATE benefits_pool SET capacity = capacity + 1",
        "UPDATE benefits_drawterms SET weight_max = 9",
        "DELETE FROM benefits_drawterms",
    ],
)
def test_what_was_announced_cannot_be_changed_by_anybody(cast, statement):
    release = announced(cast, mode="draw")
    before = queries.draw_document(draw_of(release).pk)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert queries.draw_document(draw_of(release).pk) == before
    assert DrawTerms.objects.get(release=release).weight_max == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE benefits_drawpage SET closed = '{}'",
        "UPDATE benefits_drawpage SET drawn = NULL",
        "UPDATE benefits_draw SET state = 'published'",
        "UPDATE benefits_draw SET revealed_seed = repeat('0', 64)",
        "UPDATE benefits_draw SET entries_root = repeat('0', 64)",
        "UPDATE benefits_drawentry SET outcome = 'won'",
        "UPDATE benefits_drawentry SET rank = rank + 100",
    ],
)
def test_what_was_drawn_cannot_be_changed_by_anybody(cast, statement):
    release = taking_entries(cast, places=1)
    with_crowd(release, 3)
    draw = close_and_draw(release)
    before = queries.draw_document(draw.pk)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert queries.draw_document(draw.pk) == before


def test_exchanged_seed_is_refused_where_it_is_drawn(cast):
    """Somebody with the keys seals another seed under the promised hash: the draw refuses, nothing is written."""
    release = taking_entries(cast, places=1)
    with_crowd(release, 3)
    with time_machine.travel(release.closes_at, tick=True):
        tasks.follow_the_clock(0)
    draw = draw_of(release)
    draw.seed = "00" * 32
    draw.save(update_fields=["seed"])
    with pytest.raises(BadDocument):
        draws.run_draw(SYSTEM, draw_id=draw.pk)
    assert (draw_of(release).state, Voucher.objects.unscoped("test").count()) == ("published", 0)


def test_drawing_is_all_or_nothing(cast):
    """The power fails in the middle: the next attempt draws the same."""
    release = taking_entries(cast, places=2)
    with_crowd(release, 6)
    with time_machine.travel(release.closes_at, tick=True):
        tasks.follow_the_clock(0)
    draw = draw_of(release)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        draws.run_draw(SYSTEM, draw_id=draw.pk)
        first = queries.draw_document(draw.pk)["drawn"]["winners"]
        raise ZeroDivisionError
    assert Voucher.objects.unscoped("test").count() == 0
    draws.run_draw(SYSTEM, draw_id=draw.pk)
    assert queries.draw_document(draw.pk)["drawn"]["winners"] == first


def test_voiding_takes_two_and_leaves_everything(cast):
    release = taking_entries(cast, places=1)
    with_crowd(release, 3)
    draw = close_and_draw(release)
    document = queries.draw_document(draw.pk)
    first, second = cast.actor("city_admin"), cast.actor("province_admin")
    assert refused(draws.propose_void, first, draw_id=draw.pk, reason=" ") == "reason_missing"
    void = draws.propose_void(first, draw_id=draw.pk, reason="名单外的人被录入")
    assert refused(draws.void_draw, first, void_id=void.pk) == "void_needs_second_person"
    assert draw_of(release).state == "drawn"
    draws.void_draw(second, void_id=void.pk)
    voided = draw_of(release)
    assert (voided.state, voided.void_reason) == ("voided", "名单外的人被录入")
    assert queries.draw_document(draw.pk) == document
    assert DrawEntry.objects.unscoped("test").count() == 3
    entry = trail_of(voided).first()
    assert (entry.actor_id, entry.reason) == (cast.users["province_admin"].pk, "名单外的人被录入")
    tasks.void_pool(pool_of(release).pk, "名单外的人被录入")
    assert counts(pool_of(release)) == (0, 1)


def test_voiding_by_one_person_is_refused_by_the_database(cast):
    release = taking_entries(cast, places=1)
    draw = close_and_draw(release)
    void = draws.propose_void(cast.actor("city_admin"), draw_id=draw.pk, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        DrawVoid.objects.unscoped("test").update(state="approved", decided_by_id=void.proposed_by_id)


@pytest.mark.parametrize("name", ["sister_admin", "finance_officer", "mei"])
def test_voiding_is_decided_only_by_those_who_may(cast, name):
    release = taking_entries(cast, places=1)
    draw = close_and_draw(release)
    void = draws.propose_void(cast.actor("city_admin"), draw_id=draw.pk, reason="x")
    assert refused(draws.void_draw, cast.actor(name), void_id=void.pk) in {"not_allowed", "not_found"}
    assert draw_of(release).state == "drawn"


def test_rejected_voiding_changes_nothing(cast):
    release = taking_entries(cast, places=1)
    draw = close_and_draw(release)
    void = draws.propose_void(cast.actor("city_admin"), draw_id=draw.pk, reason="x")
    assert draws.reject_void(cast.actor("province_admin"), void_id=void.pk).state == "rejected"
    assert draw_of(release).state == "drawn"


def test_releases_with_two_pools_have_two_draws(cast):
    release = drafted(cast, mode="draw")
    releases.add_pools(cast.actor("city_admin"), release_id=release.pk, pools=[PoolPlan("10月2日", 5)])
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    releases.announce_release(cast.actor("city_admin"), release_id=release.pk)
    assert Pool.objects.unscoped("test").count() == Draw.objects.unscoped("test").count() == 2
    assert len(queries.draw_documents(release.pk)) == 2


def worth(cast, yuan: int) -> Release:
    """A draw of places that cost so much, of which their holder pays 20 yuan."""
    release = drafted(cast, mode="draw", party_max=1)
    Offer.objects.unscoped("test").filter(pk=release.offer_id).update(
        list_price_fen=yuan * 100, merchant_fen=yuan * 100 - 2_000, union_fen=0, worker_fen=2_000
    )
    return fresh(release)


def test_prize_over_fifty_thousand_yuan_is_not_reviewed(cast):
    """What its holder pays is no prize. The clause is cited, and it stays a draft."""
    release = worth(cast, 50_021)
    with pytest.raises(DomainError) as said:
        releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    assert (said.value.code, fresh(release).state) == ("draw_prize_too_high", "draft")
    assert "规范促销行为暂行规定" in said.value.clause and "50,001" in said.value.message
    allowed = worth(cast, 50_020)
    releases.review_release(cast.actor("province_admin"), release_id=allowed.pk)
    assert fresh(allowed).state == "reviewed"


def test_announcement_says_what_a_place_is_worth(cast):
    release = announced(cast, mode="draw")
    page = DrawPage.objects.get(draw=draw_of(release))
    assert page.announced["terms"]["prizes"] == "珠岛夜游 3 个名额，每个价值 100 元，每组最多 3 人"
