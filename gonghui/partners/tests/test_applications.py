import threading

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.config.actors import actor_of
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.partners import actions, errors
from gonghui.partners.models import ApplicationFile, MerchantRole, Partner, PartnerApplication, Store
from gonghui.partners.tests.stage import applied, filled, good_uscc, new_staff, new_user
from tests.cast import new_cast

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)


def refused(reason, call, *args, **facts):
    with pytest.raises(DomainError) as caught, transaction.atomic():
        call(*args, **facts)
    assert caught.value.reason is reason
    return caught.value


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def test_application_is_approved_into_partner_stores_and_owner(cast):
    row = applied(cast)
    reviewer = cast.actor("city_admin")
    actions.take_application(reviewer, partnerapplication_id=row.pk)
    row = actions.approve_application(reviewer, partnerapplication_id=row.pk)
    partner = Partner.objects.unscoped("test").get(pk=row.partner_id)
    assert (row.state, partner.name, partner.uscc, partner.state) == (
        "approved", "东江好味食堂有限公司", good_uscc(), "active",
    )  # fmt: skip
    stores = Store.objects.unscoped("test").filter(partner=partner)
    assert list(stores.values_list("name", "address")) == [("江口店", "江口路 1 号")]
    owner = actor_of(row.applicant)
    assert owner.owns("partner") == {partner.pk}
    assert owner.owns("books") == owner.owns("store") == {stores.get().pk}


def test_saved_draft_may_be_incomplete_and_is_one_a_person(cast):
    user = new_user("13800000051")
    first = actions.save_application(actor_of(user), company="好味")
    again = actions.save_application(actor_of(user), offer="八折")
    assert (again.pk, now(first).company, now(first).offer) == (first.pk, "好味", "八折")


def test_submitting_an_incomplete_application_names_what_is_missing(cast):
    user = new_user("13800000051")
    row = actions.save_application(actor_of(user), **filled(cast, company="", offer=""))
    said = refused(
        errors.APPLICATION_INCOMPLETE, actions.submit_application, actor_of(user), application_id=row.pk
    )
    assert said.message == "还有没填的内容：单位全称、愿意给职工的优惠。"
    assert now(row).state == "draft"


def test_wrong_credit_code_is_refused_with_why(cast):
    user = new_user("13800000051")
    row = actions.save_application(actor_of(user), **filled(cast, uscc="914401010000000000"))
    with pytest.raises(DomainError) as caught:
        actions.submit_application(actor_of(user), application_id=row.pk)
    assert caught.value.code == "bad_input"
    assert "统一社会信用代码" in caught.value.message
    assert now(row).state == "draft"


def test_company_that_applies_already_is_refused(cast):
    applied(cast)
    other = new_user("13800000052")
    row = actions.save_application(actor_of(other), **filled(cast))
    refused(errors.USCC_TAKEN, actions.submit_application, actor_of(other), application_id=row.pk)
    assert now(row).state == "draft"


def test_company_that_is_a_partner_is_refused(cast):
    partner = cast.store.partner
    partner.uscc = good_uscc()
    partner.save()
    user = new_user("13800000051")
    row = actions.save_application(actor_of(user), **filled(cast))
    refused(errors.USCC_TAKEN, actions.submit_application, actor_of(user), application_id=row.pk)


def test_reviewer_asks_and_applicant_answers(cast):
    row, reviewer = applied(cast), cast.actor("city_admin")
    actions.take_application(reviewer, partnerapplication_id=row.pk)
    actions.ask_applicant(reviewer, partnerapplication_id=row.pk, asked="请补门店地址")
    me = actor_of(row.applicant)
    actions.save_application(me, application_id=row.pk, stores=[{"name": "江口店", "address": "江口路 2 号"}])
    actions.submit_application(me, application_id=row.pk)
    assert (now(row).state, now(row).asked) == ("applied", "请补门店地址")


def test_submitted_application_is_not_edited(cast):
    row = applied(cast)
    with pytest.raises(DomainError) as caught:
        actions.save_application(actor_of(row.applicant), application_id=row.pk, company="别的")
    assert caught.value.code == "illegal_move"
    assert now(row).company == "东江好味食堂有限公司"


def test_whoever_entered_it_for_the_merchant_does_not_review_it(cast):
    new_user("13800000051")
    facts = filled(cast)
    union = facts.pop("union")
    admin = cast.actor("city_admin")
    row = actions.enter_application(admin, account="13800000051", union=union, **facts)
    refused(errors.OWN_APPLICATION, actions.take_application, admin, partnerapplication_id=row.pk)
    with pytest.raises(IntegrityError, match="application_reviewed_by_another"), transaction.atomic():
        PartnerApplication.objects.unscoped("test").filter(pk=row.pk).update(reviewer_id=admin.user_id)
    other = new_staff(cast, "reviewer", "reviewer", "city")
    actions.take_application(other, partnerapplication_id=row.pk)
    assert now(row).state == "under_review"


def test_second_reviewer_is_told_who_has_it(cast):
    row = applied(cast)
    actions.take_application(cast.actor("city_admin"), partnerapplication_id=row.pk)
    other = new_staff(cast, "reviewer", "reviewer", "city")
    for verb in (actions.take_application, actions.approve_application):
        refused(errors.OTHER_REVIEWER, verb, other, partnerapplication_id=row.pk)
    assert Partner.objects.unscoped("test").filter(uscc=good_uscc()).count() == 0


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "judge", "mei"])
def test_others_do_not_review(cast, who):
    row = applied(cast)
    with pytest.raises(DomainError):
        actions.take_application(cast.actor(who), partnerapplication_id=row.pk)
    assert now(row).state == "applied"


def test_rejected_company_may_apply_again(cast):
    row, reviewer = applied(cast), cast.actor("city_admin")
    actions.take_application(reviewer, partnerapplication_id=row.pk)
    actions.reject_application(reviewer, partnerapplication_id=row.pk, reason="经营范围不符")
    again = applied(cast, row.applicant)
    assert (now(row).state, now(row).reason, again.state) == ("rejected", "经营范围不符", "applied")


def test_applications_of_others_are_not_seen(cast):
    row = applied(cast)
    for who in ("mei", "sister_admin", "anonymous"):
        assert not PartnerApplication.objects.visible_to(cast.actor(who)).filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"\xff\xd8\xff" + b"<script>" * 20,
        b"%PDF-1.4 and no end",
        b"GIF89a\xff\xd9",
        PNG[:40],
    ],
)
def test_upload_that_is_not_what_it_claims_is_refused(cast, content):
    user = new_user("13800000051")
    row = actions.save_application(actor_of(user), company="好味")
    refused(
        errors.NOT_A_PICTURE,
        actions.attach_licence,
        actor_of(user),
        application_id=row.pk,
        name="营业执照.png",
        content=content,
    )
    assert ApplicationFile.objects.unscoped("test").count() == 0


def test_upload_is_kept_under_the_kind_its_bytes_tell(cast):
    user = new_user("13800000051")
    row = actions.save_application(actor_of(user), company="好味")
    actions.attach_licence(actor_of(user), application_id=row.pk, name="执照.pdf", content=PNG)
    kept = ApplicationFile.objects.unscoped("test").get()
    assert (kept.media_type, bytes(kept.content)) == ("image/png", PNG)


def test_upload_that_is_too_large_is_refused(cast):
    user = new_user("13800000051")
    row = actions.save_application(actor_of(user), company="好味")
    huge = PNG[:-12] + b"\0" * (5 * 1024 * 1024) + PNG[-12:]
    refused(
        errors.FILE_TOO_LARGE,
        actions.attach_licence,
        actor_of(user),
        application_id=row.pk,
        name="a.png",
        content=huge,
    )


def test_contact_is_sealed_in_the_table_and_in_the_audit_trail(cast):
    row = applied(cast)
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact_phone FROM partners_partnerapplication WHERE id = %s", [row.pk])
        assert b"13800000051" not in bytes(cursor.fetchone()[0])
    trail = AuditEntry.objects.unscoped("test").filter(
        table_name="partners_partnerapplication", row_id=row.pk
    )
    assert trail.count() == 2
    assert "13800000051" not in str(list(trail.values_list("before", "after")))


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once_make_one_partner():
    cast = new_cast()
    row = applied(cast)
    new_staff(cast, "reviewer", "reviewer", "city")
    answers = []

    def review(who):
        try:
            actor = cast.actor(who)
            actions.take_application(actor, partnerapplication_id=row.pk)
            actions.approve_application(actor, partnerapplication_id=row.pk)
            answers.append("approved")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=review, args=(who,)) for who in ("city_admin", "reviewer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert "approved" in answers
    assert set(answers) - {"approved"} <= {"other_reviewer", "illegal_move", "state_changed"}
    assert len(set(answers)) == 2
    assert Partner.objects.unscoped("test").filter(uscc=good_uscc()).count() == 1
    assert MerchantRole.objects.unscoped("test").count() == 1
