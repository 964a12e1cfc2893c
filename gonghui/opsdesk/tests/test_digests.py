"""五问五答: exactly five, in one issue only, by two hands, told to the groups, and never changed afterwards."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Broadcast, DigestEntry, DigestIssue, DigestRead
from gonghui.opsdesk.queries import candidates, issues_seen
from gonghui.opsdesk.tests.stage import TITLE, again, five, opened, published, recipients, taken

pytestmark = pytest.mark.django_db


def drafted(stage, answers=(), who="operator") -> DigestIssue:
    actor = stage.actor(who)
    row = actions.draft_digest(actor, union_id=stage.union("city"))
    ids = [one.pk for one in answers]
    return actions.choose_five(actor, digestissue_id=row.pk, answer_ids=ids, foreword="本期说说名册导入")


def submitted(stage, answers) -> DigestIssue:
    return actions.submit_digest(stage.actor("operator"), digestissue_id=drafted(stage, answers).pk)


def issued(stage, answers=None) -> DigestIssue:
    row = submitted(stage, answers or five(stage))
    return actions.publish_digest(stage.actor("city_admin"), digestissue_id=row.pk)


def refused(code: str, verb, actor, **facts) -> None:
    """Nothing changed."""

    def now():
        entries = (
            DigestEntry.objects.unscoped("test").order_by("id").values_list("issue_id", "answer_id", "place")
        )
        return list(DigestIssue.objects.unscoped("test").order_by("id").values_list("id", "state")), list(
            entries
        )

    before = now()
    with pytest.raises(DomainError) as error, transaction.atomic():
        verb(actor, **facts)
    assert (error.value.code, now()) == (code, before)


def test_five_are_chosen_reviewed_by_another_and_published(stage):
    group = opened(stage, rule="subtree")
    answers = five(stage)
    row = issued(stage, answers)
    assert (row.state, row.number, str(row)) == ("published", 1, "五问五答 第 1 期")
    assert list(row.entries.values_list("place", "answer_id")) == [
        (n, one.pk) for n, one in enumerate(answers, 1)
    ]
    told = Broadcast.objects.unscoped("test").get()
    assert (told.kind, told.link) == ("digest", f"/console/opsdesk/digests/{row.pk}")
    assert recipients(told) == {"district_admin", "factory_admin", "operator", "second_operator"}
    assert [one.group_id for one in told.to_groups.all()] == [group.pk]
    assert {again(one.question).state for one in answers} == {"digested"}
    connection.check_constraints()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_than_five_are_not_handed_on(stage, count):
    row = drafted(stage, five(stage, count))
    refused("opsdesk_not_five", actions.submit_digest, stage.actor("operator"), digestissue_id=row.pk)


def test_six_are_not_chosen(stage):
    row = drafted(stage)
    six = [one.pk for one in five(stage, 6)]
    refused(
        "opsdesk_not_five",
        actions.choose_five,
        stage.actor("operator"),
        digestissue_id=row.pk,
        answer_ids=six,
    )


def test_database_lets_no_issue_out_without_exactly_five(stage):
    row = drafted(stage, five(stage, 4))
    issues = DigestIssue.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        issues.update(state="submitted")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "exactly five" in str(error.value)
    with pytest.raises(IntegrityError), transaction.atomic():
        issues.update(state="published", reviewer=stage.cast.users["city_admin"], published_at=clock.now())
    fifth = published(stage, "第五问")
    with pytest.raises(IntegrityError), transaction.atomic():
        DigestEntry.objects.create(issue=row, union=row.union, answer=fifth, place=6, title="x", text="y")
    DigestEntry.objects.create(issue=row, union=row.union, answer=fifth, place=5, title="x", text="y")
    issues.update(state="submitted")
    with pytest.raises(IntegrityError), transaction.atomic():
        issues.update(state="published", reviewer=stage.cast.users["operator"], published_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        issues.update(state="published", published_at=clock.now())


def test_published_issue_never_changes(stage):
    row = issued(stage)
    issues = DigestIssue.objects.unscoped("test").filter(pk=row.pk)
    entries = DigestEntry.objects.unscoped("test").filter(issue=row)
    for wrong in (
        lambda: issues.update(foreword="别的"), lambda: issues.update(state="draft"), issues.delete,
        lambda: issues.update(number=9), lambda: entries.update(text="别的"), entries.delete,
        lambda: entries.filter(place=1).delete(), lambda: issues.update(published_at=clock.now()),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
    one = entries.get(place=1)
    said = actions.Published("改过的问题", "改过的答案")
    actions.revise_answer(stage.actor("operator"), answer_id=one.answer_id, said=said)
    actions.withdraw_answer(stage.actor("operator"), answer_id=one.answer_id)
    assert (again(one).title, again(one).text) == (one.title, one.text)
    for verb in (actions.discard_digest, actions.submit_digest, actions.publish_digest):
        who = "city_admin" if verb is actions.publish_digest else "operator"
        refused("illegal_move", verb, stage.actor(who), digestissue_id=row.pk)


def test_answer_stands_in_one_issue_of_a_union(stage):
    first = issued(stage)
    used = first.entries.get(place=3).answer
    fresh = [published(stage, f"新问题{n}") for n in range(4)]
    row = drafted(stage, fresh)
    refused(
        "opsdesk_foreign_answer", actions.choose_five, stage.actor("operator"), digestissue_id=row.pk,
        answer_ids=[used.pk, *(one.pk for one in fresh)],
    )  # fmt: skip
    assert used not in candidates(row) and set(fresh) == set(candidates(row))
    with pytest.raises(IntegrityError), transaction.atomic():
        DigestEntry.objects.create(issue=row, union=row.union, answer=used, place=5, title="x", text="y")
    assert row.number == 2


def test_maker_does_not_publish_and_nobody_beside_does(stage):
    row = submitted(stage, five(stage))
    publish = actions.publish_digest
    refused("opsdesk_own_issue", publish, stage.actor("operator"), digestissue_id=row.pk)
    for who in ("sister_admin", "reviewer", "district_admin", "judge", "mei", "anonymous"):
        refused("not_found", publish, stage.actor(who), digestissue_id=row.pk)
    refused(
        "opsdesk_not_editor",
        actions.choose_five,
        stage.actor("second_operator"),
        digestissue_id=row.pk,
        answer_ids=[],
    )
    refused(
        "illegal_move", actions.choose_five, stage.actor("operator"), digestissue_id=row.pk, answer_ids=[]
    )
    actions.return_digest(stage.actor("city_admin"), digestissue_id=row.pk, reason="第三问换一条")
    assert again(row).state == "draft"


def test_one_issue_is_in_the_making_and_a_discarded_one_frees_its_answers(stage):
    answers = five(stage)
    row = drafted(stage, answers)
    assert drafted(stage, answers).pk == row.pk
    refused(
        "opsdesk_digest_open", actions.draft_digest, stage.actor("city_admin"), union_id=stage.union("city")
    )
    with pytest.raises(DomainError) as error:
        actions.withdraw_answer(stage.actor("city_admin"), answer_id=answers[0].pk)
    assert error.value.code == "opsdesk_answer_in_digest"
    actions.discard_digest(stage.actor("city_admin"), digestissue_id=row.pk)
    assert issued(stage, answers).number == 1
    connection.check_constraints()


def test_candidates_are_ranked_by_how_often_asked_seconded_and_read_since_the_last_issue(stage):
    quiet, read, same, asked_often = (published(stage, f"{TITLE}{n}") for n in "甲乙丙丁")
    for who in ("factory_admin", "district_admin"):
        actions.read_answer(stage.actor(who), answer_id=read.pk)
    actions.mark_same(stage.actor("factory_admin"), answer_id=same.pk)
    actions.mark_same(stage.actor("district_admin"), answer_id=same.pk)
    for _n in range(3):
        row = taken(stage)
        actions.point_to_answer(stage.actor("operator"), question_id=row.pk, answer_id=asked_often.pk)
    found = candidates(drafted(stage))
    assert found == [asked_often, same, read, quiet]
    assert [(one.asked, one.same, one.read) for one in found] == [(4, 0, 0), (1, 2, 0), (1, 0, 2), (1, 0, 0)]
    issued(stage, [quiet, *(published(stage, f"凑数{n}") for n in range(4))])
    later = actions.draft_digest(stage.actor("operator"), union_id=stage.union("city"))
    assert [(one.asked, one.same, one.read) for one in candidates(later)] == [(0, 0, 0)] * 3
    actions.read_answer(stage.actor("reviewer"), answer_id=read.pk)
    assert candidates(later)[0] == read


def test_issue_is_read_below_and_not_beside_and_counted_once(stage):
    draft = submitted(stage, five(stage))
    refused("not_found", actions.read_digest, stage.actor("factory_admin"), digestissue_id=draft.pk)
    row = actions.publish_digest(stage.actor("city_admin"), digestissue_id=draft.pk)
    for who in ("factory_admin", "factory_admin", "reviewer"):
        actions.read_digest(stage.actor(who), digestissue_id=row.pk)
    assert DigestRead.objects.unscoped("test").count() == 2
    for who in ("sister_admin", "riders_admin", "judge", "mei", "anonymous"):
        refused("not_found", actions.read_digest, stage.actor(who), digestissue_id=row.pk)
        assert not issues_seen(stage.actor(who)).exists()
    assert list(issues_seen(stage.actor("factory_admin"))) == [row]


def test_issue_of_a_union_without_groups_goes_to_all_administrators_below(stage):
    issued(stage)
    assert recipients(Broadcast.objects.unscoped("test").get()) == {
        "district_admin", "factory_admin", "operator", "second_operator",
    }  # fmt: skip
