"""采购比选: a supplier paid with union money is chosen in the open, before anything is sent for signing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.partners import actions
from gonghui.partners.models import Agreement, PurchaseRule
from gonghui.partners.tests.stage import new_partner, new_staff
from gonghui.partners.tests.test_agreements import terms

pytestmark = pytest.mark.django_db
THREE = "东江粮油公司 9800\n好味食堂，9,500 元\n江口商行：10200.50"
THREE = THREE.replace("9,500", "9500")


@pytest.fixture
def reviewer(cast):
    return new_staff(cast, "reviewer", "reviewer", "city")


def drafted(cast, *, yuan: int = 12_000, **given) -> Agreement:
    facts = terms(is_purchase=True, purchase_fen=yuan * 100, **given)
    return actions.draft_agreement(cast.actor("city_admin"), partner=new_partner(cast, "好味食堂"), **facts)


def chosen(cast, row: Agreement, way: str, quotes: str = "", why: str = "") -> Agreement:
    facts = {"chosen_by": way, "quotes": quotes, "chosen_why": why}
    return actions.record_choice(cast.actor("city_admin"), agreement_id=row.pk, **facts)


def refusal_of(reviewer, row: Agreement) -> DomainError:
    with pytest.raises(DomainError) as refused:
        actions.send_agreement(reviewer, agreement_id=row.pk)
    assert Agreement.objects.unscoped("test").get(pk=row.pk).sent_at is None
    return refused.value


def test_supplier_is_not_sent_for_signing_before_it_says_how_it_was_chosen(cast, reviewer):
    row = drafted(cast)
    assert refusal_of(reviewer, row).code == "choice_missing"
    chosen(cast, row, "comparison", "好味食堂 9500\n东江粮油公司 9800")
    refused = refusal_of(reviewer, row)
    assert (refused.code, "10,000 元以上至少比较 3 家" in refused.message) == ("too_few_quotes", True)
    assert "现在只有 2 家" in refused.message and "尚未有人对照文件核实" in refused.clause
    chosen(cast, row, "comparison", THREE)
    assert actions.send_agreement(reviewer, agreement_id=row.pk).sent_at


@pytest.mark.parametrize(
    ("way", "quotes", "why", "code"),
    [
        ("single", "", "", "choice_without_reason"),
        ("tender", "", " ", "choice_without_reason"),
        ("comparison", "甲公司 1\n乙公司 2\n丙公司 3", "", "own_quote_missing"),
        ("comparison", "甲公司 1\n乙公司 2\n好味食堂 3", "", "dearer_without_reason"),
        ("comparison", "好味食堂 1\n好味食堂 2\n好味食堂 3", "", "too_few_quotes"),
    ],
)
def test_choice_that_does_not_hold_is_refused(cast, reviewer, way, quotes, why, code):
    row = drafted(cast)
    chosen(cast, row, way, quotes, why)
    assert refusal_of(reviewer, row).code == code


@pytest.mark.parametrize(
    ("way", "quotes", "why", "yuan"),
    [
        ("single", "", "东江只有这一家有资质", 12_000),
        ("framework", "", "省总框架协议 2026-3 号", 12_000),
        ("comparison", "甲公司 1\n乙公司 2\n好味食堂 3", "质量好，离单位近", 12_000),
        ("comparison", "好味食堂 3", "", 9_999),
    ],
)
def test_choice_that_holds_is_sent(cast, reviewer, way, quotes, why, yuan):
    row = drafted(cast, yuan=yuan)
    chosen(cast, row, way, quotes, why)
    assert actions.send_agreement(reviewer, agreement_id=row.pk).sent_at


def test_line_that_is_no_quote_is_refused_and_nothing_is_kept(cast):
    row = drafted(cast)
    for wrong in ("好味食堂", "好味食堂 -5", "9800", "好味食堂 九千"):
        with pytest.raises(DomainError) as refused:
            chosen(cast, row, "comparison", wrong)
        assert (refused.value.code, wrong in refused.value.message) == ("bad_quote", True)
    assert Agreement.objects.unscoped("test").get(pk=row.pk).chosen_by == ""


def test_agreement_that_only_subsidises_is_asked_nothing(cast, reviewer):
    row = actions.draft_agreement(cast.actor("city_admin"), partner=new_partner(cast, "好味食堂"), **terms())
    assert actions.send_agreement(reviewer, agreement_id=row.pk).sent_at


def test_renewal_of_a_supplier_is_chosen_anew(cast, reviewer):
    row = drafted(cast)
    chosen(cast, row, "single", why="只有这一家")
    Agreement.objects.unscoped("test").filter(pk=row.pk).update(state="effective", maker=None)
    again = actions.renew_agreement(cast.actor("city_admin"), agreement_id=row.pk)
    assert (again.is_purchase, again.purchase_fen, again.chosen_by, again.quotes) == (True, 1_200_000, "", [])


def test_choice_is_typed_and_shown_on_the_agreements_page(cast, client, reviewer):
    partner = new_partner(cast, "好味食堂")
    cast.sign_in(client, "city_admin")
    form = {"partner": partner.pk, "concession": "八五折", "percent": "15", "fee_percent": "0", "starts_on": clock.today(),
            "ends_on": "", "cycle": "monthly", "is_purchase": "on", "purchase_yuan": ""}  # fmt: skip
    add = reverse("admin:partners_agreement_add")
    assert "请填预计一年采购多少元" in client.post(add, form).content.decode()
    assert client.post(add, form | {"purchase_yuan": "12000"}).status_code == 302
    row = Agreement.objects.unscoped("test").get(partner=partner)
    page, verb = (reverse(f"admin:partners_agreement_{name}", args=[row.pk]) for name in ("change", "choice"))
    assert verb in client.get(page).content.decode()
    answer = client.post(verb, {"chosen_by": "comparison", "quotes": "好味食堂", "chosen_why": ""})
    assert (answer.status_code, "没有读懂" in answer.content.decode()) == (422, True)
    assert (
        client.post(verb, {"chosen_by": "comparison", "quotes": THREE, "chosen_why": ""}).status_code == 302
    )
    text = client.get(page).content.decode()
    assert "东江粮油公司 · 9,800 元" in text and "好味食堂 · 9,500 元（选定）" in text and "12,000 元" in text
    assert "10200.5" in client.get(verb).content.decode()


def test_rule_is_written_at_the_root_and_the_strictest_counts(cast, client, reviewer):
    shipped = PurchaseRule.objects.get()
    assert (shipped.quotes_min, shipped.is_verified) == (3, False)
    at = reverse("admin:partners_purchaserule_add")
    facts = {"above_fen": "5000", "quotes_min": "4", "clause": "东江市总工会采购办法第六条", "effective_from": "2026-01-01",
             "effective_until": "", "is_verified": "on"}  # fmt: skip
    assert cast.sign_in(client, "city_admin").post(at, facts).status_code == 403
    assert cast.sign_in(client, "province_admin").post(at, facts).status_code == 302
    row = drafted(cast, yuan=5_000)
    chosen(cast, row, "comparison", THREE)
    refused = refusal_of(reviewer, row)
    assert (refused.code, refused.clause) == ("too_few_quotes", "东江市总工会采购办法第六条")
