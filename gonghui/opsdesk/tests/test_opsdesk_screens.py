"""Every list of the desk by the shared contract."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gonghui.kit import clock
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import (
    Broadcast,
    CaseAward,
    DeskRule,
    DigestIssue,
    Escalation,
    OperatorGroup,
    Question,
    ReleaseNote,
)
from gonghui.opsdesk.tests.stage import Stage, asked, build_stage, escalated, opened, sent
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def stage_of(cast) -> Stage:
    if not hasattr(cast, "opsdesk_stage"):
        cast.opsdesk_stage = build_stage(cast)
    return cast.opsdesk_stage


class TestGroupScreen(ConsoleContract):
    model = OperatorGroup

    def own(self, cast):
        return opened(stage_of(cast))

    def foreign(self, cast):
        return opened(stage_of(cast), "西岭工作群", union="sister", who="sister_admin")

    def more(self, cast, count):
        for n in range(count):
            opened(stage_of(cast), f"群{n}", union="district")


class TestBroadcastScreen(ConsoleContract):
    model = Broadcast

    def own(self, cast):
        return sent(stage_of(cast), below="district", wanted_by=clock.today())

    def foreign(self, cast):
        return sent(stage_of(cast), who="sister_admin", union="sister", below="riders")

    def more(self, cast, count):
        for _n in range(count):
            sent(stage_of(cast), below="factory", who="district_admin", union="district")


class TestQuestionScreen(ConsoleContract):
    model = Question

    def own(self, cast):
        return asked(stage_of(cast))

    def foreign(self, cast):
        return asked(stage_of(cast), who="riders_admin", union="riders")

    def more(self, cast, count):
        for _n in range(count):
            asked(stage_of(cast))


class TestEscalationScreen(ConsoleContract):
    model = Escalation

    def own(self, cast):
        return escalated(stage_of(cast))

    def foreign(self, cast):
        return escalated(stage_of(cast), who="riders_admin", union="riders", officer="sister_admin")

    def more(self, cast, count):
        for _n in range(count):
            escalated(stage_of(cast))


class TestCaseScreen(ConsoleContract):
    model = CaseAward

    def told(self, cast, who: str, union: str):
        said = actions.Told("暖胃早餐", "每天六点半在站点门口发放。", "三个月 12,000 份。")
        return actions.submit_case(
            stage_of(cast).actor(who), key=uuid4(), union_id=cast.unions[union].pk, told=said
        )

    def own(self, cast):
        return self.told(cast, "factory_admin", "factory")

    def foreign(self, cast):
        return self.told(cast, "riders_admin", "riders")

    def more(self, cast, count):
        for _n in range(count):
            self.own(cast)


class TestReleaseNoteScreen(ConsoleContract):
    """Of a city's own subtree; everybody below reads it on its own page."""

    model = ReleaseNote

    def noted(self, cast, place: str, **facts):
        row = escalated(stage_of(cast), **facts)
        mending = actions.Mending("修复导入", "已修复", clock.today(), (row.pk,))
        return actions.publish_release(
            cast.actor("team"), key=uuid4(), union_id=cast.unions[place].pk, mending=mending
        )

    def own(self, cast):
        return self.noted(cast, "city")

    def foreign(self, cast):
        return self.noted(cast, "sister", who="riders_admin", union="riders", officer="sister_admin")

    def more(self, cast, count):
        for _n in range(count):
            self.own(cast)


class TestDigestScreen(ConsoleContract):
    model = DigestIssue

    def own(self, cast):
        return actions.draft_digest(stage_of(cast).actor("operator"), union_id=cast.unions["city"].pk)

    def foreign(self, cast):
        stage_of(cast)
        return actions.draft_digest(cast.actor("sister_admin"), union_id=cast.unions["sister"].pk)

    def more(self, cast, count):
        for name in ("district", "factory")[:count]:
            actions.draft_digest(cast.actor("city_admin"), union_id=cast.unions[name].pk)


class TestDeskRuleScreen(ConsoleContract):
    model = DeskRule
    change, wrong = {"answer_days": 3}, {"answer_days": 0}

    def own(self, cast):
        return DeskRule.objects.create(union=cast.unions["city"])

    def foreign(self, cast):
        return DeskRule.objects.create(union=cast.unions["sister"])

    def more(self, cast, count):
        for name in ("district", "factory")[:count]:
            DeskRule.objects.create(union=cast.unions[name])
