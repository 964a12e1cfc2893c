"""The editor of offers: yuan are typed as yuan, 7.5 as 七五折; a form of offer shows its own fields only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.audiences.queries import usable
from gonghui.bills import pricing
from gonghui.bills.article_codes import article_code
from gonghui.bills.models import BenefitDay, FundingShare, OfferLimit, OfferTerms, OfferWindow, Programme
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.funds.admin.asking import written_unions
from gonghui.funds.models import Budget, Section
from gonghui.funds.models.budgets import BudgetCategory
from gonghui.funds.queries import OPEN
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import home_of
from gonghui.kit.console.asking import YuanField, day_field
from gonghui.kit.errors import DomainError
from gonghui.members.groups import SENSITIVE_GROUPS
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Union
from gonghui.partners.models import Store
from gonghui.partners.models.venues import PartnerKind

SHARE_ROWS, WINDOW_ROWS = 4, 4
HUNDRED = Decimal(100)
MERCHANT_REST = {"payer": "merchant", "takes_rest": True}
# Which fields a form of offer asks for; the others are not taken, whatever stands in them.
FIELDS_OF = {
    "threshold_off": ("threshold_fen", "off_fen", "repeat_max", "cap_fen"),
    "percent": ("zhe", "threshold_fen", "cap_fen"),
    "fixed_price": ("price_fen", "units_max", "threshold_fen", "cap_fen"),
    "agreement_price": ("price_fen", "units_max", "cap_fen"),
    "free": ("units_max", "threshold_fen", "cap_fen"),
    "gift": ("gift", "price_fen", "threshold_fen"),
}
FORMS_OF = {
    name: " ".join(form for form, names in FIELDS_OF.items() if name in names)
    for name in sorted({name for names in FIELDS_OF.values() for name in names})
}
DAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
WEEKDAYS = [(str(n), day) for n, day in enumerate(DAYS, 1)]
HOW = (
    ("1", gettext_lazy("凭券：先发放或领取，每张券的补贴都留足")),
    ("0", gettext_lazy("不凭券：符合条件就享受，留的钱用完为止")),
)
WHERE = (("all", gettext_lazy("所有门店")), ("some", gettext_lazy("选中的门店")))
TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def yuan_of(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen) / HUNDRED


def optional_yuan(label, **facts: Any) -> YuanField:
    return YuanField(label=label, required=False, min_value=0, **facts)


ALWAYS = ("stack_class", "order", "family", "bill_cap_fen", "bill_offers_max")
"""Of a price whatever its form."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What is long to choose from; read once where many offers are typed at once."""

    stores: list[Store]
    groups: list[tuple[str, str]]
    sections: list[tuple[str, str]]

    @classmethod
    def read_for(cls, actor: Actor) -> Lists:
        sections = list(Section.objects.order_by("id").values_list("code", "name"))
        return cls(stores_to_choose(actor), group_choices(), sections)


class OfferForm(forms.Form):
    union = forms.ModelChoiceField(None, label=gettext_lazy("哪一级工会的优惠"))
    title = forms.CharField(label=gettext_lazy("优惠名称"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("种类"), choices=PartnerKind)
    programme = forms.ModelChoiceField(
        None, label=gettext_lazy("项目"), required=False, empty_label=gettext_lazy("不属于哪个项目")
    )
    says = forms.CharField(
        label=gettext_lazy("使用说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )  # fmt: skip
    form = forms.ChoiceField(
        label=gettext_lazy("优惠方式"), choices=OfferTerms.Form, widget=forms.RadioSelect, initial="threshold_off"
    )  # fmt: skip
    threshold_fen = optional_yuan(gettext_lazy("满多少元"), help_text=gettext_lazy("不填表示没有门槛。"))
    off_fen = optional_yuan(gettext_lazy("减多少元"))
    repeat_max = forms.IntegerField(
        label=gettext_lazy("每满可减几次"), required=False, min_value=0, max_value=999,
        help_text=gettext_lazy("1 表示只减一次，0 表示不限。"), initial=1,
    )  # fmt: skip
    zhe = forms.DecimalField(
        label=gettext_lazy("打几折"), required=False, min_value=0, max_value=10, decimal_places=2,
        help_text=gettext_lazy("七五折填 7.5。"),
    )  # fmt: skip
    price_fen = optional_yuan(
        gettext_lazy("价格（元）"), help_text=gettext_lazy("赠品填它值多少钱，可不填。")
    )
    units_max = forms.IntegerField(
        label=gettext_lazy("最多几件"), required=False, min_value=0, max_value=999, initial=1,
        help_text=gettext_lazy("0 表示不限。"),
    )  # fmt: skip
    gift = forms.CharField(label=gettext_lazy("赠品"), required=False, max_length=80)
    cap_fen = optional_yuan(gettext_lazy("最多优惠多少元"), help_text=gettext_lazy("不填表示不限。"))
    stores = forms.MultipleChoiceField(label=gettext_lazy("适用门店"), required=False)
    needs_voucher = forms.TypedChoiceField(
        label=gettext_lazy("怎么使用"), coerce=lambda value: value == "1", widget=forms.RadioSelect, initial="1",
        choices=HOW,
    )  # fmt: skip
    audience_union = forms.ModelChoiceField(
        None, label=gettext_lazy("面向哪个工会的会员"), required=False, empty_label=gettext_lazy("不限")
    )  # fmt: skip
    audience = forms.ModelChoiceField(
        None, label=gettext_lazy("面向哪个受众"), required=False, empty_label=gettext_lazy("不用受众")
    )  # fmt: skip
    verified_only = forms.BooleanField(label=gettext_lazy("仅限实名会员"), required=False, initial=True)
    family = forms.BooleanField(label=gettext_lazy("家属可用"), required=False)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("面向的群体"), required=False, help_text=gettext_lazy("都不选表示所有会员。")
    )  # fmt: skip
    sections = forms.MultipleChoiceField(
        label=gettext_lazy("专区"), required=False, help_text=gettext_lazy("都不选表示全部商品。")
    )  # fmt: skip
    codes = forms.CharField(
        label=gettext_lazy("商品编码"), required=False, max_length=1000,
        help_text=gettext_lazy("用空格隔开；不填表示全部商品。"),
    )  # fmt: skip
    stacking = forms.ChoiceField(label=gettext_lazy("同享"), choices=OfferTerms.Stacking, initial="once")
    stack_class = forms.CharField(
        label=gettext_lazy("同享类别"), required=False, max_length=32,
        help_text=gettext_lazy("同一类别的优惠一单只用一项；不填是同一类。"),
    )  # fmt: skip
    order = forms.IntegerField(
        label=gettext_lazy("先后"), min_value=0, max_value=999, initial=100, help_text=gettext_lazy("小的先算。")
    )  # fmt: skip
    bill_cap_fen = optional_yuan(
        gettext_lazy("整单优惠封顶（元）"),
        help_text=gettext_lazy("和别的优惠同用时，全单一共最多减这么多；不填表示不限。"),
    )
    bill_offers_max = forms.IntegerField(
        label=gettext_lazy("一单最多几项优惠"), required=False, min_value=1, max_value=20,
        help_text=gettext_lazy("连这一项在内；不填表示不限。"),
    )  # fmt: skip
    basis = forms.ChoiceField(label=gettext_lazy("门槛计算"), choices=OfferTerms.Basis, initial="before")
    category = forms.ChoiceField(
        label=gettext_lazy("经费用途"), required=False,
        choices=[("", gettext_lazy("普惠补贴（默认）")), *BudgetCategory.choices],
    )  # fmt: skip
    festival = forms.SlugField(label=gettext_lazy("节日（拼音）"), required=False, max_length=16)
    sample_fen = optional_yuan(gettext_lazy("拿多少元的账单试算"))

    def __init__(self, *args, actor: Actor, lists: Lists, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor
        fields: dict[str, Any] = self.fields
        for per in OfferLimit.COUNTED:
            fields[f"limit_{per}"] = forms.IntegerField(
                label=per.label, required=False, min_value=1, max_value=10**8
            )
        for per in OfferLimit.CAPPED:
            fields[f"cap_{per}"] = optional_yuan(per.label)
        unions = written_unions(actor, "releases.write")
        fields["union"].queryset = fields["audience_union"].queryset = unions
        fields["audience"].queryset = usable(actor).filter(is_sensitive=False)
        fields["union"].initial = home_of(actor, "releases.write")
        fields["programme"].queryset = Programme.objects.filter(in_line(actor, "union")).order_by("-id")
        self.places = lists.stores
        fields["stores"].choices = self.store_choices()
        fields["groups"].choices = lists.groups
        fields["sections"].choices = lists.sections

    def store_choices(self) -> list[tuple[str, str]]:
        return [(str(store.pk), store.name) for store in self.places]

    def price(self) -> pricing.Terms:
        given, form = self.cleaned_data, self.cleaned_data["form"]
        own = {name: given[name] for name in FIELDS_OF[form] if given.get(name) is not None}
        if (zhe := own.pop("zhe", None)) is not None:
            own["rate_permille"] = int(zhe * HUNDRED)
        always = {name: given[name] for name in ALWAYS}
        return pricing.Terms(
            pricing.Form(form),
            basis=pricing.Basis(given["basis"]),
            stacking=pricing.Stacking(given["stacking"]),
            **own,
            **always,
        )

    def clean_codes(self) -> tuple[str, ...]:
        try:
            return tuple(dict.fromkeys(map(article_code, self.cleaned_data["codes"].split())))
        except DomainError as error:
            raise forms.ValidationError(f"{error.message}{error.advice}") from None

    def plan(self) -> TermsPlan:
        """Without shares and windows, which are rows of their own."""
        given = self.cleaned_data
        counts = [(str(per), given.get(f"limit_{per}")) for per in OfferLimit.COUNTED]
        caps = [(str(per), given.get(f"cap_{per}")) for per in OfferLimit.CAPPED]
        union, audience, programme = given["audience_union"], given["audience"], given["programme"]
        return TermsPlan(
            title=given["title"].strip(),
            kind=given["kind"],
            says=given["says"].strip(),
            price=self.price(),
            shares=(),
            limits=tuple((per, most) for per, most in counts if most),
            caps=tuple((per, fen) for per, fen in caps if fen),
            store_ids=tuple(sorted(int(pk) for pk in given["stores"])),
            needs_voucher=given["needs_voucher"],
            audience_union_id=union and union.pk,
            audience_id=audience and audience.pk,
            verified_only=given["verified_only"],
            groups=tuple(given["groups"]),
            sections=tuple(given["sections"]),
            codes=given["codes"],
            category=given["category"],
            festival=given["festival"],
            programme_id=programme and programme.pk,
        )

    def store_tree(self) -> list[dict[str, Any]]:
        """Merchants with their chain and stores, as the page draws them."""
        chosen = {str(pk) for pk in self["stores"].value() or ()}
        found: dict[int, dict[str, Any]] = {}
        for store in self.places:
            partner = store.partner
            place = found.setdefault(partner.pk, {"name": _chain(partner), "stores": []})
            place["stores"].append({"store": store, "is_chosen": str(store.pk) in chosen})
        return sorted(found.values(), key=lambda place: place["name"])

    def own_fields(self) -> list[tuple[forms.BoundField, str]]:
        """The fields of prices with the forms that show them."""
        order = ("threshold_fen", "off_fen", "repeat_max", "zhe", "price_fen", "units_max", "gift", "cap_fen")
        return [(self[name], FORMS_OF[name]) for name in order]

    def limits(self) -> list[forms.BoundField]:
        return [self[f"limit_{per}"] for per in OfferLimit.COUNTED]

    def caps(self) -> list[forms.BoundField]:
        return [self[f"cap_{per}"] for per in OfferLimit.CAPPED]


def in_line(actor: Actor, field: str, verb: str = "releases.write") -> Q:
    """Of the unions where the actor may do `verb`, those below and those above."""
    here = Q(pk__in=[])
    for path in actor.whole_paths(verb):
        above = [int(part) for part in path.rstrip(".").split(".")]
        here |= Q(**{f"{field}__path__startswith": path}) | Q(**{f"{field}_id__in": above})
    return here


def stores_to_choose(actor: Actor) -> list[Store]:
    found = Store.objects.visible_to(actor).filter(in_line(actor, "partner__union"), partner__state="active")
    found = found.select_related("partner__parent__parent")
    return list(found.order_by("partner__name", "id"))


def budgets_to_choose(actor: Actor) -> QuerySet[Budget]:
    found = Budget.objects.unscoped("by name, to choose from").select_related("union")
    is_open = {"state__in": OPEN, "ends_on__gte": clock.today()}
    return found.filter(in_line(actor, "union"), **is_open).order_by("union__path", "-id")


def _chain(partner) -> str:
    names = [partner.name]
    while partner.parent_id and len(names) < 3:
        partner = partner.parent
        names.insert(0, partner.name)
    return " › ".join(names)


def group_choices() -> list[tuple[str, str]]:
    """Those a price may be for: who asks for it at the till shows which group they are of."""
    found = WorkerGroup.objects.exclude(kind__in=SENSITIVE_GROUPS).order_by("id")
    return list(found.values_list("code", "name"))


class ShareForm(forms.Form):
    payer = forms.ChoiceField(
        label=gettext_lazy("谁出"), required=False, choices=[("", "—"), *FundingShare.Payer.choices]
    )  # fmt: skip
    budget = forms.ModelChoiceField(None, label=gettext_lazy("从哪项预算"), required=False, empty_label="—")
    percent = forms.DecimalField(
        label=gettext_lazy("出优惠的百分之几"), required=False, min_value=0, max_value=100, decimal_places=1
    )  # fmt: skip
    fixed_fen = optional_yuan(gettext_lazy("或固定出多少元"))
    takes_rest = forms.BooleanField(label=gettext_lazy("承担余额"), required=False)
    max_fen = optional_yuan(gettext_lazy("每单最多出多少元"))
    when_empty = forms.ChoiceField(
        label=gettext_lazy("钱不够时"), choices=FundingShare.WhenEmpty, initial="refuse"
    )
    set_aside_fen = optional_yuan(gettext_lazy("上线时预留多少元"))

    def __init__(self, *args, budgets: QuerySet, **kwargs):
        super().__init__(*args, **kwargs)
        budget: Any = self.fields["budget"]
        budget.queryset = budgets
        budget.label_from_instance = lambda row: f"{row.name} · {row.union.name}"

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if (
            given.get("payer") in ("union", "employer")
            and not given.get("budget")
            and "budget" not in self.errors
        ):
            self.add_error("budget", _("请选择从哪一项预算支出。"))
        if given.get("percent") and given.get("fixed_fen"):
            self.add_error("fixed_fen", _("百分比和固定金额只能填一项。"))
        return given

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data.get("payer"))

    def share(self) -> SharePlan:
        given = self.cleaned_data
        is_merchant = given["payer"] == "merchant"
        rest = given["takes_rest"]
        return SharePlan(
            payer=given["payer"],
            budget_id=None if is_merchant else given["budget"].pk,
            permille=0 if rest else int((given["percent"] or 0) * 10),
            fixed_fen=0 if rest else given["fixed_fen"] or 0,
            max_fen=given["max_fen"] or None,
            when_empty=given["when_empty"],
            takes_rest=rest,
            set_aside_fen=0 if is_merchant else given["set_aside_fen"] or 0,
        )


@dataclass(frozen=True, slots=True)
class WindowChoices:
    """What windows of one offer choose from; read once for all rows."""

    groups: list[tuple[str, str]]
    stores: list[tuple[str, str]]
    days: dict[str, BenefitDay]


def days_to_choose(actor: Actor, chosen: Iterable[int] = ()) -> dict[str, BenefitDay]:
    """Of the unions in line that are not ended, and those chosen before, by id."""
    found = BenefitDay.objects.filter(Q(ended_at=None) & in_line(actor, "union") | Q(pk__in=list(chosen)))
    return {str(row.pk): row for row in found.select_related("union").order_by("union__path", "name")}


def day_choices(days: Iterable[BenefitDay]) -> list[tuple[str, str]]:
    return [(str(day.pk), f"{day.name}（{day.named.says()}） · {day.union.name}") for day in days]


class WindowForm(forms.Form):
    weekdays = forms.MultipleChoiceField(label=gettext_lazy("星期"), required=False, choices=WEEKDAYS)
    from_time = forms.TimeField(label=gettext_lazy("从"), required=False, widget=TIME)
    to_time = forms.TimeField(
        label=gettext_lazy("到"), required=False, widget=TIME, help_text=gettext_lazy("不晚于“从”表示到第二天。")
    )  # fmt: skip
    starts_on = day_field(gettext_lazy("开始日期"), required=False)
    ends_on = day_field(gettext_lazy("截止日期"), required=False)
    groups = forms.MultipleChoiceField(label=gettext_lazy("只给这些群体"), required=False)
    capacity = forms.IntegerField(
        label=gettext_lazy("每天名额"), required=False, min_value=1, max_value=10**8,
        help_text=gettext_lazy("适用的门店合起来算；不填表示不限。"),
    )  # fmt: skip
    holidays = forms.ChoiceField(
        label=gettext_lazy("法定节假日"), choices=OfferWindow.Holidays, initial="any", required=False
    )
    where = forms.ChoiceField(
        label=gettext_lazy("在哪些门店"), choices=WHERE, widget=forms.RadioSelect, initial="all", required=False
    )  # fmt: skip
    stores = forms.MultipleChoiceField(label=gettext_lazy("选中的门店"), required=False)
    benefit_day = forms.ChoiceField(
        label=gettext_lazy("工惠日"), required=False,
        help_text=gettext_lazy("选了就只在这些日子；群体都不选时，按工惠日面向的群体。"),
    )  # fmt: skip

    def __init__(self, *args, around: WindowChoices, **kwargs):
        super().__init__(*args, **kwargs)
        self.days = around.days
        fields: dict[str, Any] = self.fields
        fields["groups"].choices = around.groups
        fields["stores"].choices = around.stores
        fields["benefit_day"].choices = [("", _("不按工惠日")), *day_choices(around.days.values())]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if (given.get("from_time") is None) != (given.get("to_time") is None) and not self.errors:
            self.add_error("to_time", _("时间要两个都填，或者都不填。"))
        if given.get("starts_on") and given.get("ends_on") and given["starts_on"] > given["ends_on"]:
            self.add_error("ends_on", _("开始日期不能晚于截止日期。"))
        if given.get("where") == "some" and not given.get("stores") and "stores" not in self.errors:
            self.add_error("stores", _("请选这个时段适用的门店，或者改选“所有门店”。"))
        return given

    @property
    def is_filled(self) -> bool:
        given = self.cleaned_data
        always_there = {"holidays": "any", "where": "all"}
        return any(
            given.get(name) not in (None, "", [], always_there.get(name))
            for name in self.fields
            if name != "stores"
        )

    def window(self) -> pricing.Window:
        given = self.cleaned_data
        plain = {name: given[name] for name in ("starts_on", "ends_on", "from_time", "to_time", "capacity")}
        return pricing.Window(
            weekdays=frozenset(int(day) for day in given["weekdays"]),
            groups=frozenset(given["groups"]),
            store_ids=frozenset(int(pk) for pk in given["stores"] if given["where"] == "some"),
            holidays=pricing.Holidays(given["holidays"] or "any"),
            only_on=self.days[chosen].named if (chosen := given["benefit_day"]) else None,
            **plain,
        )


class OfferEditor:
    """The form with its rows of funders and windows, read together. `rows`: how many of each, where not the page sends them."""

    def __init__(
        self,
        actor: Actor,
        posted=None,
        plan: TermsPlan | None = None,
        union: Union | None = None,
        *,
        rows: tuple[int, int] | None = None,
        lists: Lists | None = None,
    ):
        lists = lists or Lists.read_for(actor)
        self.form = OfferForm(
            posted, actor=actor, lists=lists, initial=initial_of(plan, union) if plan else None
        )
        budgets = budgets_to_choose(actor)
        shares = [share_initial(share) for share in plan.shares] if plan else [MERCHANT_REST]
        windows = [window_initial(window) for window in plan.windows] if plan else []
        chosen = [window.only_on.id for window in plan.windows if window.only_on] if plan else []
        of_shares, of_windows = rows or (max(SHARE_ROWS, len(shares) + 1), max(WINDOW_ROWS, len(windows) + 1))
        around = WindowChoices(lists.groups, self.form.store_choices(), days_to_choose(actor, chosen))
        self.shares = [
            ShareForm(posted, prefix=f"share{n}", budgets=budgets, initial=_at(shares, n))
            for n in range(of_shares)
        ]
        self.windows = [
            WindowForm(posted, prefix=f"window{n}", around=around, initial=_at(windows, n))
            for n in range(of_windows)
        ]

    @property
    def all_forms(self) -> Iterable[forms.Form]:
        return (self.form, *self.shares, *self.windows)

    def is_valid(self) -> bool:
        answers = [form.is_valid() for form in self.all_forms]
        return all(answers)

    def plan(self) -> TermsPlan:
        return replace(
            self.form.plan(),
            shares=tuple(row.share() for row in self.shares if row.is_filled),
            windows=tuple(row.window() for row in self.windows if row.is_filled),
        )

    def errors(self) -> list[tuple[str, str]]:
        """(anchor, sentence) of all that is wrong, row by row."""
        found = [("", text) for text in self.form.non_field_errors()]
        for name, rows in (
            ("", [self.form]),
            (_("出资 %d · "), self.shares),
            (_("时段 %d · "), self.windows),
        ):
            for nth, row in enumerate(rows, 1):
                where = name % nth if name else ""
                found += [
                    (field.auto_id, f"{where}{field.label}：{text}") for field in row for text in field.errors
                ]
        return found


def _at(rows: list[dict], n: int) -> dict | None:
    return rows[n] if n < len(rows) else None


def initial_of(plan: TermsPlan, union: Union | None) -> dict[str, Any]:
    price = plan.price
    plain = ("title", "kind", "says", "verified_only", "groups", "sections", "category", "festival")
    of_price = ("repeat_max", "units_max", "gift", "stack_class", "order", "family", "bill_offers_max")
    yuans = ("threshold_fen", "off_fen", "price_fen", "cap_fen", "bill_cap_fen")
    return {
        **{name: getattr(plan, name) for name in plain},
        **{name: getattr(price, name) for name in of_price},
        **{name: yuan_of(getattr(price, name)) or None for name in yuans},
        **{f"limit_{per}": most for per, most in plan.limits},
        **{f"cap_{per}": yuan_of(fen) for per, fen in plan.caps},
        "form": price.form.value,
        "basis": price.basis.value,
        "stacking": price.stacking.value,
        "zhe": Decimal(price.rate_permille) / HUNDRED if price.rate_permille < 1000 else None,
        "union": union and union.pk,
        "needs_voucher": "1" if plan.needs_voucher else "0",
        "audience_union": plan.audience_union_id,
        "audience": plan.audience_id,
        "programme": plan.programme_id,
        "codes": " ".join(plan.codes),
        "stores": [str(pk) for pk in plan.store_ids],
    }


def share_initial(share: SharePlan) -> dict[str, Any]:
    return {
        "payer": share.payer,
        "budget": share.budget_id,
        "percent": Decimal(share.permille) / 10 if share.permille else None,
        "fixed_fen": yuan_of(share.fixed_fen) or None,
        "takes_rest": share.takes_rest,
        "max_fen": yuan_of(share.max_fen),
        "when_empty": share.when_empty,
        "set_aside_fen": yuan_of(share.set_aside_fen) or None,
    }


def window_initial(window: pricing.Window) -> dict[str, Any]:
    plain = ("from_time", "to_time", "starts_on", "ends_on", "capacity")
    return {
        **{name: getattr(window, name) for name in plain},
        "weekdays": [str(day) for day in sorted(window.weekdays)],
        "groups": sorted(window.groups),
        "holidays": window.holidays.value,
        "benefit_day": str(window.only_on.id) if window.only_on else "",
        "where": "some" if window.store_ids else "all",
        "stores": [str(pk) for pk in sorted(window.store_ids)],
    }
