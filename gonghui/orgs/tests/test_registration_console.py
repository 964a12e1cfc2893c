"""建会申请, merge, dissolve and pools in the back office."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.console import dashboard
from gonghui.kit.models import AuditEntry
from gonghui.members.models import Membership, Person
from gonghui.orgs import actions
from gonghui.orgs.admin.registrations import registrations_to_decide, registrations_to_mend
from gonghui.orgs.models import Employer, RegistrationPaper, Union, UnionRegistration
from gonghui.orgs.tests.stage import PDF, PHONE, applied, bad_code, colleague, facts, good_code, region
from tests.cast import new_union
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db
NEW = "/console/registrations/new"


def form(cast, seed: int = 1, **given) -> dict:
    """As the page sends it."""
    new = facts(seed)
    asked = {name: getattr(new, name) for name in (
        "name", "kind", "employer_name", "employer_uscc", "employer_category", "employer_industry", "headcount",
        "chair", "contact_phone", "document_no")}  # fmt: skip
    asked |= {"parent": cast.unions["district"].pk, "region": region().pk, "industry_line": "", "uscc": ""}
    paper = SimpleUploadedFile("批复.pdf", PDF, "application/pdf")
    return asked | {"exception": "no", "then": "submit", "paper": paper} | given


def registrations() -> list[UnionRegistration]:
    return list(UnionRegistration.objects.unscoped("test").order_by("id"))


class TestRegistrationScreen(ConsoleContract):
    model = UnionRegistration
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return applied(cast, 1, who="province_admin")

    def foreign(self, cast):
        return applied(cast, 2, who="province_admin", parent="riders")

    def more(self, cast, count):
        for number in range(count):
            applied(cast, 10 + number, who="province_admin")

    def test_verbs_are_offered_to_those_who_may(self, cast, client):
        row = self.own(cast)
        offered = {}
        for who in ("city_admin", "province_admin"):
            page = cast.sign_in(client, who).get(self.at("change", row)).content.decode()
            offered[who] = [
                word for word in ("批准建会", "退回修改", "不批准", "修改并提交", "撤回") if word in page
            ]
        assert offered == {"city_admin": ["批准建会", "退回修改", "不批准"], "province_admin": ["撤回"]}

    def test_registration_goes_back_is_mended_and_approved(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin").post(self.at("return", row), {"reason": "批复看不清"})
        cast.sign_in(client, "province_admin")
        sent_to = client.get(self.at("amend", row)).headers["Location"]
        page = client.get(sent_to).content.decode()
        assert "批复看不清" in page
        assert "木棉1号公司工会" in page
        assert PHONE not in page
        mended = form(cast, 1, name="木棉一号公司工会", contact_phone="")
        assert client.post(sent_to, mended).headers["Location"] == self.at("change", row)
        done = cast.sign_in(client, "city_admin").post(self.at("approve", row))
        assert done.status_code == 302
        union = Union.objects.unscoped("test").get(name="木棉一号公司工会")
        assert union.employer.name == "木棉1号有限公司"
        assert registrations()[0].contact_phone == PHONE

    def test_paper_is_shown_for_a_reason_that_is_recorded(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("paper", row), {"reason": ""}).status_code == 422
        shown = client.post(self.at("paper", row), {"reason": "审批建会"})
        assert (shown.content, shown.headers["Content-Type"]) == (PDF, "application/pdf")
        assert "no-store" in shown.headers["Cache-Control"]
        entry = AuditEntry.objects.unscoped("test").filter(op="UNMASK").get()
        assert (entry.table_name, entry.reason) == ("orgs_registrationpaper", "审批建会")

    def test_overdue_is_said_on_the_desk_and_in_the_list(self, cast, client):
        row = self.own(cast)
        late = {"due_on": clock.today() - dt.timedelta(days=1)}
        UnionRegistration.objects.unscoped("test").filter(pk=row.pk).update(**late)
        applied(cast, 2, who="province_admin")
        told = registrations_to_decide(cast.actor("city_admin"))
        assert (told.value, told.note) == (2, "其中已逾期 1 份")
        assert registrations_to_decide(cast.actor("province_admin")).value == 0
        actions.return_registration(cast.actor("city_admin"), unionregistration_id=row.pk, reason="看不清")
        assert registrations_to_mend(cast.actor("province_admin")).value == 1
        assert registrations_to_mend(cast.actor("city_admin")).value == 0
        assert {source.read for source in dashboard._tasks} >= {
            registrations_to_decide,
            registrations_to_mend,
        }


def test_application_is_written_on_one_page(cast, client):
    cast.sign_in(client, "city_admin")
    page = client.get(NEW, {"parent": cast.unions["district"].pk}).content.decode()
    assert "江口区总工会" in page
    assert client.post(NEW, form(cast)).status_code == 302
    row = registrations()[0]
    assert (row.state, row.parent_id, row.headcount, row.contact_phone) == (
        "submitted", cast.unions["district"].pk, 86, PHONE,
    )  # fmt: skip
    assert RegistrationPaper.objects.unscoped("test").get().content == PDF


def test_draft_is_kept_incomplete(cast, client):
    cast.sign_in(client, "city_admin")
    asked = form(cast, then="draft", chair="", headcount="", document_no="", contact_phone="")
    del asked["paper"]
    assert client.post(NEW, asked).status_code == 302
    assert [row.state for row in registrations()] == ["draft"]


def test_code_that_fails_the_check_asks_for_its_evidence_and_keeps_what_was_typed(cast, client):
    cast.sign_in(client, "city_admin")
    answer = client.post(NEW, form(cast, employer_uscc=bad_code()))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "校验码不对" in page
    assert "木棉1号有限公司" in page
    asked = {"exception": "yes", "employer_uscc": bad_code(), "code_document": "粤证〔2019〕1号"}
    assert client.post(NEW, form(cast, **asked)).status_code == 422
    assert registrations() == []
    assert client.post(NEW, form(cast, **asked, code_reason="证书如此")).status_code == 302
    assert registrations()[0].code_document == "粤证〔2019〕1号"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("mei", 302),
        ("clerk", 302),
        ("judge", 403),
        ("finance_officer", 403),
        ("sister_admin", 422),
    ],
)
def test_application_page_is_for_who_writes_there(cast, client, who, status):
    cast.sign_in(client, who)
    assert client.post(NEW, form(cast)).status_code == status
    assert registrations() == []


@pytest.mark.parametrize(
    ("who", "status"), [("sister_admin", 404), ("judge", 403), ("mei", 302), ("city_admin", 403)]
)
def test_page_of_an_application_is_mended_by_its_maker_only(cast, client, who, status):
    row = applied(cast, who="province_admin")
    actions.return_registration(cast.actor("city_admin"), unionregistration_id=row.pk, reason="看不清")
    page = reverse("admin:union_registration_edit", args=[row.pk])
    cast.sign_in(client, who)
    assert client.get(page).status_code == status
    assert client.post(page, form(cast, name="改名工会")).status_code == status
    assert registrations()[0].name == row.name


def test_application_already_sent_is_not_mended(cast, client):
    row = applied(cast)
    page = reverse("admin:union_registration_edit", args=[row.pk])
    assert cast.sign_in(client, "city_admin").get(page).status_code == 409


# Merge, dissolve, pools


def verb(name: str, union: Union) -> str:
    return reverse(f"admin:orgs_union_{name}", args=[union.pk])


def status_of(union: Union) -> str:
    return Union.objects.unscoped("test").get(pk=union.pk).status


def test_merge_shows_what_moves_and_where_before_it_is_done(cast, client):
    factory = cast.unions["factory"]
    mill = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    colleague(cast, "factory_admin", "operator", "factory")
    cast.sign_in(client, "city_admin")
    asked = client.get(verb("merge", factory)).content.decode()
    for words in ("3 名", "0 个", "1 项，办理后立即失效"):
        assert words in asked
    given = {"into": mill.pk, "reason": "两厂合并"}
    preview = client.post(verb("merge", factory), given)
    assert preview.status_code == 200
    page = preview.content.decode()
    assert "都转到“江口纺织厂工会”" in page
    assert f'value="{mill.pk}"' in page
    assert status_of(factory) == "active"
    other = new_union("江口造船厂工会", "enterprise", cast.unions["district"])
    assert client.post(verb("merge", factory), given | {"seen": other.pk}).status_code == 200
    assert status_of(factory) == "active"
    assert client.post(verb("merge", factory), given | {"seen": mill.pk}).status_code == 302
    assert status_of(factory) == "merged"
    done = client.get(reverse("admin:orgs_union_change", args=[factory.pk])).content.decode()
    assert "已合并，3 名会员转了过去。" in done
    assert "江口纺织厂工会" in done


def test_merge_into_a_foreign_union_is_not_offered(cast, client):
    cast.sign_in(client, "city_admin")
    given = {"into": cast.unions["riders"].pk, "reason": "两厂合并", "seen": cast.unions["riders"].pk}
    assert client.post(verb("merge", cast.unions["factory"]), given).status_code == 422
    assert status_of(cast.unions["factory"]) == "active"


def test_dissolving_offers_the_level_above_and_the_pool_by_name(cast, client):
    factory = cast.unions["factory"]
    cast.sign_in(client, "city_admin")
    asked = client.get(verb("dissolve", factory), headers={"HX-Request": "true"}).content.decode()
    assert "上级工会：江口区总工会" in asked
    assert "周转库" not in asked
    assert client.post(verb("pool", cast.unions["city"]), {"name": "东江市周转库"}).status_code == 302
    asked = client.get(verb("dissolve", factory), headers={"HX-Request": "true"}).content.decode()
    assert "周转库：东江市周转库" in asked
    assert "<html" not in asked
    assert client.post(verb("dissolve", factory), {"reason": "单位注销"}).status_code == 422
    assert status_of(factory) == "active"
    given = {"reason": "单位注销", "members_to": "pool"}
    assert client.post(verb("dissolve", factory), given).status_code == 302
    pool = Union.objects.unscoped("test").get(kind="pool")
    live = Membership.objects.unscoped("test").filter(union=pool, status="active")
    assert (status_of(factory), live.count()) == ("dissolved", 3)


def test_union_without_members_is_dissolved_without_asking_where(cast, client):
    empty = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    cast.sign_in(client, "city_admin")
    asked = client.get(verb("dissolve", empty), headers={"HX-Request": "true"}).content.decode()
    assert "会员转到哪里" not in asked
    assert client.post(verb("dissolve", empty), {"reason": "单位注销"}).status_code == 302
    assert status_of(empty) == "dissolved"


@pytest.mark.parametrize("name", ["merge", "dissolve", "pool", "code"])
@pytest.mark.parametrize(("who", "status"), [("sister_admin", 404), ("judge", 403), ("mei", 302)])
def test_ends_of_a_union_are_closed_to_others(cast, client, name, who, status):
    cast.sign_in(client, who)
    factory, given = cast.unions["factory"], {"reason": "单位注销", "members_to": "above", "name": "周转库一"}
    assert client.post(verb(name, factory), given).status_code == status
    assert status_of(factory) == "active"
    assert Person.objects.unscoped("test").filter(memberships__union=factory).count() == 3


def test_code_is_recorded_in_the_console_with_its_evidence(cast, client):
    factory = cast.unions["factory"]
    cast.sign_in(client, "city_admin")
    assert client.post(verb("code", factory), {"uscc": bad_code("81")}).status_code == 422
    given = {"uscc": bad_code("81"), "document": "粤登〔2018〕1号", "reason": "证书如此"}
    assert client.post(verb("code", factory), given).status_code == 302
    page = client.get(reverse("admin:orgs_union_change", args=[factory.pk])).content.decode()
    assert "粤登〔2018〕1号：证书如此（city_admin核对）" in page
    employer = Employer.objects.create(name="蓝海机械厂")
    Union.objects.unscoped("test").filter(pk=factory.pk).update(employer=employer)
    address = reverse("admin:orgs_employer_code", args=[employer.pk])
    assert client.post(address, {"uscc": good_code("81")}).status_code == 422
    assert client.post(address, {"uscc": good_code()}).status_code == 302
