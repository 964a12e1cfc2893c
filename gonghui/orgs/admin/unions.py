"""Back-office screens of the union tree, employers and grants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.cache import cache
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    DropdownFilter,
    Figure,
    NameSearch,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    VerbForm,
    figure,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.filters import PickerFilter
from gonghui.kit.identifiers import row_id
from gonghui.orgs import actions, queries, rules
from gonghui.orgs.admin.codes import CodeForm, read_code
from gonghui.orgs.admin.dates import DatesInOrder
from gonghui.orgs.admin.endings import (
    DissolveForm,
    EndingVerb,
    MergeForm,
    MergeVerb,
    said_of_dissolution,
    said_of_merge,
)
from gonghui.orgs.codes import employer_code, union_code
from gonghui.orgs.models import Employer, Grant, IndustryLine, Region, Union, UnionKind
from gonghui.orgs.models.unions import ENDED

STATUS_TONES = {"active": "success", "suspended": "warning", "merged": "info", "dissolved": "danger"}
FIGURE_CACHE_S = 60
NOT_ADDED = (*rules.REGISTERED_KINDS, UnionKind.POOL, UnionKind.PROVINCE)


def evidence_of(row: Union | Employer) -> str:
    """Why a code stands here although its last digit does not fit."""
    if not row.code_document:
        return ""
    said = _("{document}：{reason}（{who}核对）")
    return said.format(document=row.code_document, reason=row.code_reason, who=row.code_by)


class ParentFilter(PickerFilter):
    """Drilling down: the unions directly below one."""

    title, parameter_name, path = _("直接上级"), "parent", "parent"

    def condition(self, row) -> Q:
        return Q(parent=row)


class RenameForm(VerbForm):
    name = forms.CharField(
        label=_("新名称"),
        max_length=128,
        min_length=4,
        error_messages={"min_length": _("名称太短，请写工会全称。")},
    )


class MoveForm(VerbForm):
    parent = ScopedChoiceField(
        "orgs.Union",
        "parent",
        label=_("新的上级工会"),
        help_text=_("下级工会随它一起移动；两边的管理员看到的范围随之改变。"),
    )

    def facts(self) -> dict:
        return {"parent_id": self.cleaned_data["parent"].pk}


class EmployerForm(VerbForm):
    name = forms.CharField(label=_("单位名称"), max_length=128, min_length=2)
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=40, required=False)

    def clean_uscc(self) -> str | None:
        return read_code(employer_code, self.cleaned_data["uscc"])


class PoolForm(VerbForm):
    name = forms.CharField(label=_("名称"), max_length=128, min_length=4)


class UnionForm(forms.ModelForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            kind: Any = self.fields["kind"]
            kind.choices = [choice for choice in kind.choices if choice[0] not in NOT_ADDED]
            kind.help_text = _("基层工会和工会联合会请在“建会申请”里提出，由另一人审批。")

    def clean_uscc(self) -> str | None:
        raw = self.cleaned_data["uscc"]
        if self.instance.pk and raw == self.initial.get("uscc"):
            return raw
        return read_code(union_code, raw, self.cleaned_data.get("kind") or self.instance.kind)


class EmployerRowForm(forms.ModelForm):
    def clean_uscc(self) -> str | None:
        raw = self.cleaned_data["uscc"]
        return raw if raw == self.initial.get("uscc") else read_code(employer_code, raw)


def is_below_root(union: Union) -> bool:
    return not rules.is_root(union.path)


def is_living(union: Union) -> bool:
    return union.status not in ENDED


def is_living_union(union: Union) -> bool:
    return is_living(union) and not union.is_pool


@admin.register(Union)
class UnionAdmin(ScopedAdmin):
    icon, order = "account_tree", 10
    write_verb, export_verb = "unions.write", "reports.export"
    state_field = "status"
    form = UnionForm
    search = NameSearch("grams", "name", "pinyin")
    search_help_text = _("工会名称：汉字、全拼或首字母")
    list_display = ("name", "kind", "parent", "below", state_column("status", STATUS_TONES))
    list_select_related = ("parent",)
    list_filter = (
        subtree_filter("path"),
        ParentFilter,
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
    )
    list_before_template = "orgs/console/way_down.html"
    ordering = ("pinyin",)
    add_fieldsets = (
        (None, {"fields": ("parent", "name", "kind", "region", "industry_line", "employer", "uscc")}),
    )
    fieldsets = (
        (None, {"fields": ("name", "kind", "way_down", "status")}),
        (
            _("登记信息"),
            {"fields": ("region", "industry_line", "employer", "uscc", "shown_for_code", "went_into")},
        ),
    )
    verbs = (
        Verb("rename", _("更名"), actions.rename_union, "unions.write", form=RenameForm, icon="edit", when=is_living,
             initial=lambda union: {"name": union.name}),
        Verb("move", _("调整上级"), actions.move_union, "unions.write", form=MoveForm, icon="drive_file_move",
             when=lambda union: is_living_union(union) and is_below_root(union)),
        Verb("employer", _("登记用人单位"), actions.register_employer, "unions.write", form=EmployerForm,
             icon="domain_add", when=lambda union: union.employer_id is None and is_living_union(union)),
        Verb("suspend", _("暂停"), actions.suspend_union, "unions.write", icon="pause_circle",
             when=lambda union: union.status == "active" and is_below_root(union),
             question=_("暂停后，在这个工会上的授权立即失效，会员资料不变；以后可以恢复。")),
        Verb("resume", _("恢复"), actions.resume_union, "unions.write", icon="play_circle", tone="primary",
             when=lambda union: union.status == "suspended"),
        Verb("pool", _("建立周转库"), actions.open_pool, "unions.write", form=PoolForm, icon="inventory_2",
             when=lambda union: union.status == "active" and not union.is_pool,
             initial=lambda union: {"name": _("{union}周转库").format(union=union.name)},
             question=_("还没有工会的会员先放在这里，只享受线上福利，转入工会后照常。一个工会下面只设一个。")),
        Verb("code", _("登记代码"), actions.record_union_code, "unions.write", form=CodeForm, icon="pin",
             when=is_living_union, initial=lambda union: {"uscc": union.uscc}),
        MergeVerb("merge", _("合并"), actions.merge_union, "unions.write", form=MergeForm, icon="merge", tone="danger",
                  when=lambda union: union.status == "active" and is_below_root(union), done=said_of_merge),
        EndingVerb("dissolve", _("撤销"), actions.dissolve_union, "unions.write", form=DissolveForm, icon="cancel",
                   tone="danger", when=lambda union: is_living(union) and is_below_root(union),
                   question=_("撤销后不能恢复；会员的记录都保留。"), done=said_of_dissolution),
    )  # fmt: skip

    def get_queryset(self, request):
        return queries.with_children_count(super().get_queryset(request))

    def has_change_permission(self, request, obj=None) -> bool:
        """What has ended is history."""
        if isinstance(obj, Union) and not is_living(obj):
            return False
        return super().has_change_permission(request, obj)

    def get_fieldsets(self, request, obj=None):
        """Lines that say something of this union only where they do."""
        found = super().get_fieldsets(request, obj)
        silent = {
            name
            for name, value in (("shown_for_code", "code_document"), ("went_into", "merged_into_id"))
            if obj is not None and not getattr(obj, value)
        }
        return [
            (title, {**facts, "fields": [name for name in facts["fields"] if name not in silent]})
            for title, facts in found
        ]

    def get_readonly_fields(self, request, obj=None):
        fixed = ("name", "kind", "way_down", "shown_for_code", "went_into") if obj else ()
        return [*super().get_readonly_fields(request, obj), *fixed]

    def label_of(self, row: Union) -> str:
        return f"{row.name}（{row.parent.name}）" if row.parent_id else row.name

    @display(description=_("直接下级"))
    def below(self, row: Union) -> str:
        if not row.children_count:
            return "—"
        return format_html('<a class="text-link" href="?parent={}">{}</a>', row.pk, row.children_count)

    @display(description=_("所在位置"))
    def way_down(self, row: Union) -> str:
        return " › ".join(union.name for union in row.seen_above)

    @display(description=_("代码例外"))
    def shown_for_code(self, row: Union) -> str:
        return evidence_of(row)

    @display(description=_("并入"))
    def went_into(self, row: Union) -> str:
        return row.merged_into.name if row.merged_into else ""

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        if row is not None and not hasattr(row, "seen_above"):
            row.seen_above = queries.way_down_to(request.actor, row)
        return row

    def changelist_view(self, request, extra_context=None):
        found = {**(extra_context or {}), "way_down": self._way_down(request)}
        return super().changelist_view(request, found)

    def _way_down(self, request) -> list[Union]:
        pk = row_id(request.GET.get("parent", ""))
        union = self.within(request.actor).filter(pk=pk).first() if pk else None
        return queries.way_down_to(request.actor, union) if union else []

    def save_model(self, request, obj, form, change) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        given = form.cleaned_data
        new = actions.NewUnion(
            name=given["name"],
            kind=given["kind"],
            region_id=getattr(given["region"], "pk", None),
            industry_line_id=getattr(given["industry_line"], "pk", None),
            employer_id=getattr(given["employer"], "pk", None),
            uscc=given["uscc"],
        )
        parent = given["parent"]
        made = actions.add_union(request.actor, parent_id=parent.pk if parent else 0, new=new)
        obj.pk, obj.path = made.pk, made.path


@admin.register(Employer)
class EmployerAdmin(ScopedAdmin):
    icon, order = "domain", 20
    write_verb, export_verb = "unions.write", "reports.export"
    can_add = False
    search = SmallNameSearch("name")
    search_help_text = _("单位名称：汉字、全拼或首字母")
    list_display = ("name", "uscc", "category", "industry_code")
    list_filter = (subtree_filter("unions__path"),)
    ordering = ("name",)
    fields = ("name", "uscc", "category", "industry_code", "shown_for_code")
    readonly_fields = ("shown_for_code",)
    form = EmployerRowForm
    verbs = (
        Verb("code", _("登记代码"), actions.record_employer_code, "unions.write", form=CodeForm, icon="pin",
             initial=lambda employer: {"uscc": employer.uscc}),
    )  # fmt: skip

    @display(description=_("代码例外"))
    def shown_for_code(self, row: Employer) -> str:
        return evidence_of(row)


@admin.register(Region)
class RegionAdmin(ScopedAdmin):
    """No screen of its own; the union's page picks a region here by name."""

    in_side_bar = False
    view_verb = "unions.view"
    can_add = False
    search = SmallNameSearch("name")
    list_display = ("code", "name", "parent")
    list_select_related = ("parent",)
    ordering = ("code",)
    fields = ("code", "name", "parent")

    def label_of(self, row: Region) -> str:
        return f"{row.parent.name}{row.name}" if row.parent_id else row.name


@admin.register(IndustryLine)
class IndustryLineAdmin(ScopedAdmin):
    icon, order = "factory", 40
    view_verb, write_verb = "unions.view", "unions.write"
    search = SmallNameSearch("name")
    list_display = ("name", "code")
    ordering = ("name",)
    fields = ("name", "code")

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["code"] if obj else [])]


class InForceFilter(DropdownFilter):
    title, parameter_name = _("有效期"), "in_force"

    def lookups(self, request, model_admin):
        return (("yes", _("有效")), ("no", _("已到期或未开始")))

    def queryset(self, request, queryset):
        today = queries.in_force_on(clock.today())
        return {"yes": queryset.filter(today), "no": queryset.exclude(today)}.get(self.value(), queryset)


class GrantForm(DatesInOrder):
    login = forms.CharField(
        label=_("登录名"), max_length=64, help_text=_("对方的工作人员登录名，须完整填写。")
    )

    class Meta:
        model = Grant
        fields = ("role", "union", "industry_line", "starts_on", "ends_on")

    def _get_validation_exclusions(self) -> set[str]:
        # The account and whoever grants are set by the action; the database's own checks answer there.
        return {*super()._get_validation_exclusions(), "user", "granted_by"}


class EndGrantForm(VerbForm):
    with_handed_on = forms.BooleanField(
        label=_("连同由 TA 转授出去的一起收回"), required=False,
        help_text=_("不勾选的，转授给同事的授权照常有效：授权是工会给的，不随经手人离开。"),
    )  # fmt: skip


def may_still_end(grant: Grant) -> bool:
    return grant.ended_at is None and (grant.ends_on is None or grant.ends_on >= clock.today())


@admin.register(Grant)
class GrantAdmin(ScopedAdmin):
    icon, order = "key", 30
    view_verb = write_verb = "grants.write"
    begins_at_home = False
    search = NameSearch("union__grams", "union__name", "union__pinyin")
    search_help_text = _("工会名称：汉字、全拼或首字母")
    list_display = ("user", "role", "union", "industry_line", "starts_on", "ends_on", "is_in_force")
    list_select_related = ("user", "union", "industry_line")
    list_filter = (subtree_filter(), ("role", ChoicesDropdownFilter), InForceFilter)
    ordering = ("-id",)
    add_fieldsets = ((None, {"fields": ("login", "role", "union", "industry_line", "starts_on", "ends_on")}),)
    readonly_fields = ("ended_at",)
    fields = ("user", "role", "union", "industry_line", "starts_on", "ends_on", "granted_by", "ended_at")
    verbs = (
        Verb("end", _("收回授权"), actions.end_grant, "grants.write", icon="key_off", tone="danger",
             form=EndGrantForm, when=may_still_end,
             question=_("收回后立即失效，对方不能再看到这个范围的内容。")),
    )  # fmt: skip

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = GrantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def get_changeform_initial_data(self, request) -> dict:
        return {"starts_on": clock.today(), **super().get_changeform_initial_data(request)}

    @display(description=_("当前有效"), boolean=True)
    def is_in_force(self, row: Grant) -> bool:
        today = clock.today()
        return (
            row.ended_at is None and row.starts_on <= today and (row.ends_on is None or row.ends_on >= today)
        )

    def save_model(self, request, obj, form, change) -> None:
        given = form.cleaned_data
        new = actions.NewGrant(
            role=given["role"],
            union_id=given["union"].pk,
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
            industry_line_id=getattr(given["industry_line"], "pk", None),
        )
        made = actions.hand_on_grant(request.actor, login=given["login"], new=new)
        obj.pk, obj.user = made.pk, made.user


@figure(needs="unions.view", order=30)
def unions_in_scope(actor) -> Figure | None:
    """Who sees members has them counted among those (`members`)."""
    if actor.may_anywhere("members.view"):
        return None
    key = "figure:unions:" + ",".join(sorted(f"{g.path}/{g.line}" for g in actor.reaches("unions.view")))
    count, basic = cache.get_or_set(key, lambda: _count_unions(actor), FIGURE_CACHE_S)
    note = _("其中基层工会和小组 %s 个") % f"{basic:,}"
    return Figure(str(_("工会")), count, "account_tree", reverse("admin:orgs_union_changelist"), str(note))


def _count_unions(actor) -> tuple[int, int]:
    found = Union.objects.visible_to(actor).filter(status="active").exclude(kind=UnionKind.POOL)
    basic = found.filter(kind__in=(UnionKind.ENTERPRISE, UnionKind.GROUP)).count()
    return found.count(), basic
