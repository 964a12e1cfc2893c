"""商品图片. Bytes are kept once, under a name made of them, and never change; what moves is which product shows which."""

from __future__ import annotations

from django.db import models
from django.db.models import Deferrable, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Nobody, Where
from gonghui.mall.models.shelf import REVIEWED

PICTURES_MAX = 6
SIZES = ("thumb", "card", "whole")
NEAR_SQUARE = (3 / 4, 4 / 3)


class Picture(Row):
    """Open to everybody once a product with it was reviewed or sold; before that to its supplier and who reviews."""

    scope = AnyOf(
        Where(uses__product__state__in=REVIEWED),
        Where(lines__isnull=False),
        ByKey("books", "uses__product__shop__store_id"),
        BySubtree("uses__product__shop__store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.no("its bytes never change; which product shows it is audited")

    name = models.CharField(max_length=32, unique=True)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("图片")

    def __str__(self) -> str:
        return self.name

    @property
    def is_long(self) -> bool:
        """In a square there is room beside it."""
        return not NEAR_SQUARE[0] <= self.width / self.height <= NEAR_SQUARE[1]

    def _address(self, size: str) -> str:
        return reverse("mall_picture", args=[self.name, size])

    @property
    def thumb(self) -> str:
        return self._address("thumb")

    @property
    def card(self) -> str:
        return self._address("card")

    @property
    def whole(self) -> str:
        return self._address("whole")


class PictureFile(Row):
    """WebP of our own making, in a table of its own: nobody who lists products reads bytes by the way."""

    scope = Nobody("read by the name of a picture its reader may see")
    audit = Audit.no("its bytes never change")

    picture = models.ForeignKey(Picture, models.CASCADE, related_name="files")
    size = models.CharField(max_length=8, choices=[(size, size) for size in SIZES])
    content = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = _("图片文件")
        constraints = [models.UniqueConstraint(fields=["picture", "size"], name="mall_picture_file_once")]

    def __str__(self) -> str:
        return f"{self.picture_id}/{self.size}"


class ProductPicture(Row):
    """A product shows it, in the `nth` place; the first is the cover. Reviewed with the product, and as fixed as its text."""

    scope = AnyOf(
        Where(product__state="listed", product__shop__is_open=True),
        ByKey("books", "product__shop__store_id"),
        BySubtree("product__shop__store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.ALL

    product = models.ForeignKey("mall.Product", models.PROTECT, related_name="pictures")
    picture = models.ForeignKey(Picture, models.PROTECT, related_name="uses")
    nth = models.PositiveSmallIntegerField(_("次序"))

    class Meta:
        verbose_name = verbose_name_plural = _("商品图片")
        ordering = ["product", "nth"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "nth"], name="mall_product_picture_nth", deferrable=Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["product", "picture"], name="mall_product_picture_once"),
            models.CheckConstraint(
                condition=Q(nth__gte=1, nth__lte=PICTURES_MAX), name="mall_product_picture_at_most_six"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}/{self.nth}"
