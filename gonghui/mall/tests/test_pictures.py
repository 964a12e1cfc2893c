"""Pictures of products: put up and moved in a draft, reviewed with it, kept by the orders, swept when nobody shows them."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.mall.actions import pictures, shelf
from gonghui.mall.models import Picture, PictureFile, Product, ProductPicture
from gonghui.mall.tests.shots import HOSTILE, from_a_phone, shot
from gonghui.mall.tests.stage import SYSTEM, again, build_shop, facts, placed

pytestmark = pytest.mark.django_db
COLOURS = ("#c5321c", "#225588", "#3a7d44", "#a66a00", "#5b4b8a", "#333333", "#0f6b6b")


@pytest.fixture
def draft(mall):
    """挂面, not handed in yet."""
    return shelf.draft_product(mall.actor("owner"), shop=mall.shop, facts=facts("挂面", "grain", 900, 9))


def put_up(mall, product, *colours: str, who: str = "owner") -> list[ProductPicture]:
    actor = mall.actor(who)
    return [
        pictures.upload_picture(actor, product_id=product.pk, content=shot(colour=one)) for one in colours
    ]


def uses(product) -> list[ProductPicture]:
    return list(
        ProductPicture.objects.unscoped("test")
        .filter(product=product)
        .select_related("picture")
        .order_by("nth")
    )


def names(product) -> list[str]:
    return [use.picture.name for use in uses(product)]


def approved(mall, product) -> Product:
    shelf.submit_product(mall.actor("owner"), product_id=product.pk)
    return shelf.approve_product(mall.actor("mall_reviewer"), product_id=product.pk)


def to_draft(mall, product) -> None:
    shelf.take_down_product(mall.actor("owner"), product_id=product.pk)
    shelf.reopen_product(mall.actor("owner"), product_id=product.pk)


@contextmanager
def refused(code: str):
    with pytest.raises(DomainError) as found:
        yield
    assert found.value.code == code


def file(content: bytes, name: str = "照片.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


# --- put up, moved, taken off -------------------------------------------------------------------------------


def test_first_picture_is_the_cover_and_the_order_is_the_suppliers(mall, draft):
    one, two, three = put_up(mall, draft, *COLOURS[:3])
    assert [use.nth for use in uses(draft)] == [1, 2, 3]
    owner = mall.actor("owner")
    pictures.move_picture(owner, picture_id=three.pk)
    assert [use.pk for use in uses(draft)] == [three.pk, one.pk, two.pk]
    pictures.move_picture(owner, picture_id=one.pk, by=1)
    pictures.move_picture(owner, picture_id=three.pk, by=-1)  # is the first already
    assert [use.pk for use in uses(draft)] == [three.pk, two.pk, one.pk]
    pictures.remove_picture(owner, picture_id=three.pk)
    assert [(use.pk, use.nth) for use in uses(draft)] == [(two.pk, 1), (one.pk, 2)]


def test_seventh_picture_and_the_same_again_are_refused(mall, draft):
    put_up(mall, draft, *COLOURS[:5])
    with refused("mall_picture_twice"):
        put_up(mall, draft, COLOURS[0])
    put_up(mall, draft, COLOURS[5])
    with refused("mall_pictures_full"):
        put_up(mall, draft, COLOURS[6])
    assert len(uses(draft)) == 6


def test_database_takes_no_seventh_picture_and_no_place_twice(mall, draft):
    first = put_up(mall, draft, *COLOURS[:2])[0]
    other = Picture.objects.unscoped("test").create(name="f" * 32, width=1, height=1)
    for nth in (7, 0, 1):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProductPicture.objects.create(product=draft, picture=other, nth=nth)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert uses(draft)[0].pk == first.pk


def test_same_picture_of_two_products_is_kept_once(mall, draft):
    put_up(mall, draft, COLOURS[0])
    other = shelf.draft_product(mall.actor("owner"), shop=mall.shop, facts=facts("面条", "grain", 900, 9))
    put_up(mall, other, COLOURS[0])
    assert names(draft) == names(other)
    assert (Picture.objects.unscoped("test").count(), PictureFile.objects.unscoped("test").count()) == (1, 3)


def test_pictures_change_in_a_draft_only_whoever_asks(mall, draft):
    one = put_up(mall, draft, *COLOURS[:2])[0]
    before = names(draft)
    shelf.submit_product(mall.actor("owner"), product_id=draft.pk)

    def tries(state: str) -> None:
        owner = mall.actor("owner")
        for act in (
            lambda: put_up(mall, draft, COLOURS[3]),
            lambda: pictures.move_picture(owner, picture_id=one.pk, by=1),
            lambda: pictures.remove_picture(owner, picture_id=one.pk),
        ):
            with refused("mall_only_a_draft"):
                act()
        rows = ProductPicture.objects.unscoped("test").filter(pk=one.pk)
        for wrong in (lambda: rows.update(nth=5), rows.delete):
            with pytest.raises(IntegrityError, match="handed in"), transaction.atomic():
                wrong()
        with pytest.raises(IntegrityError, match="handed in"), transaction.atomic():
            kept = Picture.objects.unscoped("test").get_or_create(name="e" * 32, width=1, height=1)[0]
            ProductPicture.objects.create(product=draft, picture=kept, nth=3)
        assert (names(draft), again(draft).state) == (before, state)

    tries("submitted")
    shelf.approve_product(mall.actor("mall_reviewer"), product_id=draft.pk)
    tries("listed")
    shelf.take_down_product(mall.actor("owner"), product_id=draft.pk)
    tries("down")


def test_changed_picture_is_reviewed_anew_and_not_by_who_changed_it(mall, draft):
    put_up(mall, draft, COLOURS[0])
    approved(mall, draft)
    to_draft(mall, draft)
    city = mall.actor("city_admin")
    put_up(mall, draft, COLOURS[1], who="city_admin")
    shelf.submit_product(city, product_id=draft.pk)
    assert (again(draft).state, again(draft).maker_id) == ("submitted", city.user_id)
    with refused("mall_own_product"):
        shelf.approve_product(city, product_id=draft.pk)
    assert shelf.approve_product(mall.actor("mall_reviewer"), product_id=draft.pk).state == "listed"


def test_bytes_of_a_picture_never_change_and_stay_while_it_is_shown(mall, draft):
    picture = put_up(mall, draft, COLOURS[0])[0].picture
    files = PictureFile.objects.unscoped("test").filter(picture=picture)
    for wrong in (
        lambda: files.update(content=b"x"),
        files.delete,
        lambda: Picture.objects.unscoped("test").filter(pk=picture.pk).update(width=3),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
    assert files.count() == 3


def test_change_of_pictures_is_in_the_audit_trail(mall, draft):
    use = put_up(mall, draft, COLOURS[0])[0]
    pictures.remove_picture(mall.actor("owner"), picture_id=use.pk)
    trail = AuditEntry.objects.unscoped("test").filter(table_name="mall_productpicture", row_id=use.pk)
    owner = mall.actor("owner").user_id
    assert list(trail.order_by("id").values_list("op", "actor_id")) == [("INSERT", owner), ("DELETE", owner)]


# --- orders, sweep ------------------------------------------------------------------------------------------


def test_order_keeps_the_picture_it_was_bought_by(mall, draft, client):
    put_up(mall, draft, *COLOURS[:2])
    mall.products["noodles"] = approved(mall, draft)
    bought = names(draft)[0]
    order = placed(mall, ("noodles", 1))
    to_draft(mall, draft)
    [cover, _second] = uses(draft)
    pictures.remove_picture(mall.actor("owner"), picture_id=cover.pk)
    mall.cast.sign_in(client, "mei")
    for page in (f"/mall/orders/{order.pk}", "/mall/orders"):
        text = client.get(page).content.decode()
        assert (bought in text, names(draft)[0] in text) == (True, False)
    pictures.sweep_pictures(SYSTEM, before=clock.now() + dt.timedelta(days=2))
    assert client.get(f"/mall/pictures/{bought}-thumb.webp").status_code == 200
    with pytest.raises(IntegrityError), transaction.atomic():
        order.lines.update(picture=Picture.objects.unscoped("test").exclude(name=bought).first())


def test_sweep_takes_what_nobody_shows_and_leaves_what_is_new(mall, draft):
    shown, gone = put_up(mall, draft, *COLOURS[:2])
    pictures.remove_picture(mall.actor("owner"), picture_id=gone.pk)
    assert pictures.sweep_pictures(SYSTEM, before=clock.now() - dt.timedelta(days=1)) == 0
    assert pictures.sweep_pictures(SYSTEM, before=clock.now() + dt.timedelta(seconds=1)) == 1
    assert [one.pk for one in Picture.objects.unscoped("test")] == [shown.picture_id]
    assert PictureFile.objects.unscoped("test").count() == 3


# --- who sees it --------------------------------------------------------------------------------------------


def asked(cast, who: str, name: str, size: str = "card"):
    return cast.sign_in(Client(), who).get(f"/mall/pictures/{name}-{size}.webp")


def test_picture_is_for_its_supplier_and_the_reviewers_until_it_was_reviewed(mall, draft):
    build_shop(mall.cast, "山里鲜", "farmer")
    put_up(mall, draft, COLOURS[0])
    [name] = names(draft)

    def answers() -> dict[str, int]:
        cast = (
            "owner",
            "mall_reviewer",
            "province_admin",
            "farmer",
            "sister_admin",
            "mei",
            "stranger",
            "anonymous",
        )
        return {who: asked(mall.cast, who, name).status_code for who in cast}

    closed = dict.fromkeys(("farmer", "sister_admin", "mei", "stranger", "anonymous"), 404)
    opened = dict.fromkeys(("owner", "mall_reviewer", "province_admin"), 200)
    assert answers() == closed | opened
    assert "private" in asked(mall.cast, "owner", name)["Cache-Control"]
    approved(mall, draft)
    assert set(answers().values()) == {200}
    to_draft(mall, draft)
    assert answers() == closed | opened


def test_picture_is_served_to_be_kept_for_ever_and_as_nothing_but_a_picture(mall, draft):
    put_up(mall, draft, COLOURS[0])
    approved(mall, draft)
    [name] = names(draft)
    for size, side in (("thumb", 160), ("card", 480), ("whole", 600)):
        answer = asked(mall.cast, "anonymous", name, size)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "Cookie" not in answer.get("Vary", "") and not answer.cookies
        image = Image.open(BytesIO(answer.content))
        assert (image.format, image.size) == ("WEBP", (side, side))
    assert asked(mall.cast, "anonymous", "0" * 32).status_code == 404
    assert Client().get(f"/mall/pictures/{name}-huge.webp").status_code == 404
    assert Client().post(f"/mall/pictures/{name}-card.webp").status_code == 405


def test_published_picture_is_two_questions(mall, draft, client):
    put_up(mall, draft, COLOURS[0])
    approved(mall, draft)
    address = f"/mall/pictures/{names(draft)[0]}-card.webp"
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    assert len(queries) == 2, [one["sql"] for one in queries]


def test_others_neither_put_up_nor_move_nor_take_off(mall, draft):
    build_shop(mall.cast, "山里鲜", "farmer")
    use = put_up(mall, draft, *COLOURS[:2])[0]
    before = names(draft)
    for who in ("farmer", "mei", "sister_admin", "mall_reviewer"):
        actor = mall.actor(who)
        for act in (
            lambda: pictures.upload_picture(actor, product_id=draft.pk, content=b"never read"),  # noqa: B023
            lambda: pictures.move_picture(actor, picture_id=use.pk, by=1),  # noqa: B023
            lambda: pictures.remove_picture(actor, picture_id=use.pk),  # noqa: B023
        ):
            with refused("not_found"):
                act()
    client = mall.cast.sign_in(Client(), "farmer")
    for path in (f"products/{draft.pk}/pictures", f"pictures/{use.pk}/remove", f"pictures/{use.pk}/first"):
        assert client.post(f"/merchant/mall/{path}").status_code == 404
    assert names(draft) == before


# --- pages --------------------------------------------------------------------------------------------------


def test_supplier_puts_up_several_at_once_and_moves_them(mall, draft, client):
    mall.cast.sign_in(client, "owner")
    page = f"/merchant/mall/products/{draft.pk}"
    files = [file(shot(colour=one)) for one in COLOURS[:3]]
    assert client.post(f"{page}/pictures", {"pictures": files})["Location"] == page
    first, _second, third = uses(draft)
    client.post(f"/merchant/mall/pictures/{third.pk}/first")
    client.post(f"/merchant/mall/pictures/{first.pk}/later")
    client.post(f"/merchant/mall/pictures/{third.pk}/remove")
    assert [use.pk for use in uses(draft)] == [_second.pk, first.pk]
    text = client.get(page).content.decode()
    assert "2/6" in text and "封面" in text and f"{names(draft)[0]}-card.webp" in text


def test_of_several_the_refused_one_is_named_and_those_before_it_stay(mall, draft, client):
    mall.cast.sign_in(client, "owner")
    files = [
        file(shot()),
        file(HOSTILE["html that begins as a gif"], "好看.jpg"),
        file(shot(colour="#225588")),
    ]
    answer = client.post(f"/merchant/mall/products/{draft.pk}/pictures", {"pictures": files})
    assert (answer.status_code, len(uses(draft))) == (422, 1)
    assert (
        "第 2 张没有上传，前面的已经上传：这个文件不是完整的 JPEG、PNG 或 WebP 图片"
        in answer.content.decode()
    )
    none = client.post(f"/merchant/mall/products/{draft.pk}/pictures")
    assert (none.status_code, "还没有选图片" in none.content.decode()) == (422, True)


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_file_is_refused_on_the_page_and_nothing_is_kept(mall, draft, client, what):
    mall.cast.sign_in(client, "owner")
    sent = {"pictures": file(HOSTILE[what], "晚霞.jpg")}
    assert client.post(f"/merchant/mall/products/{draft.pk}/pictures", sent).status_code in (422, 302)
    assert (uses(draft), Picture.objects.unscoped("test").count()) == ([], 0)


def test_new_product_is_written_with_its_pictures(mall, client):
    mall.cast.sign_in(client, "owner")
    typed = {
        "title": "小米", "section": mall.products["rice"].section_id, "list_fen": "20", "market_fen": "25", "stock": "5",
        "code": "XM", "about": "",
    }  # fmt: skip
    sent = typed | {"do": "submit", "pictures": [file(from_a_phone()), file(shot(colour="#225588"))]}
    client.post("/merchant/mall/products/new", sent)
    product = Product.objects.unscoped("test").get(title="小米")
    assert (product.state, len(uses(product))) == ("submitted", 2)
    bad = typed | {"title": "大米", "code": "DM", "do": "submit", "pictures": [file(b"no picture")]}
    answer = client.post("/merchant/mall/products/new", bad, follow=True)
    draft = Product.objects.unscoped("test").get(title="大米")
    assert (draft.state, answer.redirect_chain[0][0]) == ("draft", f"/merchant/mall/products/{draft.pk}")
    assert "草稿已保存。第 1 张没有上传" in answer.content.decode()


def test_member_sees_pictures_everywhere_and_the_drawing_where_there_is_none(mall, draft, client):
    put_up(mall, draft, *COLOURS[:2])
    mall.products["noodles"] = approved(mall, draft)
    cover, second = names(draft)
    mall.cast.sign_in(client, "mei")
    for product in (draft, mall.products["box"]):
        client.post(f"/mall/products/{product.pk}/basket", {"quantity": 1, "do": "more"})
    pages = {path: client.get(path).content.decode() for path in ("/mall", "/mall/basket", "/mall/checkout")}
    for path, size in (("/mall", "card"), ("/mall/basket", "thumb"), ("/mall/checkout", "thumb")):
        assert (f"{cover}-{size}.webp" in pages[path], "tiles/gift.svg" in pages[path]) == (True, True), path
        assert second not in pages[path]
        assert 'loading="lazy"' in pages[path]
    text = client.get(f"/mall/products/{draft.pk}").content.decode()
    assert f"{cover}-whole.webp" in text and f"{second}-whole.webp" in text
    assert 'alt="挂面，图 2（共 2 张）" width="600" height="600"' in text
    to_draft(mall, draft)
    assert cover not in client.get("/mall/basket").content.decode()


def test_reviewer_sees_the_pictures_where_they_approve(mall, draft, client):
    put_up(mall, draft, *COLOURS[:2])
    shelf.submit_product(mall.actor("owner"), product_id=draft.pk)
    mall.cast.sign_in(client, "mall_reviewer")
    text = client.get(reverse("admin:mall_product_change", args=[draft.pk])).content.decode()
    shown = [text.index(f"{name}-card.webp") for name in names(draft)]
    assert shown == sorted(shown) and "封面" in text


def test_pages_ask_as_much_for_six_pictures_as_for_none(mall, draft, client):
    plain = shelf.draft_product(mall.actor("owner"), shop=mall.shop, facts=facts("米粉", "grain", 900, 9))
    put_up(mall, draft, *COLOURS[:6])
    mall.products |= {"none": approved(mall, plain), "six": approved(mall, draft)}
    mall.cast.sign_in(client, "mei")

    def asked(name: str) -> list[int]:
        product = mall.products[name]
        client.post(f"/mall/products/{product.pk}/basket", {"quantity": 1, "do": "more"})
        order, found = placed(mall, (name, 1)), []
        client.post(f"/mall/products/{product.pk}/basket", {"quantity": 1, "do": "more"})
        for path in (
            "/mall",
            f"/mall/products/{product.pk}",
            "/mall/basket",
            f"/mall/orders/{order.pk}",
            "/mall/orders",
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        return found

    asked("none")
    few = asked("none")
    client.post(f"/mall/products/{plain.pk}/basket", {"quantity": 0, "do": "set"})
    assert asked("six") == few
