"""Back-office screens of people, memberships, identity conflicts and worker groups."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    Bar,
    Bars,
    ChoicesDropdownFilter,
    DropdownFilter,
    Figure,
    NameSearch,
    RangeDateFilter,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    bars,
    figure,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.identifiers import read_phone, read_resident_id
from gonghui.kit.masks import mask_id, mask_phone
from gonghui.members import (  # noqa: F401  register their screens and pages
    change_pages,
    correction_pages,
    counter_pages,
    export_pages,
    privacy_pages,
    roster_pages,
    sight_pages,
    tag_pages,
    transfer_pages,
)
from gonghui.members.actions import merge_cases, verification
from gonghui.members.groups import SENSITIVE_GROUPS, are_sensitive, groups_open_to
from gonghui.members.headcounts import Headcount, headcount_of, largest_children
from gonghui.members.listing import LiveUnder, WalkedByUnion
from gonghui.members.models import Membership, MergeCase, Person, WorkerGroup
from gonghui.members.models.marks import group_mark, verification_mark
from gonghui.members.numbers import read_number, said_number
from gonghui.members.roster.values import DOCUMENT_LABELS

VERIFICATION_TONES = {"verified": "success", "none": "warning", "revoked": "danger"}
MEMBERSHIP_TONES = {"active": "success", "transferring": "info", "retained": "info", "expelled": "danger"}
CASE_TONES = {"open": "warning", "kept": "info", "moved": "success"}
SOURCES = {
    "batch": _("名册导入"), "self": _("本人申请"), "h5": _("网上申请"), "mini_program": _("小程序申请"), "scan": _("扫海报申请"),
    "on_site": _("现场办理"), "transfer": _("转入"), "merge": _("工会合并转入"), "dissolve": _("工会撤销转入"),
}  # fmt: skip
VERIFIED_BY = {
    "roster": _("与会员名册比对"), "staff": _("工作人员核对证件"), "review": _("入会审核时确认"), "officer": _("现场看过证件"),
}  # fmt: skip
CASE_REASONS = {
    "linked_elsewhere": _("证件已在另一个账号上"),
    "has_other_id": _("账号登记的是另一个证件"),
    "has_other_person": _("账号已对应另一位职工"),
}
CHILDREN_SHOWN = 12
NAMES_CACHE_S = 60


def read_typed_id(raw: str):
    """A person typed it, so an ending of 000 is no sign of a spreadsheet."""
    return read_resident_id(raw, typed=True)


class GroupFilter(DropdownFilter):
    title, parameter_name = _("职业群体"), "group"

    def lookups(self, request, model_admin):
        return [(group.code, group.name) for group in groups_open_to(request.actor, "members.view")]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        if self.value() not in dict(self.lookup_choices) and are_sensitive([self.value()]):
            raise PermissionDenied
        return queryset.filter(groups__contains=[self.value()])


class RevokeForm(VerbForm):
    reason = forms.CharField(
        label=_("撤销理由"), min_length=4, max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )


@admin.register(Person)
class PersonAdmin(WalkedByUnion, ScopedAdmin):
    """People whose live membership is in the subtree; those who left stay in the list of memberships."""

    icon, order = "group", 10
    also = Q(memberships__status__in=Membership.LIVE)
    one_each = True  # one_live_membership
    walked_key, walked = "person_id", Q(status__in=Membership.LIVE)
    marked_by = {"group": group_mark, "verification__exact": verification_mark}
    finds_names = True
    masks = {"id_no": mask_id, "phone": mask_phone}
    words = {"verified_by": VERIFIED_BY, "id_type": DOCUMENT_LABELS}
    unmask_verb, export_verb, export_people = "members.unmask", "members.export", ("pk",)
    state_field = "verification"
    search = NameSearch("grams", "name", "pinyin")
    search_exact = {"id_index": read_typed_id, "phone_index": read_phone}
    search_number = {"number": read_number}
    search_help_text = _("姓名、拼音、首字母，或完整的证件号、手机号、会籍号")
    list_display = (
        "name",
        "union",
        "gender",
        "id_no",
        "phone",
        "group_names",
        state_column("verification", VERIFICATION_TONES, _("实名")),
    )
    list_filter = (
        LiveUnder,
        ("verification", ChoicesDropdownFilter),
        GroupFilter,
    )
    ordering = ("pinyin", "id")
    fieldsets = (
        (None, {"fields": ("name", "union", "verification", "verified_at", "verified_how")}),
        (_("个人信息"), {"fields": ("gender", "birth_date", "id_no", "phone", "group_names")}),
        (_("会籍"), {"fields": ("past_unions",)}),
    )
    verbs = (
        Verb("revoke", _("撤销实名"), verification.revoke_verification, "members.verify", form=RevokeForm,
             icon="person_off", tone="danger", when=lambda person: person.is_verified,
             question=_("发现冒用或认错人时使用。撤销后本人不能再领取福利，也不能自行恢复。")),
        counter_pages.OPEN_AT_COUNTER,
        sight_pages.SEEN_BY,
    )  # fmt: skip

    def get_queryset(self, request):
        return self.dressed(request, super().get_queryset(request))

    def dressed(self, request, rows):
        seen = Membership.objects.visible_to(request.actor).select_related("union").order_by("-id")
        return rows.prefetch_related(Prefetch("memberships", seen, to_attr="seen_memberships"))

    def label_of(self, row: Person) -> str:
        return f"{row.name}（{mask_phone(row.phone)}）" if row.phone else row.name

    @display(description=_("所属工会"))
    def union(self, row: Person) -> str:
        return next((m.union.name for m in row.seen_memberships if m.status in Membership.LIVE), "—")

    @display(description=_("职业群体"))
    def group_names(self, row: Person) -> str:
        names = cache.get_or_set("worker_group_names", _group_names, NAMES_CACHE_S)
        return "、".join(filter(None, (names.get(code, code) for code in row.groups))) or "—"

    @display(description=_("实名方式"))
    def verified_how(self, row: Person) -> str:
        return str(VERIFIED_BY.get(row.verified_by, row.verified_by)) or "—"

    @display(description=_("会籍记录"))
    def past_unions(self, row: Person) -> str:
        return "\n".join(
            f"{m.union.name}　{m.get_status_display()}　{m.joined_on or ''}—{m.left_on or _('至今')}"
            for m in row.seen_memberships
        )


def _group_names() -> dict[str, str]:
    """Those that tell of hardship have none: a list does not know who looks at it."""
    found = WorkerGroup.objects.values_list("code", "name", "kind")
    return {code: "" if kind in SENSITIVE_GROUPS else name for code, name, kind in found}


@admin.register(Membership)
class MembershipAdmin(WalkedByUnion, ScopedAdmin):
    icon, order, export_verb, export_people = "badge", 20, "members.export", ("person",)
    state_field = "status"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_exact = {"person__id_index": read_typed_id, "person__phone_index": read_phone}
    search_number = {"person__number": read_number}
    search_help_text = PersonAdmin.search_help_text
    words = {"source": SOURCES}
    list_display = (
        "person",
        "union",
        state_column("status", MEMBERSHIP_TONES, _("会籍状态")),
        "joined_on",
        "left_on",
        "how",
    )
    list_select_related = ("person", "union")
    list_filter = (subtree_filter(), ("status", ChoicesDropdownFilter), ("joined_on", RangeDateFilter))
    ordering = ("-id",)
    fields = ("person", "union", "status", "member_number", "joined_on", "left_on", "how")
    verbs = (change_pages.PROPOSE, tag_pages.TAG)

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "member_number"]

    @display(description=_("会籍号"))
    def member_number(self, row: Membership) -> str:
        return said_number(row.person.number)

    @display(description=_("入会渠道"))
    def how(self, row: Membership) -> str:
        return str(SOURCES.get(row.source, row.source))


@admin.register(MergeCase)
class MergeCaseAdmin(ScopedAdmin):
    icon, order = "person_alert", 30
    state_field = "state"
    list_display = ("person", "id_tail", "claimant", "why", when_column("created_at", _("提出时间")),
                    state_column("state", CASE_TONES))  # fmt: skip
    list_select_related = ("person", "claimant")
    list_filter = (("state", ChoicesDropdownFilter),)
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    ordering = ("-id",)
    fields = ("person", "id_tail", "claimant", "claimant_phone", "why", "state", "created_at")
    readonly_fields = ("created_at",)
    verbs = (
        Verb("keep", _("维持原账号"), merge_cases.keep_identity, "members.verify", key="case_id", icon="lock_person",
             when=lambda case: case.state == "open",
             question=_("证件号码仍归原来的账号；新账号需要改用自己的证件。")),
        Verb("move", _("转到新账号"), merge_cases.move_identity, "members.verify", key="case_id", tone="primary",
             icon="switch_account", when=lambda case: case.state == "open",
             question=_("请先当面核对证件原件。转移后，原账号不再对应这位职工。")),
    )  # fmt: skip

    def label_of(self, row: MergeCase) -> str:
        return f"{row.person.name}　{mask_id(row.person.id_no)}"

    @display(description=_("证件号码"))
    def id_tail(self, row: MergeCase) -> str:
        return mask_id(row.person.id_no)

    @display(description=_("新账号手机"))
    def claimant_phone(self, row: MergeCase) -> str:
        return mask_phone(row.claimant.phone)

    @display(description=_("原因"))
    def why(self, row: MergeCase) -> str:
        return str(CASE_REASONS.get(row.reason, row.reason))


@admin.register(WorkerGroup)
class WorkerGroupAdmin(ScopedAdmin):
    icon, order = "two_wheeler", 60
    view_verb, write_verb = "members.view", "members.import"
    search = SmallNameSearch("name")
    list_display = ("name", "code", "kind")
    ordering = ("id",)
    fields = ("name", "code", "kind")

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["code"] if obj else [])]


@figure(needs="members.view", order=5)
def unions_in_scope(actor: Actor) -> Figure:
    return Figure(
        str(_("工会组织")), headcount_of(actor).unions, "account_tree", reverse("admin:orgs_union_changelist")
    )


@figure(needs="members.view", order=10)
def members_in_scope(actor: Actor) -> Figure:
    count = headcount_of(actor)
    note = _("其中已实名 %s") % f"{count.verified:,}"
    return Figure(
        str(_("会员")), count.members, "group", reverse("admin:members_person_changelist"), str(note)
    )


@figure(needs="members.view", order=20)
def share_verified(actor: Actor) -> Figure | None:
    share = headcount_of(actor).share_verified
    if share is None:
        return None
    return Figure(str(_("实名率")), f"{share:.1%}", "verified_user", "", str(_("已实名会员占比")))


@bars(needs="members.view", order=10)
def members_by_union(actor: Actor) -> Bars | None:
    """The largest unions directly below, each with its share of the verified."""
    found = [child for child in largest_children(actor, CHILDREN_SHOWN) if child.count.members]
    if not found:
        return None
    most = found[0].count.members
    return Bars(str(_("下级工会的会员")), [_bar(child.id, child.name, child.count, most) for child in found])


def _bar(union_id: int, name: str, count: Headcount, most: int) -> Bar:
    share = count.share_verified or 0
    note = _("%(members)s 人，实名率 %(share)s") % {"members": f"{count.members:,}", "share": f"{share:.1%}"}
    link = f"{reverse('admin:members_person_changelist')}?under={union_id}"
    return Bar(name, count.members / most, count.verified / most, str(note), link)


@waiting(needs="members.verify", order=10)
def open_cases(actor: Actor) -> Figure:
    count = MergeCase.objects.visible_to(actor).filter(state="open").values("pk").distinct().count()
    address = reverse("admin:members_mergecase_changelist") + "?state__exact=open"
    return Figure(str(_("身份冲突待核对")), count, "person_alert", address)
