"""我的会籍, 转会 and the member card, as a browser without JavaScript walks them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.kit.search import pinyin_key, search_grams
from gonghui.members.actions.transfers import accept_transfer, release_transfer
from gonghui.members.models import Membership, TransferRequest
from gonghui.members.tests.transferring import (
    NEW,
    OLD,
    accepted,
    again,
    days_later,
    goes,
    memberships,
    new_home,
    opened,
    refused,
    released,
)
from gonghui.members.transfer_queries import SHOWN_MAX
from gonghui.orgs.models import Union
from gonghui.portal.views.membership import SEARCHES_A_MINUTE
from tests.cast import new_union

pytestmark = pytest.mark.django_db
PAGE, TRANSFER, CARD = "/me/membership", "/me/membership/transfer", "/me/card"


def text(answer) -> str:
    return answer.content.decode()


def requests() -> list[TransferRequest]:
    return list(TransferRequest.objects.unscoped("test").order_by("id"))


def number_of(cast, name: str = "mei") -> str:
    found = Membership.objects.unscoped("test").get(person=cast.people[name], status__in=Membership.LIVE)
    digits = str(found.person.number)
    return f"{digits[:4]} {digits[4:8]} {digits[8:]}"


# --- finding the new union and asking -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked", ["西岭配送", "xlps", "xiling", "８１440000MF0000000D", "81440000mf0000000d"]
)
def test_new_union_is_found_by_name_pinyin_and_code(cast, client, asked):
    Union.objects.unscoped("test").filter(pk=cast.unions["riders"].pk).update(uscc="81440000MF0000000D")
    cast.sign_in(client, "mei")
    page = text(client.get(TRANSFER, {"q": asked}))
    assert f"?to={cast.unions['riders'].pk}" in page
    assert "西岭市总工会" in page  # whose it is, beside its name


@pytest.mark.parametrize("asked", ["西", "没有这个", "%", "''", "\\", "𠮷𠮷", "   ", "a" * 200])
def test_too_little_and_nothing_found_say_what_to_do(cast, client, asked):
    cast.sign_in(client, "mei")
    page = client.get(TRANSFER, {"q": asked})
    assert page.status_code == 200 and "?to=" not in text(page)


def test_union_that_takes_nobody_is_not_offered(cast, client):
    goes(cast, "riders", "merged")
    cast.sign_in(client, "mei")
    assert "?to=" not in text(client.get(TRANSFER, {"q": "西岭配送"}))


def test_a_thousand_unions_of_one_name_are_twenty_on_the_page_in_two_queries_more(cast, client):
    name = "金湾外卖配送站工会"
    below = cast.unions["district"]
    Union.objects.bulk_create(
        Union(
            name=name,
            kind="enterprise",
            parent=below,
            path=f"x{n}.",
            pinyin=pinyin_key(name),
            grams=search_grams(name),
        )
        for n in range(1000)
    )
    cast.sign_in(client, "mei")
    client.get(TRANSFER)
    with CaptureQueriesContext(connection) as asked:
        page = text(client.get(TRANSFER, {"q": "金湾外卖"}))
    assert page.count("?to=") == SHOWN_MAX and "只显示前 20 个" in page
    assert len(asked) <= 8


def test_search_is_paced(cast, client):
    cast.sign_in(client, "mei")
    for _n in range(SEARCHES_A_MINUTE):
        client.get(TRANSFER, {"q": "西岭"})
    assert client.get(TRANSFER, {"q": "西岭"}).status_code == 429


def test_member_opens_a_transfer_and_reads_its_way(cast, client):
    cast.sign_in(client, "mei")
    to = cast.unions["riders"].pk
    assert "提出转会" in text(client.get(TRANSFER, {"to": to}))
    answer = client.post(TRANSFER, {"to": to, "reason": "换到新单位"})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    page = text(client.get(PAGE))
    assert ["您提出转会" in page, "等蓝海机械厂工会同意转出" in page, "视为同意" in page] == [True] * 3
    assert (requests()[0].reason, memberships(cast)) == ("换到新单位", [("factory", "transferring")])


@pytest.mark.parametrize("to", ["", "0", "x", "9" * 30, "-1", "1.5", "１"])
def test_bad_union_is_refused_in_words_and_nothing_is_opened(cast, client, to):
    cast.sign_in(client, "mei")
    assert client.post(TRANSFER, {"to": to}).status_code == 422
    assert requests() == []


def test_refusal_keeps_what_was_typed(cast, client):
    cast.sign_in(client, "mei")
    answer = client.post(TRANSFER, {"to": cast.unions["factory"].pk, "reason": "我写的原因"})
    assert answer.status_code == 422
    assert "不需要转" in text(answer) and "我写的原因" in text(answer)


def test_unverified_is_told_to_verify_first(cast, client):
    cast.sign_in(client, "hua")
    answer = client.post(TRANSFER, {"to": cast.unions["riders"].pk})
    assert (answer.status_code, requests()) == (403, [])
    assert "实名认证" in text(answer)


def test_open_transfer_is_aimed_elsewhere_and_cancelled(cast, client):
    row = released(cast)
    cast.sign_in(client, "mei")
    there = cast.unions[new_home(cast, "sister")]
    assert client.post(TRANSFER, {"to": there.pk})["Location"] == PAGE
    assert (again(row).to_union, again(row).state) == (there, "released")
    assert "您改转到西岭仓储工会" in text(client.get(PAGE))
    assert client.post(f"{TRANSFER}/cancel")["Location"] == PAGE
    assert (again(row).state, memberships(cast)) == ("cancelled", [("factory", "active")])
    assert client.post(f"{TRANSFER}/cancel").status_code == 409
    assert "您取消了转会" in text(client.get(PAGE))


def test_nobody_moves_the_transfer_of_another(cast, client):
    row = opened(cast)
    for who in ("lan", "stranger", "anonymous", OLD):
        cast.sign_in(client, who)
        assert client.post(f"{TRANSFER}/cancel").status_code in (401, 409)
    assert again(row).state == "opened"


# --- what is shown ------------------------------------------------------------------------------------------


def test_page_shows_union_number_and_history(cast, client):
    accepted(cast)
    page = text(cast.sign_in(client, "mei").get(PAGE))
    assert number_of(cast) in page
    assert [
        said in page for said in ("西岭配送工会联合会接收", "以前的会籍", "蓝海机械厂工会", "已终止")
    ] == [True] * 4


def test_silence_is_told_before_and_after_its_day(cast, client):
    released(cast)
    cast.sign_in(client, "mei")
    assert "到期没有答复，转上一级办理" in text(client.get(PAGE))
    TransferRequest.objects.unscoped("test").update(silence="wait")
    with days_later(12):
        assert "拨打 12351 催办" in text(client.get(PAGE))


def test_refusal_stands_with_its_reason_and_is_escaped(cast, client):
    refused(cast, opened(cast), OLD, "<script>alert(1)</script>")
    page = text(cast.sign_in(client, "mei").get(PAGE))
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page


@pytest.mark.parametrize("who", ["stranger", OLD])
def test_who_has_no_person_is_led_to_verification(cast, client, who):
    cast.sign_in(client, who)
    assert "/me/verify" in text(client.get(PAGE))
    assert client.get(CARD)["Location"] == "/me/verify?next=%2Fme%2Fcard"


def test_person_without_membership_reads_where_to_ask(cast, client):
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(status="exited")
    cast.sign_in(client, "mei")
    assert [said in text(client.get(PAGE)) for said in ("现在没有会籍", "/join")] == [True, True]
    assert [said in text(client.get(TRANSFER)) for said in ("没有可以转接的会籍", "/join")] == [True, True]
    assert "没有会籍号" in text(client.get(CARD))


def test_card_shows_name_union_number_and_a_code_that_changes(cast, client):
    page = text(cast.sign_in(client, "mei").get(CARD))
    assert [said in page for said in ("陈小梅", "陈**", "蓝海机械厂工会", number_of(cast), "已实名")] == [
        True
    ] * 5
    assert 'data-pay-code="/me/pay/next"' in page and 'src="data:image/svg+xml' in page
    assert "已实名" not in text(cast.sign_in(client, "hua").get(CARD))


def test_pages_take_few_queries_however_long_the_history(cast, client):
    cast.sign_in(client, "mei")
    client.get(CARD)  # the card is made when first shown
    accepted(cast)
    back = opened(cast, "mei", "factory")
    release_transfer(cast.actor(NEW), transfer_id=back.pk)
    accept_transfer(cast.actor(OLD), transfer_id=back.pk)
    asked = []
    for _round in range(2):
        for path in (PAGE, TRANSFER, CARD):
            with CaptureQueriesContext(connection) as found:
                client.get(path)
            asked.append(len(found))
        for _n in range(2):
            accepted(cast)
            row = opened(cast, "mei", "factory")
            release_transfer(cast.actor(NEW), transfer_id=row.pk)
            accept_transfer(cast.actor(OLD), transfer_id=row.pk)
    assert max(asked) <= 10, asked
    assert asked[:3] == asked[3:]


def test_long_names_stand_whole(cast, client):
    long = "百年湾区" * 12 + "新就业形态劳动者联合工会委员会"
    union = new_union(long, "federation", cast.unions["sister"])
    accept_transfer(cast.actor("province_admin"), transfer_id=_released_to(cast, union).pk)
    page = text(cast.sign_in(client, "mei").get(PAGE))
    assert long in page


def _released_to(cast, union: Union) -> TransferRequest:
    cast.unions["long"] = union
    row = opened(cast, "mei", "long")
    return release_transfer(cast.actor(OLD), transfer_id=row.pk)
