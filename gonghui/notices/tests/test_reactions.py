import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.members.actions.delegations import ask_delegation, begin_delegation, end_delegation
from gonghui.members.actions.verification import verify_identity
from gonghui.members.events import DelegationBegan, DelegationEnded, MergeCaseSettled, PersonVerified
from gonghui.members.models import MergeCase
from gonghui.notices import reactions
from gonghui.notices.queries import messages_of
from tests.cast import IDS

pytestmark = pytest.mark.django_db


def titles(cast, name) -> list[str]:
    return [message.title for message in messages_of(cast.actor(name))]


def deferred(task: str) -> list[dict]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name__endswith=task)]


def test_verified_person_is_told_once_however_often_the_job_runs(cast):
    name, id_no, _phone = IDS["hua"]
    verify_identity(cast.actor("hua"), name=name, id_no=id_no, consent=True)
    (facts,) = deferred("tell_verified")
    for _ in range(2):
        reactions.tell_verified(PersonVerified(**facts))
    assert titles(cast, "hua") == ["实名认证已通过"]


@pytest.mark.parametrize("state", ["kept", "moved"])
def test_claimant_of_a_case_is_told_how_it_ended(cast, state):
    case = MergeCase.objects.create(
        person=cast.people["mei"], claimant=cast.users["stranger"], reason="linked_elsewhere", state=state
    )
    reactions.tell_case_settled(MergeCaseSettled(case_id=case.pk))
    assert titles(cast, "stranger") == ["身份核对有了结果"]


def test_both_sides_of_a_delegation_are_told(cast):
    other = {"name": IDS["lan"][0], "phone": IDS["lan"][2]}
    code = ask_delegation(cast.actor("mei"), **other)
    made = begin_delegation(cast.actor("mei"), code=code, **other)
    reactions.tell_delegation_began(DelegationBegan(**deferred("tell_delegation_began")[0]))
    end_delegation(cast.actor("lan"), delegation_id=made.pk)
    reactions.tell_delegation_ended(DelegationEnded(**deferred("tell_delegation_ended")[0]))
    assert (titles(cast, "lan"), titles(cast, "mei")) == (["有人可以代您预约"], ["代约关系已结束"])


def test_news_of_what_is_gone_is_no_error(cast):
    reactions.tell_case_settled(MergeCaseSettled(case_id=0))
    reactions.tell_delegation_began(DelegationBegan(delegation_id=0))
    reactions.tell_delegation_ended(DelegationEnded(delegation_id=0, ended_by_person_id=0))
