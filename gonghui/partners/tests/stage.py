"""What the tests of merchants stand on: an application that is whole, a partner with its owner and agreement."""

from __future__ import annotations

import datetime as dt

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.orgs.models import Grant
from gonghui.partners import actions
from gonghui.partners.models import Agreement, MerchantRole, Partner, PartnerApplication, Store


def good_uscc(seed: int = 0) -> str:
    from stdnum.cn import uscc

    body = f"91440101MA59AB{seed:03d}"
    return body + uscc.calc_check_digit(body)


def new_user(phone: str, name: str = "商户") -> User:
    return User.objects.create(phone=phone, display_name=name)


def new_staff(cast, login: str, role: str, union: str) -> Actor:
    user = User(login=login, is_staff=True, display_name=login)
    user.set_unusable_password()
    user.save()
    cast.users[login] = user
    Grant.objects.create(user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1))
    return cast.actor(login)


def filled(cast, **given) -> dict:
    return {
        "union": cast.unions["city"],
        "company": "东江好味食堂有限公司",
        "uscc": good_uscc(),
        "kind": "food",
        "contact_name": "何佳",
        "contact_phone": "13800000051",
        "stores": [{"name": "江口店", "address": "江口路 1 号"}],
        "offer": "职工用餐八五折",
        "concession_permille": 150,
        **given,
    }


def applied(cast, user: User | None = None, **given) -> PartnerApplication:
    user = user or new_user("13800000051")
    actor = actor_of(user)
    row = actions.save_application(actor, **filled(cast, **given))
    return actions.submit_application(actor, application_id=row.pk)


def new_partner(cast, name: str, union: str = "city", parent: Partner | None = None) -> Partner:
    return Partner.objects.create(
        union=cast.unions[union], name=name, kind="food", since=dt.date(2020, 1, 1), parent=parent
    )


def new_store(partner: Partner, name: str = "一店") -> Store:
    return Store.objects.create(partner=partner, name=name)


def new_owner(partner: Partner, phone: str, role: str = "owner", store: Store | None = None) -> User:
    user = new_user(phone)
    MerchantRole.objects.create(user=user, partner=partner, role=role, store=store)
    return user


@kept
def standing_agreement(partner: Partner, **given) -> Agreement:
    facts = {"concession": "按原有约定。", "starts_on": partner.since, "state": "effective", **given}
    return Agreement.objects.create(partner=partner, union=partner.union, **facts)
