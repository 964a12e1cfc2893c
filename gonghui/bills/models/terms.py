"""优惠规则: what an offer takes off a bill, when, where and for whom, and who pays for it. Facts of `pricing`, as rows."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.funds.models.budgets import BudgetCategory
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, BySubtree, Everyone, Nobody, Where

SHOWN_STATES = ("published", "paused")

# verb → {from: to} (SM-11, offers). What was reviewed is what is published: sql/10_terms.sql.
TERMS_VERBS = {
    "review": {"draft": "reviewed"},
    "send_back": {"reviewed": "draft"},
    "publish": {"reviewed": "published"},
    "pause": {"published": "paused"},
    "resume": {"paused": "published"},
    "end": dict.fromkeys(("draft", "reviewed", "published", "paused"), "ended"),
}


class Programme(Row):
    """项目: what reports add up by, such as 六大品牌 or one entry of a contest."""

    scope = Everyone("a programme is announced to everybody")
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="programmes", verbose_name=_("工会"))
    title = models.CharField(_("项目"), max_length=120)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("普惠项目")
        constraints = [
            models.UniqueConstraint(fields=["union", "title"], name="bills_programme_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")), name="bills_programme_dates"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class OfferTerms(Row):
    """One offer's price, as data. An offer with terms is redeemed with a bill, never by a tap at a gate."""

    class Form(models.TextChoices):
        THRESHOLD_OFF = "threshold_off", _("满减")
        PERCENT = "percent", _("折扣")
        FIXED_PRICE = "fixed_price", _("一口价")
        AGREEMENT_PRICE = "agreement_price", _("协议价")
        FREE = "free", _("免费")
        GIFT = "gift", _("赠品")

    class Basis(models.TextChoices):
        INITIAL = "initial", _("按原价")
        BEFORE = "before", _("按其他优惠之后")
        AFTER = "after", _("按实付")

    class Stacking(models.TextChoices):
        NEVER = "never", _("不与任何优惠同享")
        ONCE = "once", _("同类只享一项")
        ALWAYS = "always", _("可与其他优惠同享")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        REVIEWED = "reviewed", _("已复核")
        PUBLISHED = "published", _("已上线")
        PAUSED = "paused", _("已暂停")
        ENDED = "ended", _("已结束")

    scope = AnyOf(BySubtree("offer__union__path", verb="releases.view"), Where(state__in=SHOWN_STATES))
    audit = Audit.ALL

    offer = models.OneToOneField(
        "benefits.Offer", models.PROTECT, related_name="priced_by", verbose_name=_("权益")
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, blank=True, related_name="terms", verbose_name=_("项目")
    )
    form = models.CharField(_("优惠方式"), max_length=16, choices=Form)
    threshold_fen = models.BigIntegerField(_("满（分）"), default=0)
    off_fen = models.BigIntegerField(_("减（分）"), default=0)
    repeat_max = models.PositiveSmallIntegerField(_("每满可减次数"), default=1, help_text=_("0 表示不限。"))
    rate_permille = models.PositiveSmallIntegerField(
        _("实付千分比"), default=1000, help_text=_("七五折填 750。")
    )
    cap_fen = models.BigIntegerField(_("最多优惠（分）"), null=True, blank=True)
    price_fen = models.BigIntegerField(_("价格（分）"), default=0)
    units_max = models.PositiveSmallIntegerField(_("最多几件"), default=1, help_text=_("0 表示不限。"))
    gift = models.CharField(_("赠品"), max_length=80, blank=True)
    basis = models.CharField(_("门槛计算"), max_length=8, choices=Basis, default=Basis.BEFORE)
    stacking = models.CharField(_("同享"), max_length=8, choices=Stacking, default=Stacking.ONCE)
    stack_class = models.CharField(_("同享类别"), max_length=32, blank=True)
    order = models.PositiveSmallIntegerField(_("先后"), default=100, help_text=_("小的先算。"))
    family = models.BooleanField(_("家属可用"), default=False)
    bill_cap_fen = models.BigIntegerField(_("整单最多优惠（分）"), null=True, blank=True)
    bill_offers_max = models.PositiveSmallIntegerField(_("一单最多几项优惠"), null=True, blank=True)
    sections = ArrayField(models.CharField(max_length=40), verbose_name=_("专区"), default=list, blank=True)
    codes = ArrayField(models.CharField(max_length=40), verbose_name=_("商品编码"), default=list, blank=True)
    needs_voucher = models.BooleanField(_("凭券使用"), default=True)
    audience_union = models.ForeignKey(
        "orgs.Union",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("面向的工会"),
        help_text=_("不凭券的优惠；不填表示不限。"),
    )
    audience = models.ForeignKey(
        "audiences.Audience",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("面向的受众"),
        help_text=_("不选表示上面的工会和群体里的所有人。"),
    )
    audience_version = models.ForeignKey(
        "audiences.AudienceVersion", models.PROTECT, null=True, related_name="+", editable=False
    )
    """Its wording on the day this was written: whoever pays is asked by it at that moment."""
    verified_only = models.BooleanField(_("仅限实名会员"), default=True)
    groups = ArrayField(models.SlugField(), verbose_name=_("面向的群体"), default=list, blank=True)
    category = models.CharField(
        _("经费用途"),
        max_length=12,
        choices=BudgetCategory,
        blank=True,
        help_text=_("不填按普惠补贴检查经费规定。"),
    )
    festival = models.CharField(_("节日"), max_length=16, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("复核人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("优惠规则")
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold_fen__gte=0, off_fen__gte=0, price_fen__gte=0)
                & (Q(cap_fen=None) | Q(cap_fen__gt=0))
                & (Q(bill_cap_fen=None) | Q(bill_cap_fen__gt=0))
                & (Q(bill_offers_max=None) | Q(bill_offers_max__gt=0))
                & Q(rate_permille__lte=1000),
                name="bills_terms_amounts",
                violation_error_message=_("金额不能小于 0，折扣在 0 到 1000 之间。"),
            ),
            models.CheckConstraint(
                condition=(~Q(form="threshold_off") | Q(off_fen__gt=0))
                & (~Q(form="percent") | Q(rate_permille__lt=1000))
                & (~Q(form="gift") | ~Q(gift="")),
                name="bills_terms_take_something_off",
                violation_error_message=_("满减要填减多少，折扣要小于 1000，赠品要写是什么。"),
            ),
            models.CheckConstraint(
                condition=Q(audience=None, audience_version=None)
                | Q(audience__isnull=False, audience_version__isnull=False),
                name="bills_terms_audience_as_worded",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "ended"])
                | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="bills_terms_maker_is_not_checker",
                violation_error_message=_("复核人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.offer)


class OfferStore(Row):
    """适用门店: an offer that names none holds nowhere."""

    scope = Everyone("printed on the offer")
    audit = Audit.ALL

    terms = models.ForeignKey(OfferTerms, models.CASCADE, related_name="offer_stores", verbose_name=_("优惠"))
    store = models.ForeignKey(
        "partners.Store", models.PROTECT, related_name="offer_stores", verbose_name=_("门店")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("适用门店")
        constraints = [models.UniqueConstraint(fields=["terms", "store"], name="bills_offer_store_once")]

    def __str__(self) -> str:
        return f"{self.terms_id}@{self.store_id}"


class FundingShare(Row):
    """出资: what one funder gives of a discount, in the order of `nth`. Exactly one takes the rest (deferred trigger)."""

    class Payer(models.TextChoices):
        MERCHANT = "merchant", _("商家让利")
        UNION = "union", _("工会补贴")
        EMPLOYER = "employer", _("单位补贴")

    class WhenEmpty(models.TextChoices):
        REFUSE = "refuse", _("不享受")
        SHRINK = "shrink", _("减少优惠")
        NEXT = "next", _("由下一方承担")

    scope = BySubtree("terms__offer__union__path", verb="releases.view")
    audit = Audit.ALL

    terms = models.ForeignKey(OfferTerms, models.CASCADE, related_name="shares", verbose_name=_("优惠"))
    nth = models.PositiveSmallIntegerField(_("次序"))
    payer = models.CharField(_("出资方"), max_length=8, choices=Payer)
    budget = models.ForeignKey(
        "funds.Budget", models.PROTECT, null=True, blank=True, related_name="shares", verbose_name=_("预算")
    )
    permille = models.PositiveSmallIntegerField(_("比例（千分比）"), default=0)
    fixed_fen = models.BigIntegerField(_("固定金额（分）"), default=0)
    max_fen = models.BigIntegerField(_("每单最多（分）"), null=True, blank=True)
    when_empty = models.CharField(_("额度不足时"), max_length=8, choices=WhenEmpty, default=WhenEmpty.REFUSE)
    takes_rest = models.BooleanField(_("承担余额"), default=False)
    set_aside_fen = models.BigIntegerField(
        _("上线时预留（分）"), default=0, help_text=_("不凭券的优惠填写；凭券的在投放复核时按名额预留。")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("出资")
        ordering = ["terms", "nth"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "nth"], name="bills_share_nth"),
            models.UniqueConstraint(
                fields=["terms"], condition=Q(takes_rest=True), name="bills_share_one_takes_the_rest"
            ),
            models.CheckConstraint(
                condition=Q(payer="merchant", budget=None) | (~Q(payer="merchant") & Q(budget__isnull=False)),
                name="bills_share_has_a_budget",
                violation_error_message=_("工会和单位出资要指明预算，商家让利不从预算支出。"),
            ),
            models.CheckConstraint(
                condition=Q(permille__lte=1000, fixed_fen__gte=0, set_aside_fen__gte=0)
                & (Q(max_fen=None) | Q(max_fen__gt=0))
                & (Q(permille=0) | Q(fixed_fen=0)),
                name="bills_share_amounts",
                violation_error_message=_("一个出资方只能填比例或固定金额中的一项，且不能小于 0。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terms_id}/{self.nth}"


class Purse(Row):
    """备用金: the commitment one share pays from; of a release whose vouchers promise it, or of the offer itself."""

    scope = Nobody("read with the share or the release; its money is the commitment's")
    audit = Audit.CHANGES

    share = models.ForeignKey(FundingShare, models.PROTECT, related_name="purses")
    release = models.ForeignKey("benefits.Release", models.PROTECT, null=True, related_name="purses")
    commitment = models.OneToOneField("funds.Commitment", models.PROTECT, related_name="purse")

    class Meta:
        verbose_name = verbose_name_plural = _("优惠备用金")
        constraints = [
            models.UniqueConstraint(
                fields=["share", "release"], name="bills_purse_once", nulls_distinct=False
            )
        ]


class OfferWindow(Row):
    """时段: see `pricing.Window`, whose fields these are. An offer without windows is always open."""

    class Holidays(models.TextChoices):
        ANY = "any", _("不论")
        EXCLUDED = "excluded", _("法定节假日除外")
        ONLY = "only", _("仅法定节假日")

    scope = Everyone("printed on the offer and on the store's screen")
    audit = Audit.ALL

    terms = models.ForeignKey(OfferTerms, models.CASCADE, related_name="windows", verbose_name=_("优惠"))
    starts_on = models.DateField(_("开始日期"), null=True, blank=True)
    ends_on = models.DateField(_("截止日期"), null=True, blank=True)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("星期"), default=list, blank=True
    )
    from_time = models.TimeField(_("从"), null=True, blank=True)
    to_time = models.TimeField(_("到"), null=True, blank=True, help_text=_("不晚于“从”表示到第二天。"))
    groups = ArrayField(models.SlugField(), verbose_name=_("群体"), default=list, blank=True)
    store_ids = ArrayField(models.BigIntegerField(), verbose_name=_("门店"), default=list, blank=True)
    capacity = models.PositiveIntegerField(_("每天名额"), null=True, blank=True)
    holidays = models.CharField(_("节假日"), max_length=8, choices=Holidays, default=Holidays.ANY)
    benefit_day = models.ForeignKey(
        "bills.BenefitDay",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="windows",
        verbose_name=_("工惠日"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("优惠时段")
        ordering = ["terms", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="bills_window_dates_in_order",
                violation_error_message=_("开始日期不能晚于截止日期。"),
            ),
            models.CheckConstraint(
                condition=Q(from_time=None, to_time=None) | Q(from_time__isnull=False, to_time__isnull=False),
                name="bills_window_both_times",
                violation_error_message=_("时间要两个都填，或者都不填。"),
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]), name="bills_window_weekdays"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terms_id}/{self.pk}"


class WindowUse(Row):
    """Uses of a window on the day it began; never more than its capacity, by the database."""

    scope = Nobody("a counter of actions.bills")
    audit = Audit.no("moves with every bill; the bills are the record")

    window = models.ForeignKey(OfferWindow, models.PROTECT, related_name="uses")
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)
    capacity = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("时段用量")
        constraints = [
            models.UniqueConstraint(fields=["window", "day"], name="bills_window_use_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0, used__lte=F("capacity")), name="bills_window_never_overused"
            ),
        ]


class OfferLimit(Row):
    """限次、限额: how often the offer is given, or how much its funders give for it, per `pricing.Per`."""

    class Per(models.TextChoices):
        PERSON = "person", _("每人")
        PERSON_DAY = "person_day", _("每人每天")
        PERSON_WEEK = "person_week", _("每人每周")
        PERSON_MONTH = "person_month", _("每人每月")
        DAY = "day", _("每天")
        MONTH = "month", _("每月")
        TOTAL = "total", _("总共")
        STORE_DAY = "store_day", _("每店每天")
        PARTNER_DAY = "partner_day", _("每家商户每天")
        PARTNER_MONTH = "partner_month", _("每家商户每月")
        GROUP_DAY = "group_day", _("每个集团每天（所有商场和门店合计）")
        GROUP_MONTH = "group_month", _("每个集团每月（所有商场和门店合计）")

    COUNTED = (Per.PERSON, Per.PERSON_DAY, Per.PERSON_WEEK, Per.PERSON_MONTH, Per.DAY, Per.MONTH, Per.TOTAL)
    CAPPED = (
        Per.STORE_DAY, Per.PARTNER_DAY, Per.PARTNER_MONTH, Per.GROUP_DAY, Per.GROUP_MONTH, Per.DAY, Per.MONTH,
        Per.PERSON_WEEK, Per.PERSON_MONTH,
    )  # fmt: skip

    scope = Everyone("printed on the offer")
    audit = Audit.ALL

    terms = models.ForeignKey(OfferTerms, models.CASCADE, related_name="limits", verbose_name=_("优惠"))
    per = models.CharField(_("范围"), max_length=16, choices=Per)
    most = models.PositiveIntegerField(_("次数"), null=True)
    most_fen = models.BigIntegerField(_("最多补贴（分）"), null=True)
    """Of unions and employers together; what a merchant concedes is its own."""

    class Meta:
        verbose_name = verbose_name_plural = _("限次和限额")
        constraints = [
            models.UniqueConstraint(
                fields=["terms", "per"], condition=Q(most__isnull=False), name="bills_limit_once"
            ),
            models.UniqueConstraint(
                fields=["terms", "per"], condition=Q(most_fen__isnull=False), name="bills_cap_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    most__gte=1,
                    most_fen=None,
                    per__in=["person", "person_day", "person_week", "person_month", "day", "month", "total"],
                )
                | Q(
                    most=None,
                    most_fen__gte=1,
                    per__in=[
                        "store_day",
                        "partner_day",
                        "partner_month",
                        "group_day",
                        "group_month",
                        "day",
                        "month",
                        "person_week",
                        "person_month",
                    ],
                ),
                name="bills_limit_most",
            ),
        ]


class LimitUse(Row):
    """Times or fen used of a limit by whom or where (None: by all) in the period that began on `since`; held by the
    database."""

    scope = Nobody("a counter of actions.bills")
    audit = Audit.no("moves with every bill; the bills are the record")

    limit = models.ForeignKey(OfferLimit, models.PROTECT, related_name="uses")
    person = models.ForeignKey("members.Person", models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey("partners.Store", models.PROTECT, null=True, related_name="+", db_index=False)
    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, null=True, related_name="+", db_index=False
    )
    since = models.DateField()
    used = models.PositiveBigIntegerField(default=0)
    most = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("限次用量")
        constraints = [
            models.UniqueConstraint(
                fields=["limit", "person", "store", "partner", "since"],
                name="bills_limit_use_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(used__gte=0, used__lte=F("most")), name="bills_limit_never_overused"
            ),
        ]
