"""One ready account for each role, written to `accounts.json` for the start-up panel; passwords are made anew each time."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from base64 import b32encode

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gonghui.accounts.models import User
from gonghui.config.world.partners import Venues, add_clerk
from gonghui.config.world.tree import Tree
from gonghui.members.models import Person
from gonghui.orgs.models import Grant, Union

CLERK_PHONE = "19899990001"


# (login, role, code of the union; "" is the province, title)
POSTS = (
    ("province", "org_admin", "", _("省总工会管理员")),
    ("treasury", "finance_officer", "", _("省总工会财务人员")),
    ("audit", "audit_committee", "", _("省总工会经审人员")),
    ("guangzhou", "org_admin", "4401", _("广州市总工会管理员")),
    ("reviewer", "reviewer", "4401", _("广州市总工会复核人员")),
    ("operator", "operator", "4401", _("广州市总工会运营人员")),
    ("finance", "finance_officer", "4401", _("广州市总工会财务人员")),
    ("foshan", "org_admin", "4406", _("佛山市总工会管理员")),
    ("tianhe", "org_admin", "440106", _("天河区总工会管理员")),
    ("team", "technical_team", "", _("省平台技术团队")),
)
COLLEAGUES = (
    ("haizhu", "org_admin", "440105", _("海珠区总工会管理员")),
    ("yuexiu", "org_admin", "440104", _("越秀区总工会管理员")),
    ("panyu", "operator", "440113", _("番禺区总工会运营人员")),
)
"""Who is written to; nobody signs in as them, so they stand on no card."""


def build_staff(tree: Tree, venues: Venues, progress) -> tuple[dict[str, User], list[dict]]:
    """Staff with password and TOTP, two members and a clerk with phones: the staff by login, and everybody's cards."""
    cards, made = _member_cards(), {}
    for login, role, code, title in (*POSTS, *COLLEAGUES):
        union = tree.by_code[code] if code else tree.province
        made[login], card = _staff_account(login, role, union, str(title))
        cards.append(card)
        progress.advance(1)
    cards = [card for card in cards if card["login"] not in {login for login, *_rest in COLLEAGUES}]
    add_clerk(CLERK_PHONE, gettext("大沙头码头 何师傅"), list(venues.stores.values())[:5])
    clerk = gettext("店员（五处门店）")
    cards.append({"role": clerk, "address": "/clerk/", "login": CLERK_PHONE, "password": ""})
    return made, cards


def write_cards(cards: list[dict]) -> None:
    path = settings.DATA_DIR / "accounts.json"
    path.write_text(json.dumps(cards, ensure_ascii=False, indent=1), encoding="utf-8")
    path.chmod(0o600)


def _staff_account(login: str, role: str, union: Union, title: str) -> tuple[User, dict]:
    password, totp = secrets.token_urlsafe(9), b32encode(secrets.token_bytes(20)).decode()
    user = User(
        login=login, display_name=title, is_staff=True, totp_secret=totp, totp_confirmed_at=timezone.now()
    )
    user.set_password(password)
    user.save()
    Grant.objects.create(user=user, role=role, union=union, starts_on=dt.date(2024, 1, 1))
    card = {"role": title, "address": "/console/", "login": login, "password": password, "totp_secret": totp}
    return user, card


def _member_cards() -> list[dict]:
    """Two verified members of Guangzhou and one who is not verified yet; each signs in by phone and code."""
    people = Person.objects.unscoped("demo accounts").order_by("id")
    guangzhou = people.filter(memberships__union__path__startswith=_guangzhou_path())
    return [
        *(_verified_card(p) for p in guangzhou.filter(verification="verified")[:2]),
        *(_unverified_card(p) for p in guangzhou.filter(verification="none")[:1]),
    ]


def _verified_card(person: Person) -> dict:
    person.user = User.objects.create(phone=person.phone, display_name=person.name)
    person.save(update_fields=["user"])
    return {"role": gettext("会员（已实名）"), "address": "/", "login": person.phone, "password": ""}


def _unverified_card(person: Person) -> dict:
    note = gettext("实名时填：{name}，{id_no}").format(name=person.name, id_no=person.id_no)
    return {
        "role": gettext("会员（未实名）"),
        "address": "/",
        "login": person.phone,
        "password": "",
        "note": note,
    }


def _guangzhou_path() -> str:
    return Union.objects.unscoped("demo accounts").get(kind="city", region__code="4401").path
