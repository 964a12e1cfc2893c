"""当日总额 at the merchant's own door: what it is owed stands in the published totals, and no other merchant is seen."""

import pytest
from django.test import Client

from gonghui.ledger.day_proofs import proven_by
from gonghui.ledger.tests.test_day_pages import publish
from gonghui.portal.tests.till import text
from gonghui.settlement.tests.stage import build_shop, on, sold

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, FILE = "/merchant/totals", "/merchant/totals.json"


def test_merchant_proves_what_it_is_owed_and_sees_no_other(cast):
    shop = build_shop(cast)
    other = build_shop(cast, shop.money, phone="13800000072", name="别家小店")
    owner, stranger = (cast.sign_in(Client(), f"owner of {name}") for name in ("好味食堂", "别家小店"))
    assert "还没有公示过" in text(owner.get(PAGE))
    assert owner.get(FILE).status_code == 404
    sold(shop, ("union", 500), at=on(10, 9))
    publish()
    assert "您还没有入账的账款" in text(stranger.get(PAGE))
    sold(shop, ("union", 900), at=on(10, 9))
    page, answer = text(owner.get(PAGE)), owner.get(FILE)
    proven = proven_by(answer.json())
    assert (proven.accounts, proven.credits, proven.debits) == (1, 500, 0)
    assert "恰好一次" in page and "好味食堂" in page and "5 元" in page and "别家小店" not in page
    assert [row["account"] for row in answer.json()["accounts"]] == [shop.payable.pk]
    assert (stranger.get(FILE).status_code, other.payable.pk != shop.payable.pk) == (404, True)
    assert f'href="{PAGE}"' in text(owner.get("/merchant/panels/money"))
    assert cast.sign_in(Client(), "mei").get(PAGE).status_code == 404
