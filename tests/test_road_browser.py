"""The road walked in a real browser: from a roster in Excel to a redeemed ticket, its rating and the report.

Nothing is played here but the coming of the day: real Granian with the gate, a real job worker, Chromium for each person.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass, field

import openpyxl
import pytest
import zxingcpp
from django.db.models import Sum
from django.urls import reverse
from PIL import Image

from gonghui.activities.models import Activity
from gonghui.activities.tests.stage import in_minutes
from gonghui.benefits.models import Pool, Redemption, Voucher, WaitEntry
from gonghui.benefits.tests.servers import running
from gonghui.config.launcher.totp import current_code
from gonghui.feedback.models import Rating, Response
from gonghui.kit import clock, tokens
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import axe_findings, wait_until
from gonghui.members.models import Membership, Person, RosterImport
from gonghui.members.tests.test_rosters import id_no
from tests.cast import PASSWORD
from tests.road import Traveller, Travellers, film_of, personal_data_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "国庆电影《望海》专场"
CAPACITY = 3
PARTY_IS_READ = (
    "() => performance.getEntriesByType('resource').some((one) => one.name.includes('/me/party/'))"
)
QR = "[data-qr-area] svg"
# name, ID number, phone: fictional, on the roster that is imported
LIN, ZHOU, HE = (
    ("林秋月", id_no(1), "13900000001"),
    ("周国强", id_no(2), "13900000002"),
    ("何小满", id_no(3), "13900000003"),
)
BAD = ("吴不对", id_no(4)[:-1] + ("1" if id_no(4)[-1] != "1" else "2"), "13900000004")


@dataclass
class Road:
    """Who walks it, where, and what has come about on the way."""

    cast: object
    people: Travellers
    folder: object
    walkers: dict[str, Traveller] = field(default_factory=dict)
    activity: Activity | None = None
    pool: Pool | None = None
    code: str = ""


@pytest.fixture
def processes(cast, tmp_path):
    for name in ("city_admin", "province_admin"):
        user = cast.users[name]
        user.set_password(PASSWORD)
        user.save()
    with running(tmp_path, worker=True) as started:
        yield started


@pytest.fixture
def road(cast, processes, chromium, tmp_path):
    people = Travellers(chromium, processes.url)
    yield Road(cast, people, tmp_path)
    for each in people.all:
        each.show_where()
    people.go_home()


def test_road_from_a_roster_in_excel_to_a_redeemed_ticket(road, processes):
    import_the_roster(road)
    publish_the_release(road)
    send_members(road)
    grab_with_two_companions(road)
    wait_in_line(road)
    give_the_ticket_back(road)
    redeem_once(road)
    rate(road)
    read_the_report(road)
    assert (road.people.complaints(), road.people.findings()) == ({}, {})
    see_what_the_database_says(road)
    known = [value for person in (LIN, ZHOU, HE, BAD) for value in person]
    found = {name: personal_data_in(text, known) for name, text in processes.said().items()}
    assert found == {"web": [], "worker": []}


# --- 1. The roster ------------------------------------------------------------------------------------------


def import_the_roster(road: Road) -> None:
    maker = sign_in_staff(road, "city_admin")
    page = maker.go("/console/rosters/new")
    sheet = {
        "name": "职工花名册（九月）.xlsx",
        "mimeType": "application/octet-stream",
        "buffer": messy_sheet(),
    }
    page.set_input_files("#id_sheet", sheet)
    maker.picture("console-roster-upload")
    maker.press("上传并检查")
    page.wait_for_selector("text=检查结果：还没有写入任何数据")
    assert figures(page, ".gh-counts") == {"新增": "3", "变更": "0", "无变化": "0", "退回": "1"}
    refused = page.inner_text("section[aria-labelledby=refused-title] tbody")
    assert "校验" in refused and "吴**" in refused and "吴不对" not in refused
    assert Person.objects.unscoped("test").filter(name=LIN[0]).count() == 0
    maker.picture("console-roster-checked")
    maker.press("导入 3 名新增、0 名变更")
    page.wait_for_selector("text=已导入")
    assert figures(page, ".gh-counts")["新增"] == "3"
    maker.picture("console-roster-applied")


def sign_in_staff(road: Road, name: str) -> Traveller:
    """Password, then the code of the authenticator that the first sign-in binds."""
    walker = road.walkers[name] = road.people.staff(name)
    page = walker.go("/console/sign-in")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    walker.press("下一步")
    secret = page.inner_text("[data-secret]").replace(" ", "").replace("\n", "")
    page.fill("[name=code]", current_code(secret))
    walker.press("绑定并登录")
    page.wait_for_url("**/console/")
    walker.picture(f"console-home-{name}")
    return walker


def messy_sheet() -> bytes:
    """As a union sends it: a merged title, a note, an empty row, columns in an order of their own, odd digits."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["蓝海机械厂工会 2026 年第三季度职工花名册"])
    sheet.merge_cells("A1:F1")
    sheet.append(["填表人：小陈", None, None, "单位：人"])
    sheet.append([])
    sheet.append(["序号", "联系电话", "姓名", "工会名称", "证件号码", "备注"])
    union = "蓝海机械厂工会"
    sheet.append([1, f"+86 {LIN[2]}", " 林 秋月 ".replace(" 秋", "秋"), union, f" {LIN[1]} ", ""])
    sheet.append([2, int(ZHOU[2]), ZHOU[0], union, ZHOU[1].translate(FULL_WIDTH), "班组长"])
    sheet.append([3, f"{HE[2][:3]} {HE[2][3:7]} {HE[2][7:]}", HE[0], union, HE[1].lower(), None])
    sheet.append([4, BAD[2], BAD[0], union, BAD[1], "证件号码抄错"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


FULL_WIDTH = {ord("0") + n: ord("０") + n for n in range(10)}


def figures(page, selector: str) -> dict[str, str]:
    """A list of terms and numbers as the page shows it."""
    script = "list => [...list.querySelectorAll('dt')].map(t => [t.innerText, t.parentElement.querySelector('dd').innerText])"
    return dict(page.eval_on_selector(selector, script))


# --- 2. The release -----------------------------------------------------------------------------------------


def publish_the_release(road: Road) -> None:
    maker = road.walkers["city_admin"]
    page = maker.go("/console/activities/new")
    fill_the_plan(road, page)
    page.wait_for_selector("[data-preview]:not([aria-busy]) >> text=19:30")
    maker.picture("console-activity-new")
    maker.press("存为草稿")
    page.wait_for_selector("text=您是经办人，不能复核自己写的内容")
    road.activity = Activity.objects.unscoped("test").get(title=TITLE)
    checker = sign_in_staff(road, "province_admin")
    move_on(checker, road.activity, "review")
    move_on(checker, road.activity, "announce")
    open_at_once(road, checker)
    road.pool = Pool.objects.unscoped("test").get(session__activity=road.activity)
    assert (road.pool.capacity, road.pool.remaining) == (CAPACITY, CAPACITY)


def fill_the_plan(road: Road, page) -> None:
    tomorrow = (clock.today() + dt.timedelta(days=1)).isoformat()
    page.check("input[name=kind][value=film]", force=True)
    page.fill("[name=title]", TITLE)
    page.fill("[name=summary]", "带上家人，一起看一场好电影")
    page.fill("[name=of_film_film]", "望海")
    page.fill("[name=of_film_length_min]", "118")
    page.fill(f"[name='seats-h{road.cast.hall.pk}']", str(CAPACITY))
    page.fill("[name=day_from]", tomorrow)
    page.fill("[name=day_to]", tomorrow)
    page.fill("[name=from_1]", "19:30")
    page.fill("[name=until_1]", "21:30")
    page.fill("[name=opens_1]", f"{tomorrow}T09:00")
    page.fill("[name=party_max]", "3")
    page.check("[name=names_required]")
    page.fill("[name=pays_union]", "26")
    page.fill("[name=pays_worker]", "4")
    page.fill("[name=usage]", "请提前 15 分钟到场")


def move_on(walker: Traveller, activity: Activity, verb: str) -> None:
    """By the verb's button on the activity's page and the question it asks."""
    page = walker.go(page_of(activity))
    address = reverse(f"admin:activities_activity_{verb}", args=[activity.pk])
    page.click(f"a[href='{address}']")
    page.wait_for_selector("form.gh-verb")
    walker.picture(f"console-verb-{verb}")
    page.click("form.gh-verb button[type=submit]")
    page.wait_for_selector("form.gh-verb", state="detached")
    page.wait_for_selector(".ga-steps")


def page_of(activity: Activity) -> str:
    return reverse("admin:activities_activity_change", args=[activity.pk])


def open_at_once(road: Road, checker: Traveller) -> None:
    page = checker.go(page_of(road.activity))
    page.click(".ga-actions a:first-child")
    page.fill("form.gh-verb [name=reason]", "会员已经等在门口")
    page.click("form.gh-verb button[type=submit]")
    page.wait_for_selector("form.gh-verb", state="detached")
    page.wait_for_selector(".ga-chip.open")
    checker.picture("console-activity-open")


# --- 3. Members ---------------------------------------------------------------------------------------------


def send_members(road: Road) -> None:
    """All three sign in; two prove who they are, and the third is told why nothing is to be had without it."""
    for name, who in (("lin", LIN), ("zhou", ZHOU), ("he", HE)):
        walker = road.walkers[name] = road.people.member(name)
        sign_in_member(walker, who[2])
        if name == "lin":
            walker.look_closely("member-verify")
        if name != "he":
            prove_identity(walker, who)
    third = road.walkers["he"]
    page = third.go(waiting_page(road))
    page.wait_for_selector("[data-next-link] >> text=去实名认证")
    third.look_closely("member-grab-not-verified")


def sign_in_member(walker: Traveller, phone: str, to: str = "/") -> None:
    page = walker.go(f"/sign-in?next={to}")
    walker.picture(f"{walker.name}-sign-in")
    page.fill("[name=phone]", phone)
    page.check("[name=agree]")
    walker.press("获取验证码")
    page.wait_for_selector("[data-demo-code]")
    page.wait_for_load_state()  # the script that sends them listens from then on
    walker.picture(f"{walker.name}-sign-in-code")
    page.fill("[name=code]", page.inner_text("[data-demo-code]"))  # six digits send themselves
    page.wait_for_url(lambda url: "/sign-in" not in url)


def prove_identity(walker: Traveller, who: tuple[str, str, str]) -> None:
    page = walker.go("/me/verify?next=/")
    page.fill("[name=name]", who[0])
    page.fill("[name=id_no]", who[1])
    page.check("[name=consent]")
    walker.press("提交核验")
    page.wait_for_selector("text=实名认证通过。")


def waiting_page(road: Road) -> str:
    return f"/r/{road.pool.release_id}"


# --- The grab, the line, the return -------------------------------------------------------------------------


def grab_with_two_companions(road: Road) -> None:
    lin = road.walkers["lin"]
    lin.go("/")
    lin.look_closely("member-home")
    lin.go(f"/activities/{road.activity.pk}")
    lin.look_closely("member-activity")
    page = lin.go(waiting_page(road))
    lin.look_closely("member-grab")
    choose_party(page, "林母", "林小满")
    press_grab(page, "ready")
    lin.picture("member-won")
    assert page.get_attribute("#grab-result", "data-answer") == "won"
    assert Voucher.objects.unscoped("test").get().seats == 3


def choose_party(page, *companions: str) -> None:
    wait_until(page, PARTY_IS_READ)
    for _ in companions:
        page.click("[data-party] [data-step='1']")
    for number, name in enumerate(companions, start=1):
        page.fill(f"#companion-{number}", name)
    with page.expect_response(lambda answer: f"seats={len(companions) + 1}" in answer.url and answer.ok):
        page.press(f"#companion-{len(companions)}", "Tab")


def press_grab(page, state: str) -> None:
    page.click(f"[data-grab-button][data-state={state}]:not([disabled])")
    page.wait_for_selector("#grab-result[open]")


def wait_in_line(road: Road) -> None:
    zhou = road.walkers["zhou"]
    page = zhou.go(waiting_page(road))
    choose_party(page, "周小雨")
    zhou.picture("member-sold-out")
    press_grab(page, "sold_out")
    assert page.get_attribute("#grab-result", "data-answer") == "waiting"
    assert "1" in page.inner_text("#grab-result")
    zhou.picture("member-waiting")
    page = zhou.go("/tickets?view=waiting")
    assert "候补第 1 位" in page.inner_text("main")
    zhou.look_closely("member-line")
    entry = WaitEntry.objects.unscoped("test").get()
    assert (entry.seats, entry.state) == (2, "waiting")


def give_the_ticket_back(road: Road) -> None:
    lin, zhou = road.walkers["lin"], road.walkers["zhou"]
    page = lin.go("/tickets")
    lin.look_closely("member-tickets")
    page.click("main a.ticket")
    confirm_party(page, "林母", "林小满")
    page.click("[data-open=return]")
    lin.picture("member-return")
    page.click("#return button[type=submit]")
    page.wait_for_selector("text=票已退回，名额会按顺序给候补的人。")
    zhou.reload_until(lambda text: "候补到票了" in text, "/messages")
    zhou.look_closely("member-messages")
    page = zhou.go("/tickets")
    page.click("main a.ticket")
    confirm_party(page, "周小雨")
    zhou.look_closely("member-ticket")
    road.code = page.url.rsplit("/", 1)[1]


def confirm_party(page, *companions: str) -> None:
    """A party with names is held until they stand on the ticket: the worker puts them there, or the holder's tap does."""
    button = page.locator("button:has-text('确认参加')")
    if button.count():
        fields = page.locator("[data-companion] input").all()
        assert [each.input_value() for each in fields] == list(companions)
        button.click()
        page.wait_for_selector("text=已确认，届时出示二维码即可。")
    page.wait_for_selector(QR)


# --- 4. The gate of the hall --------------------------------------------------------------------------------


def redeem_once(road: Road) -> None:
    the_day_comes(road)
    film = film_of(qr_on_the_phone(road), road.folder / "qr.y4m")
    clerk = road.walkers["clerk"] = road.people.clerk(film)
    sign_in_member(clerk, road.cast.users["clerk"].phone, to="/clerk/")
    page = clerk.page
    page.wait_for_selector(".verdict.ok")
    shown = page.inner_text(".verdict")
    assert TITLE in shown and "周**" in shown and ZHOU[0] not in page.content()
    clerk.picture("clerk-scanned")
    assert axe_findings(page) == []
    page.click("#redeem-button")
    page.wait_for_selector("text=请放行 2 人")
    clerk.picture("clerk-done")
    page.click("#again")
    page.wait_for_selector(".verdict.no")
    refused = page.inner_text(".verdict")
    at = Redemption.objects.unscoped("test").get().at.astimezone(clock.CHINA)
    assert f"{at:%H:%M}" in refused and road.cast.store.name in refused
    clerk.picture("clerk-refused")
    assert axe_findings(page) == []
    clerk.go("/clerk/day")
    clerk.picture("clerk-day")


def the_day_comes(road: Road) -> None:
    """The only thing no test can do for real: the session is tomorrow, and tickets are honoured on its day."""
    Pool.objects.unscoped("test").filter(pk=road.pool.pk).update(valid_from=in_minutes(-5))


def qr_on_the_phone(road: Road) -> Image.Image:
    """A picture of member 2's ticket, read by a scanner that knows nothing of us and checked."""
    zhou = road.walkers["zhou"]
    page = zhou.go(f"/tickets/{road.code}")
    area = page.locator("[data-voucher] .qr")
    page.wait_for_selector(QR)
    picture = Image.open(io.BytesIO(area.screenshot()))
    text = zxingcpp.read_barcodes(picture)[0].text
    assert tokens.parse_qr(text).code == road.code
    assert tokens.check_qr(text, tokens.voucher_secret(road.code)) == tokens.QrVerdict.OK
    return picture


# --- 5. and 6. Afterwards -----------------------------------------------------------------------------------


def rate(road: Road) -> None:
    zhou = road.walkers["zhou"]
    page = zhou.go(f"/tickets/{road.code}")
    page.click("text=玩得怎么样？花半分钟评个分")
    zhou.look_closely("member-rate")
    page.fill("[name=comment]", "位置很好，孩子看得高兴。")
    for name, value in {"score": "5", "q-film": "5", "q-cinema": "4", "q-again": "愿意"}.items():
        page.click(f"label:has(input[name='{name}'][value='{value}'])")
    zhou.picture("member-rate-filled")
    zhou.press("提交评价")
    page.wait_for_selector("text=谢谢您的评价")
    zhou.look_closely("member-thanks")


def read_the_report(road: Road) -> None:
    maker = road.walkers["city_admin"]
    page = maker.go("/console/reports")
    maker.picture("console-reports")
    page.click(f"table a:has-text('{TITLE}')")
    page.wait_for_selector(".gr-tiles")
    tiles = {name: value.split()[0] for name, value in tile_texts(page).items()}
    assert (tiles["得票"], tiles["退票"], tiles["到场"], tiles["爽约"]) == ("2", "1", "2", "0")
    satisfaction = page.inner_text(".gr-tile:has-text('满意度')")
    assert "100" in satisfaction and "1 条评价" in satisfaction
    assert "位置很好，孩子看得高兴。" in page.inner_text("[aria-labelledby=comments-title]")
    page.wait_for_timeout(600)  # charts draw themselves
    maker.picture("console-report")


def tile_texts(page) -> dict[str, str]:
    script = """tiles => tiles.map(t => [t.querySelector('dt').lastChild.textContent.trim(), t.querySelector('dd').innerText])"""
    return dict(page.eval_on_selector_all(".gr-tile", script))


# --- What stands in the end ---------------------------------------------------------------------------------


def see_what_the_database_says(road: Road) -> None:
    pool = Pool.objects.unscoped("test").get(pk=road.pool.pk)
    vouchers = Voucher.objects.unscoped("test").filter(pool=pool)
    live = vouchers.exclude(state__in=("returned", "expired", "voided"))
    assert live.aggregate(out=Sum("seats"))["out"] + pool.remaining == pool.capacity == CAPACITY
    assert [(v.person.name, v.seats, v.state, v.from_waitlist) for v in live] == [
        (ZHOU[0], 2, "redeemed", True)
    ]
    assert sorted(vouchers.values_list("person__name", "state")) == sorted(
        [(LIN[0], "returned"), (ZHOU[0], "redeemed")]
    )
    redemption = Redemption.objects.unscoped("test").get()
    assert (redemption.voucher.code, redemption.arrived, redemption.offline) == (road.code, 2, False)
    assert Rating.objects.unscoped("test").get().score == 5
    assert Response.objects.unscoped("test").count() == 1
    see_who_is_recorded(road)


def see_who_is_recorded(road: Road) -> None:
    """The trail of the import: by whom, and for every person and membership it wrote."""
    roster = RosterImport.objects.unscoped("test").get()
    assert (roster.state, roster.count_new, roster.count_refused) == ("applied", 3, 1)
    trail = AuditEntry.objects.unscoped("test")
    made = trail.get(table_name=RosterImport._meta.db_table, op="INSERT", row_id=roster.pk)
    assert made.actor_id == road.cast.users["city_admin"].pk
    new = [name for name, *_rest in (LIN, ZHOU, HE)]
    people = Person.objects.unscoped("test").filter(name__in=new)
    assert people.count() == 3
    assert Person.objects.unscoped("test").filter(name=BAD[0]).count() == 0
    members = Membership.objects.unscoped("test").filter(person__in=people)
    for rows in (people, members):
        ids = list(rows.values_list("pk", flat=True))
        table = rows.model._meta.db_table
        assert trail.filter(table_name=table, op="INSERT", row_id__in=ids).count() == len(ids) == 3
    verified = people.filter(verification="verified", user__isnull=False)
    assert sorted(verified.values_list("name", flat=True)) == sorted([LIN[0], ZHOU[0]])
