"""名册 of the demo: a sheet that was taken in, and one that waits with its refused rows."""

from __future__ import annotations

import io

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.joining import FIRST_NUMBER
from gonghui.config.world.names import invented_people
from gonghui.config.world.tree import Tree
from gonghui.kit.sheets import Column, write_xlsx
from gonghui.members.actions import roster_runs, rosters
from gonghui.members.models import RosterImport
from gonghui.orgs.models import Union

CITY = "4401"
ROWS, WAITING = 24, 12


def build_rosters(tree: Tree, staff: dict[str, User], seed: int) -> None:
    """Uploaded by the city's administrator, confirmed by its reviewer; the jobs' work is done at once."""
    city = tree.by_code[CITY]
    first, second = [u for u, group in tree.homes if not group and u.path.startswith(city.path)][1:3]
    people = [
        [one.name, one.id_no, one.phone]
        for one in invented_people(ROWS + WAITING, seed, FIRST_NUMBER + 10_000)
    ]
    taken = _checked(staff, first, _("会员名册（三季度）.xlsx"), people[:ROWS])
    rosters.apply_roster(actor_of(staff["reviewer"]), roster_id=taken.pk, in_background=False)
    roster_runs.apply_roster(taken.pk)
    name, id_no, phone = people[-1]
    wrong = [
        [name, id_no[:-1] + ("0" if id_no[-1] != "0" else "1"), phone],
        [name, id_no, "1990"],
        ["", id_no, phone],
    ]
    _checked(staff, second, _("新入职人员名册 最终版(2).xlsx"), people[ROWS:-1] + wrong)


def _checked(staff: dict[str, User], union: Union, name: str, rows: list[list[str]]) -> RosterImport:
    target = io.BytesIO()
    write_xlsx(target, [Column(title=_(title)) for title in ("姓名", "身份证号", "手机号")], rows)
    made = rosters.upload_roster(
        actor_of(staff["guangzhou"]), union_id=union.pk, file_name=name, content=target.getvalue(), in_background=False
    )  # fmt: skip
    roster_runs.check_roster(made.pk)
    return made
