"""The guided draft of a grant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.audiences.queries import usable
from gonghui.funds.festivals import FESTIVALS
from gonghui.funds.models import Budget, PointGrant, Section
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import home_of
from gonghui.kit.console.verbs import dress
from gonghui.kit.scope import BySubtree
from gonghui.members.groups import groups_open_to
from gonghui.orgs.models import Union

PARTS = (
    (
        "who",
        gettext_lazy("给谁"),
        ("union", "audience_union", "audience", "audience_groups", "birthday_month", "roster_on"),
    ),
    (
        "what",
        gettext_lazy("发什么"),
        (
            "title",
            "category",
            "festival",
            "took_part",
            "days",
            "is_paired",
            "per_head",
            "expires_on",
            "sections",
        ),
    ),
    ("money", gettext_lazy("从哪里出"), ("budget", "affirms")),
)


SHOWN_WHEN = {
    "festival": "festival",
    "took_part": "training event_prize team_prize",
    "days": "outing retreat",
    "is_paired": "retreat",
}
"""Fields by the categories they are asked for."""


class GrantForm(forms.ModelForm):
    class Meta:
        model = PointGrant
        fields = (
            "union", "audience_union", "audience", "birthday_month", "roster_on", "title", "category", "festival", "per_head",
            "expires_on", "budget", "took_part", "days", "is_paired",
        )  # fmt: skip

    audience_groups = forms.MultipleChoiceField(
        label=gettext_lazy("面向的群体"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选表示所有会员。"),
    )  # fmt: skip
    sections = forms.MultipleChoiceField(
        label=gettext_lazy("可用专区"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选表示全部专区。"),
    )  # fmt: skip

    affirms = forms.BooleanField(
        label=gettext_lazy("我已核对，按上述要求办理"), required=False,
        help_text=gettext_lazy("“按规定”里有要经办人确认的，勾选后原话和发放一起留存。"),
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **({"initial": {"union": home_of(actor, "points.write")}} | kwargs))
        written = BySubtree("path", verb="points.write").condition(actor)
        unions = (
            Union.objects.unscoped("narrowed to what the actor writes to").filter(written).order_by("path")
        )
        fields: dict[str, Any] = self.fields
        fields["union"].queryset = unions
        fields["audience_union"].queryset = unions
        fields["audience"].queryset = usable(actor)
        budgets = (
            Budget.objects.visible_to(actor)
            .filter(state__in=("approved", "adjusting"))
            .select_related("union")
        )
        fields["budget"].queryset = budgets.order_by("-id")
        fields["budget"].label_from_instance = lambda row: f"{row.name} · {row.union.name}"
        open_to = groups_open_to(actor, "points.write")
        fields["audience_groups"].choices = list(open_to.values_list("code", "name"))
        fields["sections"].choices = list(Section.objects.order_by("id").values_list("code", "name"))
        fields["festival"] = forms.ChoiceField(
            label=_("节日"), required=False, choices=[("", _("不是节日")), *FESTIVALS.items()]
        )
        for name, words in (
            ("union", _("请选择")),
            ("audience_union", _("发放工会的所有会员")),
            ("audience", _("不用受众")),
            ("budget", _("请选择")),
        ):
            fields[name].empty_label = words
        fields["roster_on"].initial = clock.today()
        fields["title"].widget.attrs["placeholder"] = _("例如：国庆慰问")
        for name, field in fields.items():
            dress(field)
            field.when, field.when_is = ("category", SHOWN_WHEN[name]) if name in SHOWN_WHEN else ("", "")

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}

    def parts(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "title": title, "fields": [self[field] for field in fields]}
            for name, title, fields in PARTS
        ]
