"""The back office on django-unfold: a screen is a declaration; scope, masks, audit and look come with it.

    @admin.register(Activity)
    class ActivityAdmin(ScopedAdmin):
        icon, order = "festival", 10
        write_verb, export_verb = "activities.write", "reports.export"
        state_field = "state"
        search = NameSearch("grams", "title", "pinyin")          # SmallNameSearch("title") for a short table
        list_display = ("title", "union", when_column("starts_at", _("开始")), state_column("state", TONES))
        list_select_related = ("union",)
        list_filter = (subtree_filter("union__path"), ("state", ChoicesDropdownFilter))
        fields = ("union", "title", "intro", "state")
        verbs = (Verb("announce", _("发布预告"), announce_activity, needs="activities.announce",
                      when=lambda a: a.state == "ready", icon="campaign", tone="primary"),)

What comes with it: rows `visible_to` the request's actor and below the subtrees of `view_verb`, which is
taken from the model's `scope`; changes only below those of `write_verb`; pickers, filters, pop-ups, exports and
histories in the same scope; no filter but the declared ones; sealed columns masked by `masks`, shown whole by a
verb with a reason (`unmask_verb`); states moved by `verbs` only, each `act(actor, *, <model>_id=…, **facts)`;
a `DomainError` said on the form; forms that ask for a union begin with the reader's own (`home_of`). The first page:
`figure`, `upcoming`, `waiting`. Pages of your own: `console_page`, with templates that extend `kit/console/page.html`.
Tests: inherit `tests.console_contract.ConsoleContract`.
"""

from gonghui.kit.console.admin import ScopedAdmin, ScopedInline
from gonghui.kit.console.choosing import ScopedChoiceField
from gonghui.kit.console.columns import (
    Amount,
    link_column,
    money,
    money_column,
    number,
    state_column,
    when_column,
)
from gonghui.kit.console.dashboard import Bar, Bars, Coming, Figure, bars, figure, upcoming, waiting
from gonghui.kit.console.filters import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    related_filter,
    subtree_filter,
)
from gonghui.kit.console.homes import home_of
from gonghui.kit.console.listing import SmallNameSearch
from gonghui.kit.console.navigation import console_page, page_facts, steps_at
from gonghui.kit.console.verbs import ReasonForm, Verb, VerbForm, go_to, in_state
from gonghui.kit.search import NameSearch

__all__ = [
    "Amount",
    "Bar",
    "Bars",
    "ChoicesDropdownFilter",
    "Coming",
    "DropdownFilter",
    "Figure",
    "NameSearch",
    "RangeDateFilter",
    "ReasonForm",
    "ScopedAdmin",
    "ScopedChoiceField",
    "ScopedInline",
    "SmallNameSearch",
    "Verb",
    "VerbForm",
    "bars",
    "console_page",
    "figure",
    "go_to",
    "home_of",
    "in_state",
    "link_column",
    "money",
    "money_column",
    "number",
    "page_facts",
    "related_filter",
    "state_column",
    "steps_at",
    "subtree_filter",
    "upcoming",
    "waiting",
    "when_column",
]
