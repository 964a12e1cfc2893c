"""The money pages: who opens them, what stands on them, and that refusals stay on the form."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from gonghui.funds.actions import rules
from gonghui.funds.actions.commitments import reserve
from gonghui.funds.models import BenefitRule, Budget, BudgetChange, FundReceipt, FundSource, Section
from gonghui.funds.queries import whole_figures_of
from gonghui.funds.tests.granting import placed
from gonghui.funds.tests.stage import YUAN, approved, submitted
from gonghui.kit.actors import Actor
from tests.console_contract import ConsoleContract


def page(client, cast, who: str, at: str, *args, **asked):
    return cast.sign_in(client, who).get(reverse(f"admin:{at}", args=args), asked)


def send(client, cast, who: str, at: str, *args, **facts):
    return cast.sign_in(client, who).post(reverse(f"admin:{at}", args=args), facts)


TERMS = {
    "name": "中秋慰问",
    "category": "festival",
    "expense_class": "activity",
    "amount_fen": "1200.50",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
}


class TestSourceScreen(ConsoleContract):
    model = FundSource

    def own(self, cast):
        return _source(cast, "city", "东江经费")

    def foreign(self, cast):
        return _source(cast, "sister", "西岭经费")

    def more(self, cast, count):
        for n in range(count):
            _source(cast, "city", f"更多 {n}")


class TestReceiptScreen(ConsoleContract):
    model = FundReceipt

    def own(self, cast):
        return _receipt(cast, "city", "回单 1")

    def foreign(self, cast):
        return _receipt(cast, "sister", "回单 2")

    def more(self, cast, count):
        for n in range(count):
            _receipt(cast, "city", f"更多 {n}")


def _receipt(cast, union: str, document: str) -> FundReceipt:
    source = FundSource.objects.unscoped("test").filter(union=cast.unions[union]).first()
    source = source or _source(cast, union, "经费")
    facts = {"document": document, "amount_fen": 100, "received_on": "2026-01-05", "key": uuid4()}
    return FundReceipt.objects.create(source=source, maker=cast.users["province_admin"], **facts)


class TestChangeScreen(ConsoleContract):
    model = BudgetChange

    def own(self, cast):
        return self._proposed(cast, "city", "city_admin")

    def foreign(self, cast):
        return self._proposed(cast, "sister", "sister_admin")

    def more(self, cast, count):
        for _n in range(count):
            self._proposed(cast, "city", "city_admin")

    def _proposed(self, cast, union: str, maker: str) -> BudgetChange:
        source = FundSource.objects.unscoped("test").filter(union=cast.unions[union]).first()
        source = source or _source(cast, union, "经费")
        budget = submitted(cast, union, yuan=100, source=source, maker=maker)
        facts = {
            "delta_fen": 1_000,
            "reason": "人多了",
            "resolution": "会议 1 号",
            "maker": cast.users[maker],
        }
        return BudgetChange.objects.create(budget=budget, **facts)


def _source(cast, union: str, name: str) -> FundSource:
    from gonghui.funds.actions.sources import open_source

    return open_source(Actor.system("test"), union=cast.unions[union], name=name, kind="dues", level="city")


class TestBudgetScreen(ConsoleContract):
    model = Budget

    def own(self, cast):
        return self._written(cast, "city", "city_admin")

    def foreign(self, cast):
        return self._written(cast, "sister", "sister_admin")

    def more(self, cast, count):
        for _n in range(count):
            self._written(cast, "city", "city_admin")

    def _written(self, cast, union: str, maker: str) -> Budget:
        source = FundSource.objects.unscoped("test").filter(union=cast.unions[union]).first()
        source = source or _source(cast, union, "经费")
        return submitted(cast, union, yuan=100, source=source, maker=maker)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("province_admin", 200),
        ("city_admin", 200),
        ("city_finance", 200),
        ("auditor", 200),
        ("sister_admin", 404),
        ("judge", 403),
    ],
)
def test_budget_page_is_for_those_it_concerns(client, cast, money, who, status):
    assert page(client, cast, who, "budget", money.city.pk).status_code == status


def test_tree_shows_every_level_once_with_its_figures(client, cast, money):
    reserve(money.actor("city_admin"), budget_id=money.city.pk, amount_fen=1_000 * YUAN, purpose="grant:1")
    text = page(client, cast, "city_admin", "budgets").content.decode()
    assert [
        text.count(f'"/console/funds/budgets/{b.pk}"') for b in (money.province, money.city, money.factory)
    ] == [0, 1, 1]
    assert "共 40,000 元：已支出 0，已预留 1,000，下级待用 10,000，可用 29,000" in text
    whole = page(client, cast, "province_finance", "budgets").content.decode()
    assert [
        whole.count(f'"/console/funds/budgets/{b.pk}"') for b in (money.province, money.city, money.factory)
    ] == [1, 1, 1]


def test_tree_without_budgets_says_how_to_begin(client, cast):
    assert "先登记经费来源和到账" in page(client, cast, "city_admin", "budgets").content.decode()


def test_tree_of_hundreds_takes_few_statements(client, cast, money, django_assert_max_num_queries):
    for n in range(60):
        approved(cast, "factory", parent=money.city, yuan=1, by="city_finance", name=f"班组 {n}")
    signed_in = cast.sign_in(client, "city_admin")
    with django_assert_max_num_queries(30):
        text = signed_in.get(reverse("admin:budgets")).content.decode()
    assert text.count("班组 ") >= 60
    assert "班组 7" in page(client, cast, "city_admin", "budgets", q="班组 7").content.decode()


def test_budget_is_written_submitted_and_approved_on_its_pages(client, cast, money):
    facts = {
        "union": cast.unions["city"].pk,
        "taken_from": f"b{money.province.pk}",
        "resolution": "",
        **TERMS,
    }
    assert send(client, cast, "city_admin", "budget_new", **facts).status_code == 302
    made = Budget.objects.unscoped("test").latest("pk")
    assert (made.amount_fen, made.state, made.parent_id) == (120_050, "draft", money.province.pk)
    refused = send(client, cast, "city_admin", "funds_budget_submit", made.pk)
    assert (refused.status_code, "没有集体决策记录" in refused.content.decode()) == (422, True)
    edited = send(client, cast, "city_admin", "budget_edit", made.pk, **(TERMS | {"resolution": "会议 9 号"}))
    assert edited.status_code == 302
    send(client, cast, "city_admin", "funds_budget_submit", made.pk)
    waiting = page(client, cast, "province_finance", "budget", made.pk).content.decode()
    assert reverse("admin:funds_budget_approve", args=[made.pk]) in waiting
    not_theirs = page(client, cast, "city_finance", "budget", made.pk).content.decode()
    assert reverse("admin:funds_budget_approve", args=[made.pk]) not in not_theirs
    done = send(client, cast, "province_finance", "funds_budget_approve", made.pk)
    made.refresh_from_db()
    assert (done.status_code, made.state) == (302, "approved")


def test_budget_sent_twice_is_one_draft(client, cast, money):
    """What was refused may be sent again from the same page; what was done is done once, and another page is another draft."""
    facts = {"union": cast.unions["city"].pk, "taken_from": f"b{money.province.pk}", **TERMS}
    rows, count = Budget.objects.unscoped("test"), Budget.objects.unscoped("test").count()
    drawn = page(client, cast, "city_admin", "budget_new")
    sent = drawn.context["sent"]
    assert f'name="sent" value="{sent}"' in drawn.content.decode()
    refused = send(client, cast, "city_admin", "budget_new", **(facts | {"amount_fen": "0", "sent": sent}))
    assert (refused.status_code, refused.context["sent"], rows.count()) == (422, sent, count)
    answers = [send(client, cast, "city_admin", "budget_new", **facts, sent=sent) for _n in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert (answers[0].url, rows.count()) == (answers[1].url, count + 1)
    other = page(client, cast, "city_admin", "budget_new").context["sent"]
    send(client, cast, "city_admin", "budget_new", **facts, sent=other)
    assert rows.count() == count + 2


def test_wrong_terms_stand_on_the_form_with_what_was_typed(client, cast, money):
    facts = {"union": cast.unions["city"].pk, "taken_from": f"b{money.province.pk}", **TERMS}
    for wrong, says in (
        ({"amount_fen": "0"}, "0.01"),
        ({"amount_fen": "1.001"}, "小数"),
        ({"ends_on": "2025-01-01"}, "开始日期不能晚于截止日期"),
        ({"ends_on": "2031-01-01"}, "起止日期超出了上级预算"),
        ({"taken_from": "b0"}, "taken_from"),
    ):
        answer = send(client, cast, "city_admin", "budget_new", **(facts | wrong))
        text = answer.content.decode()
        assert (answer.status_code, says in text, 'value="中秋慰问"' in text) == (422, True, True), wrong
    assert Budget.objects.unscoped("test").count() == 3


def test_receipt_is_recorded_once_however_often_it_is_sent(client, cast, money):
    key = uuid4()
    facts = {"amount_fen": "300", "document": "回单 3", "received_on": "2026-02-01", "key": key}
    for _n in range(2):
        assert (
            send(
                client, cast, "province_finance", "funds_fundsource_receive", money.source.pk, **facts
            ).status_code
            == 302
        )
    assert FundReceipt.objects.unscoped("test").filter(key=key).count() == 1
    other = facts | {"amount_fen": "301", "key": uuid4()}
    refused = send(client, cast, "province_finance", "funds_fundsource_receive", money.source.pk, **other)
    assert (refused.status_code, "已经登记过" in refused.content.decode()) == (422, True)


def test_change_is_proposed_and_decided_on_the_budgets_page(client, cast, money):
    facts = {"delta_fen": "-500", "reason": "人少了", "resolution": "会议 10 号"}
    assert send(client, cast, "city_admin", "funds_budget_propose", money.city.pk, **facts).status_code == 302
    change = money.city.changes.get()
    shown = page(client, cast, "province_finance", "budget", money.city.pk).content.decode()
    approve = reverse("admin:funds_budgetchange_approve", args=[change.pk])
    assert (approve in shown, "人少了" in shown) == (True, True)
    assert approve not in page(client, cast, "auditor", "budget", money.city.pk).content.decode()
    assert send(client, cast, "province_finance", "funds_budgetchange_approve", change.pk).status_code == 302
    money.city.refresh_from_db()
    assert money.city.amount_fen == 39_500 * YUAN


def test_rules_are_listed_with_what_nobody_verified(client, cast, money):
    rules.load_rules(Actor.system("test"))
    text = page(client, cast, "city_admin", "rules").content.decode()
    assert ("有 38 条还没有核实原文" in text, "2,000 元" in text, "不许" in text) == (True, True, True)
    only = page(client, cast, "city_admin", "rules", place="37", category="meal").content.decode()
    assert (only.count('<th scope="row">'), "40 元" in only) == (1, True)
    assert page(client, cast, "judge", "rules").status_code == 403


def test_rule_is_written_verified_and_ended_on_its_pages(client, cast, money):
    from gonghui.orgs.models import Region

    region = Region.objects.create(code="44", name="广东省")
    cast.unions["province"].region = region
    cast.unions["province"].save()
    facts = {"region": region.pk, "category": "festival", "cap_fen": "2000", "period": "year", "effective_from": "2026-01-01",
             "clause": "实施办法第八条"}  # fmt: skip
    refused = send(client, cast, "city_admin", "rule_new", **facts)
    assert refused.status_code == 403
    assert send(client, cast, "province_finance", "rule_new", **facts).status_code == 302
    rule = BenefitRule.objects.unscoped("test").get()
    read = {"evidence": "粤工总〔2018〕5号第八条，原件在财务部"}
    own = send(client, cast, "province_finance", "rule_verify", rule.pk, **read)
    assert (own.status_code, "核实人不能是写这条规则的人自己" in own.content.decode()) == (422, True)
    assert send(client, cast, "second_finance", "rule_verify", rule.pk, evidence=" ").status_code == 422
    assert send(client, cast, "second_finance", "rule_verify", rule.pk, **read).status_code == 302
    assert "核实：粤工总" in page(client, cast, "city_admin", "rules").content.decode()
    early = send(client, cast, "province_finance", "rule_end", rule.pk, on="2020-01-01")
    assert (early.status_code, "不能从过去的日子起停用" in early.content.decode()) == (422, True)
    assert send(client, cast, "province_finance", "rule_end", rule.pk, on="2090-01-01").status_code == 302
    rule.refresh_from_db()
    assert (rule.cap_fen, rule.is_verified, str(rule.effective_until)) == (200_000, True, "2090-01-01")


def test_rule_with_more_than_a_cap_is_written_and_listed_in_words(client, cast, money):
    region = placed(cast, "province", "44", "广东省")
    facts = {"region": region.pk, "period": "event", "effective_from": "2026-01-01", "clause": "第九条"}
    prizes = facts | {
        "category": "event_prize",
        "share": "２/3",
        "given_until": "3-31",
        "condition": "评委会评定",
    }
    for wrong in ({"share": "3/2"}, {"share": "三成"}, {"share": "0%"}):
        refused = send(client, cast, "province_finance", "rule_new", **(prizes | wrong))
        assert (refused.status_code, "请写成 15% 或 2/3" in refused.content.decode()) == (422, True), wrong
    nothing = send(client, cast, "province_finance", "rule_new", **(facts | {"category": "meal"}))
    assert (nothing.status_code, "没有写任何要求" in nothing.content.decode()) == (422, True)
    days = facts | {"category": "retreat", "most_days": "5", "most_days_paired": "4"}
    assert send(client, cast, "province_finance", "rule_new", **days).status_code == 422
    assert not BenefitRule.objects.unscoped("test").exists()
    assert send(client, cast, "province_finance", "rule_new", **prizes).status_code == 302
    rule = BenefitRule.objects.unscoped("test").get()
    # A prize has no last day: what another category asks for is not kept.
    assert (rule.cap_fen, rule.share_part, rule.share_whole, rule.given_until) == (None, 2, 3, "")
    window = facts | {"category": "festival", "given_until": "3-31", "spent_until": "10月31日"}
    assert send(client, cast, "province_finance", "rule_new", **window).status_code == 302
    text = page(client, cast, "province_finance", "rules").content.decode()
    for said in ("人数不超过参加人数的 2/3", "评委会评定", "每年 3 月 31 日以前发放", "10 月 31 日以前用完"):
        assert said in text


def test_what_was_spent_below_counts_above_and_the_bar_is_whole(client, cast, money):
    before = whole_figures_of([money.province, money.city])
    reserve(money.actor("city_admin"), budget_id=money.factory.pk, amount_fen=2_500 * YUAN, purpose="grant:1")
    after = whole_figures_of([money.province, money.city])
    for budget in (money.province, money.city):
        old, new = before[budget.pk], after[budget.pk]
        assert (new.committed - old.committed, old.allotted - new.allotted) == (2_500 * YUAN, 2_500 * YUAN)
        assert new.amount == new.allotted + new.committed + new.spent + new.available
        assert sum(length for _part, _begins, length in new.bar) == 1000


def test_first_page_says_what_is_left_and_what_waits_for_the_finance_officer(client, cast, money):
    source = FundSource.objects.unscoped("test").first()
    submitted(cast, "city", yuan=100, source=source, maker="city_admin")
    home = cast.sign_in(client, "province_finance").get("/console/")
    waiting = {item.title: item.value for item in home.context["waiting"]}
    assert waiting["预算待批准"] == 1
    assert any(figure.title == "预算可用（元）" for figure in home.context["figures"])


def test_rules_are_written_for_regions_of_ones_own(client, cast, money):
    from gonghui.funds.actions.rules import regions_of
    from gonghui.orgs.models import Region

    region = Region.objects.create(code="44", name="广东省")
    for code in ("4401", "440106", "440106001", "37"):
        Region.objects.create(code=code, name=code)
    cast.unions["province"].region = region
    cast.unions["province"].save()
    found = regions_of(cast.actor("province_finance")).values_list("code", flat=True)
    assert sorted(found) == ["44", "4401", "440106"]
    assert not regions_of(cast.actor("city_admin")).exists()


def test_sections_are_written_at_the_root_and_keep_their_code(cast, client, money):
    assert (
        send(client, cast, "city_finance", "funds_section_add", name="米面粮油", code="grain").status_code
        == 403
    )
    assert (
        send(client, cast, "province_finance", "funds_section_add", name="米面", code="grain").status_code
        == 302
    )
    made = Section.objects.get()
    facts = {"name": "米面粮油", "code": "rice"}
    assert send(client, cast, "province_finance", "funds_section_change", made.pk, **facts).status_code == 302
    assert Section.objects.values_list("code", "name").get() == ("grain", "米面粮油")
