"""A shop with an offer, a clerk at its till and Mei before it, as the pages see them."""

from __future__ import annotations

import re

from django.test import Client

from gonghui.bills.tests.priced import given_voucher, published, released
from gonghui.bills.tests.stage import open_shop, pay_code

# For `wait_until`: a page of the clerk may be without network from now on.
HAS_PACK = "async () => Object.keys(localStorage).some((name) => name.endsWith('-pack'))"


def opened(cast, **facts):
    """The pier takes 20 off 100; the merchant gives all of it, unless said otherwise."""
    open_shop(cast)
    return published(cast, **facts)


def coupon_of(cast, who: str = "mei"):
    """One of 60 off 200, in their hands."""
    terms = published(
        cast, title="满200减60", threshold_fen=20000, off_fen=6000, needs_voucher=True, stack_class="coupon"
    )
    return given_voucher(released(terms), cast.people[who].pk)


def text(answer) -> str:
    return answer.content.decode()


def fields(page: str, form: str = 'id="till-form"') -> dict[str, list[str]]:
    """Every named field of a form with its value, as a browser without scripts would send it."""
    body = page.split(form, 1)[1].split("</form>", 1)[0]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (('type="radio"' not in tag and 'type="checkbox"' not in tag) or " checked" in tag):
            found.setdefault(name[1], []).append(value[1] if value else "")
    return found


class Till:
    """The clerk's browser at one store."""

    def __init__(self, cast):
        self.cast, self.client = cast, Client()
        cast.sign_in(self.client, "clerk")

    def quote(self, amount: str = "120", *, who: str = "mei", ahead: int = 0, **more):
        body = {"customer": pay_code(self.cast, who, ahead=ahead), "amount": amount} | more
        return self.client.post("/clerk/till/quote", body)

    def sell(self, quoted, **changes):
        """Taps 收款 on the page that stands there."""
        return self.client.post("/clerk/till/sell", fields(text(quoted)) | changes)

    def sold(self, amount: str = "120", **more) -> int:
        """The number of the bill."""
        answer = self.sell(
            self.quote(amount, **more), **({"method": more["method"]} if "method" in more else {})
        )
        assert answer.status_code == 302, text(answer)
        return int(answer["Location"].rsplit("/", 1)[1])
