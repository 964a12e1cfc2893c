from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    name = "gonghui.members"
    label = "members"
    verbose_name = _("会员")

    def ready(self) -> None:
        from gonghui.members import checks as own
        from gonghui.members import corrections_along, leaving, transfers_along, union_endings
        from gonghui.orgs import endings

        endings.before_unions_end.append(union_endings.wait_for_rosters)
        endings.when_members_move.append(union_endings.move_members)
        endings.members_of.append(union_endings.count_live)
        endings.in_flight.append(transfers_along.FLIGHT)
        endings.in_flight.append(corrections_along.FLIGHT)
        leaving.discover()
        checks.register(leaving.every_table_of_people_answers)
        checks.register(own.every_sheet_of_people_is_of_two)
        checks.register(own.every_open_column_says_why)
