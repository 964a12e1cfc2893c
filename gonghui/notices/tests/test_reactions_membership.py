import pytest

from gonghui.members.events import (
    CorrectionDecided,
    PhoneHandedOn,
    TransferDecided,
    TransferOpened,
    TransferPassedOn,
    TransferReleased,
)
from gonghui.members.models import TransferStep
from gonghui.members.tasks import answer_silent_transfers
from gonghui.members.tests import test_corrections as correcting
from gonghui.members.tests.transferring import accepted, cancelled, days_later, opened, refused, released
from gonghui.notices import reactions_membership as reactions
from gonghui.notices.queries import messages_of
from gonghui.notices.tests.test_reactions import deferred, titles

pytestmark = pytest.mark.django_db


def bodies(cast, name: str = "mei") -> list[str]:
    return [message.body for message in messages_of(cast.actor(name))]


def test_member_is_told_of_every_step_once(cast):
    accepted(cast)
    for _ in range(2):
        reactions.tell_transfer_opened(TransferOpened(**deferred("tell_transfer_opened")[0]))
        reactions.tell_transfer_released(TransferReleased(**deferred("tell_transfer_released")[0]))
        reactions.tell_transfer_decided(TransferDecided(**deferred("tell_transfer_decided")[0]))
    assert titles(cast, "mei") == ["转会办好了", "原工会已同意转出", "转会已提出"]


def test_refusal_says_who_and_why_and_cancelling_where_one_stays(cast):
    row = opened(cast)
    refused(cast, row, "sister_admin", "没有这份劳动合同")
    reactions.tell_transfer_decided(TransferDecided(transfer_id=row.pk))
    assert bodies(cast) == ["西岭配送工会联合会没有同意：没有这份劳动合同。您的会籍仍在蓝海机械厂工会。"]
    row = opened(cast)
    cancelled(cast, row)
    reactions.tell_transfer_decided(TransferDecided(transfer_id=row.pk))
    assert bodies(cast)[0] == "您的会籍仍在蓝海机械厂工会。"


def test_member_is_told_that_it_went_to_the_level_above(cast):
    released(cast)
    with days_later(11):
        answer_silent_transfers(0)
        step = TransferStep.objects.unscoped("test").get(kind="escalated")
        reactions.tell_transfer_passed_on(TransferPassedOn(step_id=step.pk))
    assert titles(cast, "mei") == ["转会已转上一级办理"]
    assert "西岭市总工会" in bodies(cast)[0]


def test_member_is_told_what_became_of_a_correction_and_why(cast):
    row = correcting.refused(cast, correcting.asked(cast))
    for _ in range(2):
        reactions.tell_correction_decided(CorrectionDecided(correction_id=row.pk))
    assert bodies(cast) == ["蓝海机械厂工会核对后没有更正姓名：照片看不清。可以补充后重新提出。"]
    row = correcting.approved(cast, correcting.asked(cast), "record")
    reactions.tell_correction_decided(CorrectionDecided(correction_id=row.pk))
    assert titles(cast, "mei") == ["资料已更正，请重新实名认证", "资料没有更正"]


def test_news_of_what_is_gone_is_no_error(cast):
    reactions.tell_transfer_opened(TransferOpened(transfer_id=0))
    reactions.tell_transfer_released(TransferReleased(transfer_id=0))
    reactions.tell_transfer_decided(TransferDecided(transfer_id=0))
    reactions.tell_transfer_passed_on(TransferPassedOn(step_id=0))
    reactions.tell_correction_decided(CorrectionDecided(correction_id=0))


def test_person_whose_number_was_handed_on_reads_of_it_when_they_are_back(cast):
    event = PhoneHandedOn(person_id=cast.people["mei"].pk, user_id=cast.users["mei"].pk)
    for _ in range(2):
        reactions.tell_phone_handed_on(event)
    assert titles(cast, "mei") == ["您原来的手机号换了主人"]
