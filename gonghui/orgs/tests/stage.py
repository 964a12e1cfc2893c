"""What tests of the tree begin with."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import transaction
from stdnum.cn import uscc

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.orgs import actions
from gonghui.orgs.codes import Evidence
from gonghui.orgs.models import Employer, Grant, Region, Union, UnionRegistration

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PAPER = ("批复.pdf", PDF)
PHONE = "13800000123"


def good_code(prefix: str = "91", seed: int = 0) -> str:
    body = f"{prefix}440101MA59A{seed:04d}"
    return body + uscc.calc_check_digit(body)


def bad_code(prefix: str = "91", seed: int = 0) -> str:
    """A code whose last character does not fit."""
    good = good_code(prefix, seed)
    return good[:17] + ("0" if good[17] != "0" else "1")


def region(code: str = "440106", name: str = "江口区", parent: Region | None = None) -> Region:
    return Region.objects.get_or_create(code=code, defaults={"name": name, "parent": parent})[0]


def facts(seed: int = 1, **given) -> actions.NewRegistration:
    known = {
        "name": f"木棉{seed}号公司工会",
        "kind": "enterprise",
        "region_id": region().pk,
        "employer_name": f"木棉{seed}号有限公司",
        "employer_uscc": good_code("91", seed),
        "employer_category": "150",
        "employer_industry": "C",
        "headcount": 86,
        "chair": "林巧珍",
        "contact_phone": PHONE,
        "document_no": f"东工复〔2026〕{seed}号",
    }
    return actions.NewRegistration(**(known | given))


def applied(cast, seed: int = 1, *, who: str = "city_admin", parent: str = "district", **given):
    """Submitted by the city for a union below its district."""
    actor = cast.actor(who)
    return actions.apply_for_union(
        actor, parent_id=cast.unions[parent].pk, new=facts(seed, **given), paper=PAPER
    )


def colleague(cast, login: str = "city_reviewer", role: str = "org_admin", union: str = "city") -> Actor:
    """A second administrator beside the cast's own."""
    user = User.objects.create(login=login, is_staff=True, display_name=login)
    user.set_unusable_password()
    user.save()
    Grant.objects.create(user=user, role=role, union=cast.unions[union], starts_on=clock.today())
    cast.users[login] = user
    return actor_of(user)


def everything() -> list:
    rows = []
    for model, columns in (
        (Union, ("id", "path", "name", "status", "parent", "merged_into", "uscc", "employer")),
        (Employer, ("id", "name", "uscc", "code_document")),
        (
            UnionRegistration,
            ("id", "state", "name", "uscc", "employer_uscc", "decided_by", "answer", "union"),
        ),
        (Grant, ("id", "ends_on", "ended_at")),
    ):
        rows += list(model.objects.unscoped("test").order_by("id").values(*columns))
    return rows


@contextmanager
def refused(code: str):
    """Refused with this code, and nothing has changed."""
    before = everything()
    with pytest.raises(DomainError) as error, transaction.atomic():
        yield error
    assert error.value.code == code, str(error.value)
    assert everything() == before
    assert error.value.advice


WITH_EVIDENCE = Evidence("粤市监证〔2019〕33号", "证书原件如此，已电话核对登记机关")
