"""群发: choose a template, who, by what and when; look at the numbers; then send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.audiences.queries import people_in, require_fresh, shown_count, usable, version_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedChoiceField, console_page, page_facts
from gonghui.kit.console.asking import moment_field
from gonghui.kit.console.sending import key_of, sent_once
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import DomainError, require
from gonghui.members.groups import groups_open_to
from gonghui.members.models import Membership, Person
from gonghui.notices import errors
from gonghui.notices.actions.proposals import (
    Meant,
    Terms,
    is_large,
    propose_send,
    sending_union,
    tells_sensitive,
    template_to_send,
    within,
)
from gonghui.notices.models import Channel, Send, SendState, Template
from gonghui.notices.previews import numbers_of, sample_of
from gonghui.notices.results import shown_number
from gonghui.orgs.models import Union

HOLDOUTS = [(0, gettext_lazy("不留")), (5, "5%"), (10, "10%"), (20, "20%")]


class SendForm(forms.Form):
    template = forms.ModelChoiceField(
        None, label=gettext_lazy("模板"), empty_label=None, help_text=gettext_lazy("只有复核通过的可以选。")
    )
    union = ScopedChoiceField(
        "notices.Send",
        "union",
        home="notices.send",
        label=gettext_lazy("发给哪个工会的会员"),
        help_text=gettext_lazy("包括它下面的各级工会。"),
    )
    audience = forms.ModelChoiceField(
        None, label=gettext_lazy("只发给这个人群"), required=False, empty_label=gettext_lazy("不选"),
        help_text=gettext_lazy("在“受众”里建好的；只发给其中属于上面这个工会的会员。"),
    )  # fmt: skip
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("只发给这些职业群体"), required=False, help_text=gettext_lazy("不选就是所有人。")
    )
    is_verified = forms.BooleanField(label=gettext_lazy("只发给已实名的"), required=False)
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("渠道"), choices=Channel.choices, initial=[Channel.INBOX]
    )
    goes_at = moment_field(
        gettext_lazy("什么时候发"), required=False, help_text=gettext_lazy("不填就马上发。")
    )
    holdout_percent = forms.TypedChoiceField(
        label=gettext_lazy("留一部分人不发，作对照"), choices=HOLDOUTS, coerce=int, initial=0
    )
    is_urgent = forms.BooleanField(label=gettext_lazy("紧急：免打扰时段也发"), required=False)
    halves = ("goes_at", "holdout_percent")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["union"].bind_to(actor)
        self.fields["template"].queryset = usable_templates(actor)
        self.fields["audience"].queryset = usable(actor)
        groups = groups_open_to(actor, "notices.send").order_by("name")
        self.fields["groups"].choices = [(group.code, group.name) for group in groups]
        for name, field in self.fields.items():
            dress(field)
            field.when, field.when_is, field.is_half = "", "", name in self.halves

    def meant(self) -> Meant:
        given = self.cleaned_data
        people = Membership.objects.visible_to(self.actor).filter(
            union__path__startswith=given["union"].path, status__in=Membership.LIVE
        )
        words, audience, facts = [given["union"].name], given["audience"], {}
        if audience:
            require_fresh(audience.pk)
            people = people.filter(person_id__in=people_in(audience.pk))
            facts = {"audience": audience, "audience_version": version_of(audience.pk)}
            words.append(audience.name)
        if given["groups"]:
            people = people.filter(person__groups__overlap=given["groups"])
            words.append(
                "、".join(
                    str(name) for code, name in self.fields["groups"].choices if code in given["groups"]
                )
            )
        if given["is_verified"]:
            people = people.filter(person__verification="verified")
            words.append(_("已实名"))
        groups = tuple(given["groups"])
        return Meant(people.values("person_id"), " · ".join(words), groups=groups, **facts)

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "union_id": given["union"].pk,
            "meant": self.meant(),
            "terms": Terms(
                given["template"].pk,
                tuple(given["channels"]),
                given["goes_at"],
                given["is_urgent"],
                given["holdout_percent"],
            ),
        }


def usable_templates(actor: Actor) -> QuerySet:
    """Reviewed, of the actor's unions and of those above them."""
    paths = [grant.path for grant in actor.reaches("notices.send")]
    way_up = {int(part) for path in paths for part in path.split(".") if part}
    below = Union.objects.visible_to(actor).filter(pk__isnull=False).order_by().values("pk")
    found = Template.objects.unscoped("own and of unions above").filter(state=Template.State.APPROVED)
    return (found.filter(union_id__in=below) | found.filter(union_id__in=way_up)).order_by("-updated_at")


@console_page("notices/sends/new", name="send_new", needs="notices.send")
def new_send(request: HttpRequest) -> HttpResponse:
    """Looked at first: the numbers somebody saw are the numbers that go, or they are shown anew."""
    initial = {"template": request.GET.get("template")} if request.GET.get("template", "").isdigit() else None
    form = SendForm(request.POST or None, actor=request.actor, initial=initial)
    look: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            look = look_at(request.actor, form)
            if request.POST.get("step") == "send" and request.POST.get("seen") == look["seen"]:
                return send_it(request, form)
        except DomainError as error:
            form.add_error(None, str(error))
            look = None
    status = 422 if form.is_bound and form.errors else 200
    is_anew = bool(look) and request.POST.get("step") == "send"
    facts = {"form": form, "look": look, "sent": key_of(request), "is_anew": is_anew}
    return render(request, "notices/console/new.html", page_facts(request, _("群发"), **facts), status=status)


def look_at(actor: Actor, form: SendForm) -> dict[str, Any]:
    facts = form.facts()
    meant, terms = facts["meant"], facts["terms"]
    union = sending_union(actor, facts["union_id"])
    is_sensitive = tells_sensitive(actor, union, meant)
    template = template_to_send(union, terms.template_id, terms.channels)
    require(terms.goes_at is None or terms.goes_at > clock.now(), errors.TIME_PASSED)
    people = within(union, meant.people)
    numbers = numbers_of(people, template, at=terms.goes_at or clock.now())
    require(numbers.total or is_sensitive, errors.NOBODY_MEANT)
    first = (
        None  # nobody is shown for example
        if is_sensitive
        else Person.objects.unscoped("one of those the actor sends to").filter(pk__in=people[:1]).first()
    )
    return {
        "numbers": numbers,
        "people": shown_count(numbers.total, is_sensitive=is_sensitive),
        "seen": shown_number(numbers.total, is_sensitive=is_sensitive),
        "is_sensitive": is_sensitive,
        "channels": terms.channels,
        "sample": sample_of(template, first),
        "template": template,
        "needs_two": is_large(numbers.total, union, is_sensitive=is_sensitive),
        "words": meant.words,
        "goes_at": terms.goes_at,
        "is_urgent": terms.is_urgent,
    }


def send_it(request: HttpRequest, form: SendForm) -> HttpResponse:
    key = f"console:{key_of(request)}"
    made: list[Send] = []

    def act() -> str:
        made.append(propose_send(request.actor, key=key, **form.facts()))
        return reverse("admin:send_result", args=[made[0].pk])

    leads_to, is_new = sent_once(request, act)
    if is_new:
        is_waiting = made[0].state == SendState.PROPOSED
        messages.success(request, _("已提交，等另一位同事放行。") if is_waiting else _("已经开始。"))
    return HttpResponseRedirect(leads_to)
