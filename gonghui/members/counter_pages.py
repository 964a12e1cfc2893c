"""柜台受理 in the back office: opened on a person's page, confirmed on the request's own by somebody else."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    NameSearch,
    ReasonForm,
    ScopedAdmin,
    Verb,
    VerbForm,
    console_page,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.taking import ask_before_taking, file_to_take
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.masks import mask_phone
from gonghui.members.actions import counter
from gonghui.members.models import CounterRequest, Membership
from gonghui.members.models.counter import COPIES_MAX

TONES = {"open": "warning", "confirmed": "success", "refused": "info"}
NEXT_STEPS = {
    "open": gettext_lazy("请受理人以外的一位同事打开这一页，看到本人和证件原件后，点“当面核对通过”。"),
    "refused": gettext_lazy("没有办理。原因解决以后，可以重新受理。"),
    "phone": gettext_lazy("已生效：本人用新手机号登录，旧手机号会收到短信提醒。"),
    "farewell": gettext_lazy("十五天冷静期内，本人可以再来撤回；到期后按规定删除。"),
    "copy": gettext_lazy("由受理人打印，当面交给本人，再把电脑上的文件删除。"),
}


class OpenForm(VerbForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("办什么"), choices=[("", gettext_lazy("请选择")), *CounterRequest.Kind.choices]
    )
    new_phone = forms.CharField(
        label=gettext_lazy("新手机号"), max_length=20, required=False,
        help_text=gettext_lazy("只在更正手机号时填写。旧号码会收到短信提醒。"),
    )  # fmt: skip
    words = forms.CharField(
        label=gettext_lazy("情况说明"), max_length=200, min_length=4, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如：手机丢失，本人带身份证到场。不要写证件号码。"),
    )  # fmt: skip
    gives_up = forms.BooleanField(
        label=gettext_lazy("已说明会失去的福豆和票券，本人同意"), required=False,
        help_text=gettext_lazy("只在注销时勾选。十五天内本人可以再来撤回。"),
    )  # fmt: skip

    def clean(self) -> dict:
        entered = super().clean()
        if entered.get("kind") == "phone" and not entered.get("new_phone"):
            self.add_error("new_phone", _("请填写新手机号。"))
        return entered


class TailForm(VerbForm):
    tail = forms.CharField(
        label=gettext_lazy("证件号码最后四位"), min_length=4, max_length=8,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy("请看着本人手里的证件原件填写。错三次锁一天。"),
    )  # fmt: skip


OPEN_AT_COUNTER = Verb(
    "counter", gettext_lazy("柜台受理"), counter.open_request, counter.WRITE, key="person_id", form=OpenForm,
    icon="support_agent",
    when=lambda person: any(one.status in Membership.LIVE for one in getattr(person, "seen_memberships", ())),
    question=gettext_lazy("本人到场、不能自己登录时使用。看过证件原件再受理；由另一位同事再核对一次才生效。"),
    done=gettext_lazy("已受理，请另一位同事在“柜台受理”里当面核对。"),
)  # fmt: skip


@admin.register(CounterRequest)
class CounterRequestAdmin(ScopedAdmin):
    icon, order = "support_agent", 26
    can_add = False
    masks = {"new_phone": mask_phone}
    state_field = "state"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = gettext_lazy("姓名、拼音或首字母")
    empty_hint = gettext_lazy("会员丢了手机、不能登录时，到“职工”里打开本人，点“柜台受理”。")
    list_display = (
        "person", "kind", "union", state_column("state", TONES), "maker", "checker",
        when_column("created_at", gettext_lazy("受理时间")),
    )  # fmt: skip
    list_select_related = ("person", "union", "maker", "checker")
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("person", "kind"), ("union", "new_phone"), "words", "gives_up", ("state", "answer"), ("maker", "checker"),
        "decided_at", "copy", "next_step",
    )  # fmt: skip
    readonly_fields = ("copy", "next_step")
    verbs = (
        Verb("confirm", gettext_lazy("当面核对通过"), counter.confirm_request, counter.CONFIRM, key="request_id",
             icon="how_to_reg", tone="primary", when=in_state("open"), form=TailForm,
             question=gettext_lazy("请亲自看到本人和证件原件，并问清本人要办的事。通过后马上生效。"),
             done=gettext_lazy("已核对，事项已经办理。")),
        Verb("refuse", gettext_lazy("不通过"), counter.refuse_request, counter.CONFIRM, key="request_id", icon="undo",
             when=in_state("open"), form=ReasonForm),
        Verb("take_back", gettext_lazy("撤回注销"), counter.take_back_at_counter, counter.WRITE, key="request_id",
             icon="undo", form=ReasonForm, when=lambda row: row.kind == "farewell" and row.state == "confirmed",
             question=gettext_lazy("本人在十五天内又来，说不注销了。"), done=gettext_lazy("注销已撤回，账号照旧。")),
    )  # fmt: skip

    def _is_offered(self, request: HttpRequest, name: str, row: CounterRequest | None) -> bool:
        """Who opened it is not offered what only another may do."""
        is_own = row is not None and row.maker_id == request.actor.user_id
        return not (is_own and name in {"confirm", "refuse"}) and super()._is_offered(request, name, row)

    def label_of(self, row: CounterRequest) -> str:
        return f"{row.person.name} {row.get_kind_display()}"

    def get_fields(self, request: HttpRequest, obj: CounterRequest | None = None) -> list:
        """What the matter does not ask for is not shown empty."""
        idle = _idle_fields(obj) if obj else set()
        rows = [(row,) if isinstance(row, str) else row for row in super().get_fields(request, obj)]
        return [kept for row in rows if (kept := tuple(name for name in row if name not in idle))]

    def get_readonly_fields(self, request: HttpRequest, obj: CounterRequest | None = None) -> list:
        return [*super().get_readonly_fields(request, obj), "copy", "next_step"]

    @admin.display(description=gettext_lazy("下一步"))
    def next_step(self, row: CounterRequest) -> str:
        return str(NEXT_STEPS[row.kind if row.state == "confirmed" else row.state])

    @admin.display(description=gettext_lazy("个人信息"))
    def copy(self, row: CounterRequest) -> SafeString | str:
        if row.copies >= COPIES_MAX or not row.decided_at or row.decided_at + counter.COPY_FOR <= clock.now():
            return _("不能再取了：已过二十四小时，或已取满 {most} 次。").format(most=COPIES_MAX)
        said = _("下载、打印（限受理人本人，二十四小时内，还可 {left} 次）").format(
            left=COPIES_MAX - row.copies
        )
        return format_html(
            '<a class="text-link" href="{}">{}</a>', reverse("admin:counter_copy", args=[row.pk]), said
        )


def _idle_fields(row: CounterRequest) -> set[str]:
    is_done = row.state == "confirmed"
    wanted = {
        "new_phone": row.kind == "phone", "gives_up": row.kind == "farewell", "answer": row.state == "refused",
        "copy": row.kind == "copy" and is_done, "checker": row.state != "open", "decided_at": row.state != "open",
    }  # fmt: skip
    return {name for name, is_wanted in wanted.items() if not is_wanted}


@console_page("counter/<int:request_id>/copy", name="counter_copy", needs=counter.WRITE)
def counter_copy(request: HttpRequest, request_id: int) -> HttpResponse:
    if request.method == "POST":
        row, content = counter.take_copy(request.actor, request_id=request_id)
        return file_to_take(content, f"counter-{row.pk}.xlsx")
    own = CounterRequest.objects.visible_to(request.actor).filter(maker_id=request.actor.user_id)
    asked = own.select_related("person").filter(pk=request_id, kind="copy", state="confirmed").first()
    require(asked, NOT_FOUND)
    return ask_before_taking(
        request,
        title=_("取一份个人信息"),
        of=asked.person.name,
        question=_("打印后当面交给会员本人，电脑上的文件马上删除。每次下载都记在本人名下。"),
        back=reverse("admin:members_counterrequest_change", args=[request_id]),
        model=CounterRequest,
    )


@waiting(needs=counter.CONFIRM, order=13)
def open_requests(actor: Actor) -> Figure:
    mine = CounterRequest.objects.visible_to(actor).filter(state="open").exclude(maker_id=actor.user_id)
    address = reverse("admin:members_counterrequest_changelist") + "?state__exact=open"
    return Figure(str(_("柜台受理待核对")), mine.count(), "support_agent", address)
