"""A supplier photographs a product and hands it in; a reviewer looks at the pictures; a member swipes and buys."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.kit.tests.browser import DESKTOP, PHONE, come_to_rest, wait_until
from gonghui.mall.actions import shelf
from gonghui.mall.models import Product, ProductPicture
from gonghui.mall.tests.shots import HOSTILE, from_a_phone, shot
from gonghui.mall.tests.stage import build_mall, facts, placed
from tests.loops.conftest import do, press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL_SEEN = """async () => {
  for (const one of document.images) { one.loading = 'eager'; }
  await Promise.all([...document.images].map((one) => one.decode().catch(() => null)));
  return [...document.images].every((one) => one.naturalWidth > 0);
}"""
JUMPS = """() => new Promise((done) => {
  let sum = 0;
  const add = (list) => list.getEntries().forEach((one) => { sum += one.value; });
  new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture
def stage(cast):
    return build_mall(cast)


@pytest.fixture
def draft(stage):
    return shelf.draft_product(stage.actor("owner"), shop=stage.shop, facts=facts("挂面", "grain", 900, 9))


def looks_right(people, who: str) -> None:
    """At both widths: every picture is there, nothing runs out of the page, nothing jumps, and axe finds nothing."""
    page = people.pages[who]
    for width, height in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        page.reload()
        wait_until(page, ALL_SEEN)
        come_to_rest(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (page.url, width)
        assert page.evaluate(JUMPS) < 0.02, (page.url, width)
        assert people.findings(who) == [], (page.url, width)


def files(*contents: bytes) -> list[dict]:
    return [
        {"name": f"IMG_{nth}.jpg", "mimeType": "image/jpeg", "buffer": content}
        for nth, content in enumerate(contents)
    ]


def order_of(draft: Product) -> list[int]:
    found = ProductPicture.objects.unscoped("test").filter(product=draft).order_by("nth")
    return list(found.values_list("picture__width", flat=True))


def test_pictures_go_from_a_phone_over_the_review_to_the_shelf(people, stage, draft):
    page = people.at("owner", f"/merchant/mall/products/{draft.pk}")
    sent = files(from_a_phone((800, 600)), shot((700, 900), "#225588"), shot((1200, 300), "#3a7d44"))
    page.set_input_files("[name=pictures]", sent)
    page.wait_for_selector("text=3 张图片已上传")
    assert order_of(draft) == [600, 700, 1200]
    page.get_by_role("button", name="设为封面 图 3").click()
    page.wait_for_load_state("load")
    page.get_by_role("button", name="图 2 往后").click()
    page.wait_for_load_state("load")
    assert order_of(draft) == [1200, 700, 600]
    page.set_input_files("[name=pictures]", files(HOSTILE["html that begins as a gif"]))
    page.wait_for_selector("text=不是完整的 JPEG、PNG 或 WebP 图片")
    people.at("owner", f"/merchant/mall/products/{draft.pk}")
    looks_right(people, "owner")
    page.complaints.clear()  # of the refusal above: the answer was 422
    press(page, "提交复核")
    page.wait_for_load_state("load")
    reviewed(people, draft)
    swiped(people, draft)
    bought(people, stage, draft)
    assert people.complaints() == {}


def reviewed(people, draft) -> None:
    page = people.at("mall_reviewer", reverse("admin:mall_product_change", args=[draft.pk]))
    wait_until(page, ALL_SEEN)
    assert page.locator(".mall-pictures img").count() == 3
    do(people, "mall_reviewer", "admin:mall_product_approve", draft, "复核通过")


def swiped(people, draft) -> None:
    people.at("mei", "/mall")
    looks_right(people, "mei")
    page = people.at("mei", f"/mall/products/{draft.pk}")
    looks_right(people, "mei")
    page.get_by_role("link", name="图 3", exact=True).click()
    wait_until(page, "() => document.querySelector('.mall-dots a:nth-child(3)').hasAttribute('aria-current')")
    assert page.evaluate("Math.round(document.querySelector('.mall-strip').scrollLeft / innerWidth)") == 2
    page.focus(".mall-strip")
    page.keyboard.press("ArrowLeft")
    wait_until(page, "() => document.querySelector('.mall-dots a:nth-child(2)').hasAttribute('aria-current')")


def bought(people, stage, draft) -> None:
    shelf.put_in_basket(stage.actor("mei"), product_id=draft.pk, quantity=1)
    people.at("mei", "/mall/basket")
    looks_right(people, "mei")
    stage.products["noodles"] = draft
    order = placed(stage, ("noodles", 1), ("rice", 1))
    for path in (f"/mall/orders/{order.pk}", "/mall/orders"):
        people.at("mei", path)
        looks_right(people, "mei")
