import datetime as dt
import threading

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.partners import actions, errors
from gonghui.partners.models import Agreement
from gonghui.partners.queries import agreement_on, may_trade
from gonghui.partners.tasks import follow_agreements
from gonghui.partners.tests.stage import new_owner, new_partner, new_staff, new_store, standing_agreement
from tests.cast import new_cast

TIMER = Actor.system("test")


def terms(**given):
    today = clock.today()
    return {
        "concession": "全场八五折",
        "concession_permille": 150,
        "starts_on": today,
        "ends_on": today + dt.timedelta(days=364),
        "cycle": "monthly",
        **given,
    }


def sent(cast, partner, **given):
    row = actions.draft_agreement(cast.actor("city_admin"), partner=partner, **terms(**given))
    reviewer = cast.users.get("reviewer")
    actor = cast.actor("reviewer") if reviewer else new_staff(cast, "reviewer", "reviewer", "city")
    return actions.send_agreement(actor, agreement_id=row.pk)


def signed(cast, partner, owner, **given):
    row = sent(cast, partner, **given)
    return actions.sign_agreement(
        actor_of(owner), agreement_id=row.pk, name="何佳", text_sha256=row.text_sha256
    )


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


@pytest.fixture
def shop(cast):
    partner = new_partner(cast, "好味食堂")
    return partner, new_store(partner), new_owner(partner, "13800000051")


def test_signed_agreement_keeps_who_when_and_the_text(cast, shop):
    partner, store, owner = shop
    row = now(signed(cast, partner, owner))
    assert (row.state, row.signer_id, row.signed_name) == ("effective", owner.pk, "何佳")
    assert "全场八五折" in row.text and len(row.text_sha256) == 64
    assert may_trade(store.pk, clock.today()) is None


def test_partner_without_an_agreement_may_not_trade(cast, shop):
    _partner, store, _owner = shop
    assert may_trade(store.pk, clock.today()).reason is errors.NO_AGREEMENT


def test_maker_does_not_send(cast, shop):
    admin = cast.actor("city_admin")
    row = actions.draft_agreement(admin, partner=shop[0], **terms())
    with pytest.raises(DomainError) as caught:
        actions.send_agreement(admin, agreement_id=row.pk)
    assert caught.value.reason is errors.OWN_DRAFT
    with pytest.raises(IntegrityError, match="maker_is_not_checker"), transaction.atomic():
        Agreement.objects.unscoped("test").filter(pk=row.pk).update(checker_id=admin.user_id)
    assert now(row).sent_at is None


def test_manager_and_stranger_do_not_sign(cast, shop):
    partner = shop[0]
    row = sent(cast, partner)
    manager = new_owner(partner, "13800000052", role="manager")
    sister = new_owner(new_partner(cast, "邻家"), "13800000053")
    for user, code in ((manager, "wrong_signer"), (sister, "not_found")):
        with pytest.raises(DomainError) as caught:
            actions.sign_agreement(
                actor_of(user), agreement_id=row.pk, name="甲", text_sha256=row.text_sha256
            )
        assert caught.value.code == code
    assert now(row).state == "draft"


def test_text_other_than_the_one_read_is_not_signed(cast, shop):
    row = sent(cast, shop[0])
    with pytest.raises(DomainError) as caught:
        actions.sign_agreement(actor_of(shop[2]), agreement_id=row.pk, name="甲", text_sha256="0" * 64)
    assert caught.value.reason is errors.AGREEMENT_TEXT_CHANGED
    assert now(row).state == "draft"


def test_agreements_of_one_partner_do_not_overlap(cast, shop):
    partner, _store, owner = shop
    signed(cast, partner, owner)
    second = sent(cast, partner, starts_on=clock.today() + dt.timedelta(days=100))
    with pytest.raises(DomainError) as caught:
        actions.sign_agreement(
            actor_of(owner), agreement_id=second.pk, name="何佳", text_sha256=second.text_sha256
        )
    assert caught.value.reason is errors.AGREEMENTS_OVERLAP
    assert now(second).state == "draft"


@pytest.mark.django_db(transaction=True)
def test_two_overlapping_agreements_signed_at_once_leave_one():
    cast = new_cast()
    partner = new_partner(cast, "好味食堂")
    owner = new_owner(partner, "13800000051")
    rows = [sent(cast, partner), sent(cast, partner)]
    answers = []

    def sign(row):
        try:
            actions.sign_agreement(
                actor_of(owner), agreement_id=row.pk, name="何佳", text_sha256=row.text_sha256
            )
            answers.append("signed")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["agreements_overlap", "signed"]
    assert Agreement.objects.unscoped("test").filter(state="effective").count() == 1


def test_calendar_starts_warns_and_ends(cast, shop):
    partner, store, owner = shop
    today = clock.today()
    row = signed(
        cast, partner, owner, starts_on=today + dt.timedelta(5), ends_on=today + dt.timedelta(days=95)
    )
    assert row.state == "signed"
    found = []
    for days in (5, 64, 65, 95, 96):
        with time_machine.travel(clock.now() + dt.timedelta(days=days), tick=False):
            follow_agreements(0)
            trades = may_trade(store.pk, clock.today()) is None
            found.append((days, now(row).state, trades))
    assert found == [
        (5, "effective", True),
        (64, "effective", True),
        (65, "expiring", True),
        (95, "expiring", True),
        (96, "expired", False),
    ]


def test_renewal_follows_without_a_gap(cast, shop):
    partner, store, owner = shop
    old = signed(cast, partner, owner)
    new = actions.renew_agreement(cast.actor("city_admin"), agreement_id=old.pk)
    assert new.starts_on == old.ends_on + dt.timedelta(days=1)
    new = actions.send_agreement(cast.actor("reviewer"), agreement_id=new.pk)
    actions.sign_agreement(actor_of(owner), agreement_id=new.pk, name="何佳", text_sha256=new.text_sha256)
    with time_machine.travel(clock.now() + dt.timedelta(days=365), tick=False):
        follow_agreements(0)
        assert (now(old).state, now(new).state) == ("renewed", "effective")
        assert agreement_on(partner.pk, clock.today()).pk == new.pk
        assert may_trade(store.pk, clock.today()) is None


def test_terminated_agreement_ends_trade_at_once(cast, shop):
    partner, store, owner = shop
    row = signed(cast, partner, owner)
    actions.terminate_agreement(cast.actor("city_admin"), agreement_id=row.pk, reason="严重违约")
    assert (now(row).state, now(row).reason) == ("terminated", "严重违约")
    assert may_trade(store.pk, clock.today()).reason is errors.NO_AGREEMENT


def test_store_trades_under_the_agreement_of_its_group(cast):
    group = new_partner(cast, "集团")
    mall = new_partner(cast, "商场", parent=group)
    store = new_store(mall)
    standing_agreement(group)
    assert may_trade(store.pk, clock.today()) is None
    actions.suspend_partner(cast.actor("city_admin"), partner_id=group.pk, reason="核查")
    assert may_trade(store.pk, clock.today()).reason is errors.PARTNER_SUSPENDED


def test_fee_is_a_term_that_is_read_signed_and_stays(cast, shop):
    partner, _store, owner = shop
    row = now(signed(cast, partner, owner, fee_bp=60))
    assert "六、" in row.text and "0.6%" in row.text.split("五、")[1].split("六、")[0]
    assert "不收取" in now(sent(cast, new_partner(cast, "邻家"))).text
    held = Agreement.objects.unscoped("test").filter(pk=row.pk)
    for change in ({"fee_bp": 0}, {"concession_permille": 1}, {"cycle": "weekly"}, {"silent_days": 3}):
        with pytest.raises(IntegrityError, match="sent to be signed stay"), transaction.atomic():
            held.update(**change)
    renewed = actions.renew_agreement(cast.actor("city_admin"), agreement_id=row.pk)
    assert (now(row).fee_bp, renewed.fee_bp) == (60, 60)


def test_fee_nobody_signed_is_refused(cast, shop):
    standing = standing_agreement(shop[0])
    with pytest.raises(IntegrityError, match="partner_agreement_fee_is_signed"), transaction.atomic():
        Agreement.objects.unscoped("test").filter(pk=standing.pk).update(fee_bp=1)
    assert now(standing).fee_bp == 0
