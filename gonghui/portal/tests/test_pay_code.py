"""付款码: what the member shows, what the till reads, and what dies with the phone."""

import re

import pytest

from gonghui.kit import tokens
from gonghui.members.actions import pay_codes
from gonghui.members.models import MemberCard

pytestmark = pytest.mark.django_db


def said(page: str) -> str:
    return "".join(re.findall(r"<span>([0-9A-Z]+)</span>", page))


def text(answer) -> str:
    return answer.content.decode()


def reads(cast, code: str) -> int:
    return pay_codes.person_of_pay_code(cast.actor("clerk"), text=code, store_id=cast.store.pk)


def test_page_shows_a_code_the_till_reads(cast, client):
    page = text(cast.sign_in(client, "mei").get("/me/pay"))
    assert 'src="data:image/svg+xml' in page
    assert len(said(page)) == 14
    assert reads(cast, said(page)) == cast.people["mei"].pk


def test_open_page_asks_for_the_next_one(cast, client):
    client = cast.sign_in(client, "mei")
    found = client.get("/me/pay/next").json()
    assert reads(cast, "".join(found["said"])) == cast.people["mei"].pk
    assert found["balance"] == 0
    assert found["picture"].startswith("data:image/svg+xml")


def test_answer_is_never_kept(cast, client):
    client = cast.sign_in(client, "mei")
    for path in ("/me/pay", "/me/pay/next"):
        assert "no-store" in client.get(path)["Cache-Control"]


def test_secret_of_the_code_is_not_on_the_page(cast, client):
    page = text(cast.sign_in(client, "mei").get("/me/pay"))
    card = MemberCard.objects.unscoped("test").get()
    assert tokens.pay_secret(card.code).hex() not in page


def test_new_card_ends_the_old_code(cast, client):
    client = cast.sign_in(client, "mei")
    old = said(text(client.get("/me/pay")))
    assert client.post("/me/pay/renew")["Location"] == "/me/pay"
    new = said(text(client.get("/me/pay")))
    assert reads(cast, new) == cast.people["mei"].pk
    with pytest.raises(pay_codes.DomainError):
        reads(cast, old)


def test_reader_not_verified_is_told_how_to_get_one(cast, client):
    answer = cast.sign_in(client, "stranger").get("/me/pay")
    assert answer.status_code == 200
    assert "实名后才有付款码" in text(answer)
    assert client.get("/me/pay/next").status_code == 403
    assert MemberCard.objects.unscoped("test").count() == 0
