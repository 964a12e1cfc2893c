"""Offers out of a sheet and back: as offices make them, checked line by line, written once, as drafts."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.benefits.models import Offer
from gonghui.bills import plans, pricing
from gonghui.bills.actions import offer_sheets as actions
from gonghui.bills.actions import terms
from gonghui.bills.models import BenefitDay, OfferKey, OfferTerms
from gonghui.bills.offer_sheets import read_lines, read_offers
from gonghui.bills.tests.written import REST, by_union, drafted, reviewed
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.kit.tests.sheet_makers import xlsx_of
from gonghui.members.models import WorkerGroup
from gonghui.partners.tests.stage import new_partner, new_store

pytestmark = pytest.mark.django_db
YEAR = clock.today().year
HEAD = ["编号", "优惠名称", "种类", "优惠方式", "满（元）", "减（元）", "适用门店", "谁出钱", "承担余额"]
PLAIN = ["A-1", "午市满减", "餐饮食堂", "满减", 200, 30, "东江码头", "商家让利", "是"]


def counted() -> tuple[int, ...]:
    tables = (Offer, OfferTerms, OfferKey)
    trail = AuditEntry.objects.unscoped("test").filter(table_name__startswith="bills_").exclude(op="EXPORT")
    return (*(table.objects.unscoped("test").count() for table in tables), trail.count())


def read(cast, rows, by: str = "city_admin"):
    return read_offers(read_lines(xlsx_of(rows)), actions.known_to(cast.actor(by)))


def checked(cast, rows, by: str = "city_admin", union: str = "city"):
    return actions.check_offers(cast.actor(by), union_id=cast.unions[union].pk, offers=read(cast, rows, by))


def brought(cast, rows, by: str = "city_admin", union: str = "city"):
    offers = read(cast, rows, by)
    facts = {"union_id": cast.unions[union].pk, "offers": offers}
    lines = [one.offer.line for one in actions.check_offers(cast.actor(by), **facts) if not one.problems]
    return actions.bring_in_offers(cast.actor(by), **facts, lines=lines)


def plain(cast, **facts) -> list:
    row = dict(zip(HEAD, PLAIN, strict=True)) | {"适用门店": cast.store.name} | facts
    return list(row.values())


def problems(cast, **facts) -> list[str]:
    row = dict(zip(HEAD, plain(cast), strict=True)) | facts
    (found,) = checked(cast, [list(row), list(row.values())])
    return found.problems


def the_only() -> OfferTerms:
    return OfferTerms.objects.unscoped("test").select_related("offer").get()


def sheet_of(client, **asked) -> bytes:
    answer = client.get(reverse("admin:bills_offerterms_export"), asked)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def rows_of(content: bytes) -> list[list]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


# --- reading ------------------------------------------------------------------------------------------------


def test_line_becomes_a_draft_that_still_needs_another_to_review_it(shop):
    (one,) = brought(shop, [HEAD, plain(shop)])
    made = the_only()
    assert (one.kind, one.terms_id, made.state, made.maker_id) == (
        "new", made.pk, "draft", shop.users["city_admin"].pk,
    )  # fmt: skip
    plan = plans.plan_of(made)
    assert (plan.price.threshold_fen, plan.price.off_fen, plan.store_ids) == (20_000, 3_000, (shop.store.pk,))
    with pytest.raises(DomainError) as refused:
        terms.review_terms(shop.actor("city_admin"), terms_id=made.pk)
    assert refused.value.code in ("terms_maker_is_checker", "not_allowed")


def test_sheet_as_an_office_makes_it_is_read(money):
    shop, city = money.cast, money.city
    head = [
        *HEAD,
        "从哪项预算",
        "打几折 *",
        "最多优惠（元）",
        "星期",
        "时间从",
        "时间到",
        "开始日期",
        "截止日期",
        "面向的群体",
        "备注",
    ]
    day = dt.datetime(YEAR + 1, 12, 31)
    budget = f"{city.union.name}·{city.name}"
    rows = [
        ["东江市总工会 2030 年普惠优惠汇总表", *[None] * 18],
        [],
        head,
        ["２０３０－１", "骑手午餐", "餐饮食堂", "折 扣", None, None, f" {shop.store.name}　", "商家让利", "√", None, "７．５折",
         "３０元", "周一至周五", "１１：３０", dt.time(13, 30), f"{YEAR}年1月1日", day, "外卖配送员", "请尽快"],
        [*[None] * 7, "工会补贴", None, budget, None, None, "星期六、星期日", 0.5, "14点", None, f"{YEAR + 1}/１２/３１"],
        [None] * 19,
        ["填表人：张三　2030-01-01", *[None] * 18],
    ]  # fmt: skip
    found = checked(shop, rows)
    assert [one.problems for one in found] == [[]]
    (one,) = brought(shop, rows)
    plan = plans.plan_of(the_only())
    assert (one.offer.key, plan.price.rate_permille, plan.price.cap_fen) == ("2030-1", 750, 3_000)
    first, second = plan.windows
    assert (first.weekdays, first.from_time, first.to_time) == (
        frozenset({1, 2, 3, 4, 5}),
        dt.time(11, 30),
        dt.time(13, 30),
    )
    assert (first.starts_on, first.ends_on) == (dt.date(YEAR, 1, 1), dt.date(YEAR + 1, 12, 31))
    assert (second.weekdays, second.from_time, second.to_time) == (
        frozenset({6, 7}),
        dt.time(12),
        dt.time(14),
    )
    assert [(share.payer, share.takes_rest) for share in plan.shares] == [
        ("merchant", True),
        ("union", False),
    ]
    assert plan.groups == (WorkerGroup.objects.get(name="外卖配送员").code,)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"编号": None}, "请写编号"),
        ({"优惠名称": None}, "优惠名称："),
        ({"优惠方式": "买一送一"}, "优惠方式：没有“买一送一”这一种，可以写：满减、折扣、"),
        ({"减（元）": "三十"}, "减（元）：“三十”不是数字。"),
        ({"减（元）": -5}, "减多少元："),
        ({"减（元）": 300}, "减的金额不能多于满的金额。"),
        ({"适用门店": "没有这家"}, "适用门店：没有找到“没有这家”，或者您不能选它。"),
        ({"谁出钱": "工会补贴"}, "请选择从哪一项预算支出。"),
        ({"谁出钱": None, "承担余额": None}, "请写谁出钱"),
        ({"打几折": 8}, "“满减”不用填“打几折”，请留空。"),
        ({"工会": "西岭市总工会"}, "工会：没有找到"),
        ({"限次": "每人每年一次"}, "看不懂“每人每年一次”，请写成“每人每天1次”"),
        ({"开始日期": "下个月"}, "开始日期：“下个月”不是日期"),
        ({"时间从": "25:00", "时间到": "26:00"}, "时间从：“25:00”不是时间"),
        ({"星期": "周八"}, "星期：“周八”不是星期"),
        ({"出百分之几": 0.5}, "一半请写 50"),
        ({"编号": "#999999"}, "没有编号为“#999999”的优惠"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_words_and_nothing_is_written(shop, facts, says):
    before = counted()
    found = problems(shop, **facts)
    assert any(says in text for text in found), found
    assert counted() == before


def test_number_used_twice_in_a_sheet_is_refused_with_the_line_of_the_first(shop):
    rows = [HEAD, plain(shop), plain(shop, 编号="A-2"), plain(shop, 优惠名称="另一项")]
    found = checked(shop, rows)
    assert [one.kind for one in found] == ["new", "new", "refused"]
    assert found[2].problems == ["编号“A-1”和第 2 行重复。"]


def test_further_line_that_says_something_else_of_the_offer_is_refused(shop):
    rows = [HEAD, plain(shop), ["A-1", "", "", "", 100, "", "", "", ""]]
    (found,) = checked(shop, rows)
    assert found.problems == ["第 3 行的“满（元）”和第 2 行不一样：同一项优惠请只在第一行写。"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["随便", "什么"], [1, 2]], "至少要有“编号”、“优惠名称”、“优惠方式”"),
        ([HEAD], "只有表头，没有优惠。"),
        ([HEAD, *(["示例-1", *PLAIN[1:]],)], "只有表头，没有优惠。"),
        ([HEAD, *([f"B-{n}", *PLAIN[1:]] for n in range(101))], "一次最多导入 100 项优惠，这张表有 101 项。"),
    ],
)
def test_what_is_no_sheet_of_offers_is_refused_at_once(shop, rows, says):
    with pytest.raises(DomainError) as refused:
        read(shop, rows)
    assert says in str(refused.value)


# --- the same sheet again -----------------------------------------------------------------------------------


def test_sheet_sent_twice_is_the_same_offers(shop):
    rows = [HEAD, plain(shop)]
    brought(shop, rows)
    before = counted()
    (again,) = brought(shop, rows)
    assert (again.kind, counted()) == ("same", before)


def test_changed_line_changes_its_draft_and_what_was_reviewed_stays(shop):
    brought(shop, [HEAD, plain(shop)])
    (one,) = brought(shop, [HEAD, plain(shop, **{"减（元）": 40})])
    made = the_only()
    assert (one.kind, made.off_fen) == ("changed", 4_000)
    terms.review_terms(shop.actor("province_admin"), terms_id=made.pk)
    (refused,) = checked(shop, [HEAD, plain(shop)])
    assert (refused.kind, "这项优惠已经已复核，不能直接修改" in refused.problems[0]) == ("refused", True)
    assert the_only().off_fen == 4_000


def test_check_writes_nothing_and_a_good_line_gone_bad_stops_them_all(shop):
    rows = [HEAD, plain(shop), plain(shop, 编号="A-2", 适用门店=new_store(shop.store.partner, "二号店").name)]
    before = counted()
    found = checked(shop, rows)
    assert ([one.kind for one in found], counted()) == (["new", "new"], before)
    offers = read(shop, rows)
    shop.store.partner.stores.filter(name="二号店").delete()
    before = counted()
    with pytest.raises(DomainError) as refused:
        actions.bring_in_offers(
            shop.actor("city_admin"), union_id=shop.unions["city"].pk, offers=offers, lines={2, 3}
        )
    assert (refused.value.code, counted()) == ("offer_sheet_changed_meanwhile", before)


def test_number_is_the_offers_for_good_and_of_its_own_union_by_the_database(shop):
    made = drafted(shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferKey.objects.create(union=shop.unions["sister"], terms=made, key="A")
    key = OfferKey.objects.create(union=shop.unions["city"], terms=made, key="A")
    for change in (lambda: OfferKey.objects.unscoped("test").update(key="B"), key.delete):
        with pytest.raises(Exception, match="stays as it was written"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferKey.objects.create(union=shop.unions["city"], terms=drafted(shop), key="#1")


# --- what was written out is read again ---------------------------------------------------------------------


def kinds(money) -> dict[str, plans.TermsPlan]:
    shop, city = money.cast, money.city
    second = new_store(new_partner(shop, "好味；食堂"), "江口、二号店")
    day = BenefitDay.objects.create(
        union=shop.unions["city"], name="工惠日", rule="dates", days=[clock.today() + dt.timedelta(30)]
    )
    rider = WorkerGroup.objects.order_by("id").first().code
    lunch = pricing.Window(
        weekdays=frozenset({1, 2, 3, 5}), from_time=dt.time(11, 30), to_time=dt.time(13), capacity=50,
        groups=frozenset({rider}), store_ids=frozenset({second.pk}), starts_on=dt.date(YEAR, 1, 1),
        ends_on=dt.date(YEAR + 1, 12, 31), holidays=pricing.Holidays.EXCLUDED,
    )  # fmt: skip
    named = pricing.Window(only_on=BenefitDay.objects.get(pk=day.pk).named)
    half = (by_union(city, permille=505, max_fen=1_550, when_empty="next"), REST)
    stores = tuple(sorted((shop.store.pk, second.pk)))
    form = pricing.Form
    one = plans.TermsPlan(
        "=满减",
        "food",
        pricing.Terms(form.THRESHOLD_OFF, threshold_fen=20_050, off_fen=3_000, repeat_max=2),
        half,
        windows=(lunch, named, pricing.Window(weekdays=frozenset({6, 7}))),
        limits=(("person_day", 1), ("total", 5000)),
        caps=(("store_day", 50_050), ("month", 2_000_000)),
        store_ids=stores,
        says="第一行\n第二行",
        groups=(rider,),
    )
    return {
        "threshold": one,
        "percent with cap": replace(
            one,
            title="七五折",
            price=pricing.Terms(form.PERCENT, rate_permille=755, cap_fen=3_000, family=True),
        ),
        "fixed price": replace(
            one,
            title="一口价",
            price=pricing.Terms(form.FIXED_PRICE, price_fen=990, units_max=0, cap_fen=5_000),
            windows=(),
        ),
        "agreement": replace(
            one,
            title="协议价",
            price=pricing.Terms(form.AGREEMENT_PRICE, price_fen=12_345, units_max=2, cap_fen=9_900, order=7),
            codes=("A-100", "A-200"),
        ),
        "free": replace(
            one,
            title="免费",
            price=pricing.Terms(
                form.FREE, threshold_fen=100, cap_fen=8_000, bill_cap_fen=9_000, bill_offers_max=2
            ),
            verified_only=False,
        ),
        "gift": replace(
            one,
            title="赠品",
            price=pricing.Terms(
                form.GIFT, gift="毛巾", price_fen=800, stacking=pricing.Stacking.ALWAYS, stack_class="礼"
            ),
            needs_voucher=False,
            caps=(),
            shares=(by_union(city, takes_rest=True, set_aside_fen=100_000),),
            audience_union_id=shop.unions["city"].pk,
        ),
    }


def test_what_was_written_out_is_read_again_as_it_was(money, client):
    shop = money.cast
    written = kinds(money)
    for plan in written.values():
        terms.write_terms(shop.actor("city_admin"), union_id=shop.unions["city"].pk, plan=plan)
    shop.sign_in(client, "city_admin")
    content = sheet_of(client)
    before = counted()
    offers = read_offers(read_lines(content), actions.known_to(shop.actor("city_admin")))
    facts = {"union_id": shop.unions["city"].pk, "offers": offers}
    found = actions.check_offers(shop.actor("city_admin"), **facts)
    assert [(one.kind, one.problems) for one in found] == [("same", [])] * len(written)
    assert counted() == before
    for nth, offer in enumerate(offers):
        offer.key = f"新-{nth}"
    made = actions.bring_in_offers(shop.actor("city_admin"), **facts, lines=[offer.line for offer in offers])
    again = OfferTerms.objects.unscoped("test").in_bulk([one.terms_id for one in made])
    assert {row.offer.title: actions._as_compared(plans.plan_of(row)) for row in again.values()} == {
        plan.title: actions._as_compared(plan) for plan in written.values()
    }
    assert {row.state for row in again.values()} == {"draft"}


def test_exported_title_never_runs_as_a_formula(shop, client):
    drafted(shop, title="=HYPERLINK(1)")
    shop.sign_in(client, "city_admin")
    sheet = openpyxl.load_workbook(io.BytesIO(sheet_of(client))).worksheets[0]
    cell = sheet.cell(2, 3)
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=HYPERLINK(1)", "s", True)


def test_export_is_what_the_filter_shows_in_the_readers_scope_and_costs_the_same_for_three(
    shop, client, django_assert_max_num_queries
):
    drafted(shop, title="草稿的"), reviewed(shop, title="复核的")
    shop.sign_in(client, "city_admin")
    titles = [row[2] for row in rows_of(sheet_of(client, state__exact="reviewed"))[1:]]
    assert titles == ["复核的"]
    shop.sign_in(client, "sister_admin")
    assert rows_of(sheet_of(client))[1:] == []
    shop.sign_in(client, "city_admin")
    sheet_of(client)
    with django_assert_max_num_queries(60) as two:
        sheet_of(client)
    for nth in range(3):
        drafted(shop, title=f"再 {nth}")
    with django_assert_max_num_queries(60) as five:
        sheet_of(client)
    assert len(two) == len(five)


# --- the pages ----------------------------------------------------------------------------------------------


def upload(client, cast, rows, union: str = "city"):
    sheet = SimpleUploadedFile("优惠.xlsx", rows if isinstance(rows, bytes) else xlsx_of(rows))
    return client.post(reverse("admin:offer_import"), {"union": cast.unions[union].pk, "sheet": sheet})


def test_sheet_is_shown_line_by_line_and_written_after_the_yes(shop, client):
    shop.sign_in(client, "city_admin")
    before = counted()
    page = upload(client, shop, [HEAD, plain(shop), plain(shop, 编号="A-2", **{"减（元）": "三十"})])
    text = page.content.decode()
    assert (page.status_code, counted()) == (200, before)
    assert "减（元）：“三十”不是数字。" in text and "导入 1 项草稿" in text
    kept = page.context["kept"]
    for _n in range(2):
        answer = client.post(reverse("admin:offer_import_apply"), {"kept": kept})
        assert answer.status_code == 302
    assert (the_only().offer.title, OfferKey.objects.unscoped("test").get().key) == ("午市满减", "A-1")


def test_what_was_checked_by_another_or_forged_is_not_written(shop, client):
    shop.sign_in(client, "city_admin")
    kept = upload(client, shop, [HEAD, plain(shop)]).context["kept"]
    before = counted()
    assert client.post(reverse("admin:offer_import_apply"), {"kept": kept[:-2]}).status_code == 422
    shop.sign_in(client, "sister_admin")
    assert client.post(reverse("admin:offer_import_apply"), {"kept": kept}).status_code == 422
    assert counted() == before


def test_who_may_not_write_offers_neither_sees_nor_brings_any_in(shop, client):
    pages = [reverse(f"admin:{name}") for name in ("offer_import", "offer_import_apply", "offer_template")]
    before = counted()
    for who in ("anonymous", "stranger", "mei", "clerk"):
        shop.sign_in(client, who)
        assert {client.get(page).status_code for page in pages} == {302}, who
    shop.sign_in(client, "judge")
    assert [client.get(page).status_code for page in pages] == [403, 403, 403]
    assert upload(client, shop, [HEAD, plain(shop)]).status_code == 403
    shop.sign_in(client, "sister_admin")
    assert upload(client, shop, [HEAD, plain(shop)]).status_code == 422
    assert counted() == before
    (one,) = checked(shop, [HEAD, plain(shop)], by="sister_admin", union="sister")
    assert "没有找到" in one.problems[0]
    (one,) = checked(
        shop, [[*HEAD, "工会"], [*plain(shop), shop.unions["city"].name]], by="sister_admin", union="sister"
    )
    assert any(text.startswith("工会：没有找到") for text in one.problems)


def test_offer_of_another_city_is_not_touched_by_its_number(shop):
    made = drafted(shop)
    rows = [HEAD, plain(shop, 编号=f"#{made.pk}")]
    (one,) = checked(shop, rows, by="province_admin", union="province")
    assert "不能换成别的工会" in one.problems[0]


def test_template_has_notes_lists_and_an_example_that_is_passed_over(shop, client):
    shop.sign_in(client, "city_admin")
    answer = client.get(reverse("admin:offer_template"))
    content = b"".join(answer.streaming_content)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    assert all(cell.comment for cell in sheet[1])
    lists = [one.formula1 for one in sheet.data_validations.dataValidation]
    assert any("满减,折扣,一口价" in text for text in lists)
    assert any("一、一项优惠占一行" in str(row[0].value) for row in book.worksheets[1].iter_rows())
    assert upload(client, shop, content).status_code == 422
    assert "导入" in client.get(reverse("admin:bills_offerterms_changelist")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_same_sheet_from_four_sides_is_the_same_offers(shop):
    rows = [HEAD, plain(shop), plain(shop, 编号="A-2")]
    offers = read(shop, rows)
    facts = {"union_id": shop.unions["city"].pk, "offers": offers, "lines": {2, 3}}
    actor = shop.actor("city_admin")
    answers = at_once(*[lambda: actions.bring_in_offers(actor, **facts)] * 4)
    assert sorted(tuple(one.kind for one in answer) for answer in answers) == [
        ("new", "new"), *[("same", "same")] * 3,
    ]  # fmt: skip
    assert OfferTerms.objects.unscoped("test").count() == OfferKey.objects.unscoped("test").count() == 2


def test_stores_to_choose_are_read_once_however_many_offers(shop, django_assert_max_num_queries):
    def stores_read(count: int) -> int:
        offers = read(shop, [HEAD, *(plain(shop, 编号=f"Q-{n}") for n in range(count))])
        with django_assert_max_num_queries(400) as asked:
            actions.check_offers(shop.actor("city_admin"), union_id=shop.unions["city"].pk, offers=offers)
        return sum(
            '"partners_store"."id" IN' not in one["sql"] and 'FROM "partners_store"' in one["sql"]
            for one in asked
        )

    assert stores_read(1) == stores_read(5) == 1
