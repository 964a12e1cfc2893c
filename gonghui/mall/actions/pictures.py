"""Pictures of a draft: put up, moved, taken off; and the sweep of those nobody shows any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.mall import errors
from gonghui.mall.actions.shelf import locked_product, require_shops_product
from gonghui.mall.models import OrderLine, Picture, PictureFile, Product, ProductPicture
from gonghui.mall.models.pictures import PICTURES_MAX
from gonghui.mall.pictures import Drawn, drawn_from

WHY = "locked by its own verb"
AT_ONCE = 500


class NthRefused(DomainError):
    """Of several files, which."""

    def __init__(self, nth: int, refused: DomainError) -> None:
        super().__init__(refused.reason, **refused.facts)
        self.nth = nth

    @property
    def message(self) -> str:
        why = super().message
        if self.nth == 1:
            return _("第 1 张没有上传：%s") % why
        return _("第 %(nth)d 张没有上传，前面的已经上传：%(why)s") % {"nth": self.nth, "why": why}


def upload_pictures(actor: Actor, *, product_id: int, contents: Iterable[bytes]) -> int:
    """One after the other; those before the first that is refused stay."""
    nth = 0
    for nth, content in enumerate(contents, 1):
        try:
            upload_picture(actor, product_id=product_id, content=content)
        except DomainError as refused:
            if refused.reason is NOT_FOUND:
                raise
            raise NthRefused(nth, refused) from refused
    require(nth, errors.PICTURE_MISSING)
    return nth


def upload_picture(actor: Actor, *, product_id: int, content: bytes) -> ProductPicture:
    """Read and drawn before anything is locked, but only for those whose product it is."""
    product = (
        Product.objects.unscoped("whose is it?")
        .select_related("shop__store__partner__union")
        .filter(pk=product_id)
        .first()
    )
    require(product, NOT_FOUND)
    _require_open(actor, product)
    return add_picture(actor, product_id=product_id, drawn=drawn_from(content))


@action
def add_picture(actor: Actor, *, product_id: int, drawn: Drawn) -> ProductPicture:
    """At the end; the first one is the cover."""
    product = locked_product(product_id)
    _require_open(actor, product)
    uses = _uses(product)
    require(len(uses) < PICTURES_MAX, errors.PICTURES_FULL, most=PICTURES_MAX)
    picture = _kept(drawn)
    require(picture.pk not in {use.picture_id for use in uses}, errors.PICTURE_TWICE)
    _put_in_order(uses)
    _written_by(actor, product)
    return ProductPicture.objects.create(product=product, picture=picture, nth=len(uses) + 1)


@action
def move_picture(actor: Actor, *, picture_id: int, by: int | None = None) -> Product:
    """So many places on, or back where below zero; None: it becomes the cover."""
    use, product = _locked_use(actor, picture_id)
    uses = _uses(product)
    at = uses.index(use)
    uses.insert(0 if by is None else min(max(at + by, 0), len(uses) - 1), uses.pop(at))
    _put_in_order(uses)
    _written_by(actor, product)
    return product


@action
def remove_picture(actor: Actor, *, picture_id: int) -> Product:
    """From this product; its bytes go with the sweep when nobody else shows them."""
    use, product = _locked_use(actor, picture_id)
    ProductPicture.objects.unscoped(WHY).filter(pk=use.pk).delete()
    _put_in_order(_uses(product))
    _written_by(actor, product)
    return product


def _require_open(actor: Actor, product: Product) -> None:
    require_shops_product(actor, product.shop)
    require(product.state == Product.State.DRAFT, errors.ONLY_A_DRAFT, state=product.get_state_display())


def _locked_use(actor: Actor, picture_id: int) -> tuple[ProductPicture, Product]:
    """The product first: whoever moves another picture of it waits."""
    found = ProductPicture.objects.unscoped(WHY).filter(pk=picture_id)
    product_id = found.values_list("product_id", flat=True).first()
    require(product_id, NOT_FOUND)
    product = locked_product(product_id)
    _require_open(actor, product)
    use = found.first()
    require(use, NOT_FOUND)
    return use, product


def _uses(product: Product) -> list[ProductPicture]:
    return list(ProductPicture.objects.unscoped(WHY).filter(product=product).order_by("nth"))


def _put_in_order(uses: Sequence[ProductPicture]) -> None:
    """1, 2, 3; only those that move are written."""
    for nth, use in enumerate(uses, 1):
        if use.nth != nth:
            use.nth = nth
            use.save(update_fields=["nth", "updated_at"])


def _written_by(actor: Actor, product: Product) -> None:
    """Who changed its pictures does not review them."""
    if product.maker_id != actor.user_id:
        product.maker_id = actor.user_id
        product.save(update_fields=["maker", "updated_at"])


def _kept(drawn: Drawn) -> Picture:
    """What was drawn before is not kept twice; it is new again to the sweep."""
    row = Picture(name=drawn.name, width=drawn.width, height=drawn.height)
    kept = Picture.objects.unscoped(WHY)
    [row] = kept.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=["updated_at"]
    )
    PictureFile.objects.unscoped(WHY).bulk_create(
        (PictureFile(picture=row, size=size, content=content) for size, content in drawn.files.items()),
        ignore_conflicts=True,
    )
    return row


@action
def sweep_pictures(actor: Actor, *, before: datetime) -> int:
    """Those no product shows and no order was placed with; whoever puts one up again this moment is waited for or left alone."""
    shown = ProductPicture.objects.unscoped(WHY).filter(picture=OuterRef("pk"))
    bought = OrderLine.objects.unscoped(WHY).filter(picture=OuterRef("pk"))
    idle = Picture.objects.unscoped(WHY).filter(~Exists(shown), ~Exists(bought), updated_at__lt=before)
    found = list(
        idle.select_for_update(of=("self",), skip_locked=True)
        .order_by("id")
        .values_list("pk", flat=True)[:AT_ONCE]
    )
    PictureFile.objects.unscoped(WHY).filter(picture_id__in=found).delete()
    Picture.objects.unscoped(WHY).filter(pk__in=found).delete()
    return len(found)
