"""`gonghui staff`, run as its own process where nothing else shows it, and in this one against the test database."""

import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gonghui.accounts.actions.staff import sign_in_staff
from gonghui.accounts.models import User
from gonghui.benefits.tests.wire import database_url
from gonghui.config.cli import staff
from gonghui.config.launcher import preparation
from gonghui.config.world import divisions
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.orgs.models import Grant, Region, Union, UnionKind
from tests.cast import new_cast

FIRST = ("first", "--union", "南粤省总工会", "--login", "province", "--name", "张三")
ADD = ("add", "li.jing", "--role", "operator", "--union", "东江市总工会")


@pytest.fixture(autouse=True)
def tables_are_there(monkeypatch):
    """Whether to migrate is asked of the launcher's own database, which tests leave alone."""
    monkeypatch.setattr(preparation, "migrate_if_needed", lambda url, tell: False)
    monkeypatch.setattr("gonghui.config.launcher.postgres.database_url", lambda: "")


def run(*words: str):
    return CliRunner().invoke(staff.command, list(words))


def password_in(output: str) -> str:
    return re.search(r"一次性密码\s+(\S+)", output)[1]


def signed_in(login: str, output: str) -> User:
    return sign_in_staff(ANONYMOUS, login=login, password=password_in(output))


def test_first_account_signs_in_with_the_password_printed(db):
    result = run(*FIRST)
    assert result.exit_code == 0, result.output
    user = signed_in("province", result.output)
    grant = Grant.objects.unscoped("test").select_related("union").get(user=user)
    assert (str(user), user.must_change_password) == ("张三", True)
    assert (grant.role, grant.union.name, grant.union.kind) == ("org_admin", "南粤省总工会", "province")
    entry = AuditEntry.objects.unscoped("test").get(table_name="accounts_user", row_id=user.pk, op="INSERT")
    assert (entry.channel, entry.reason) == ("system", "gonghui staff first")


def test_first_account_finds_the_divisions_of_its_province(db):
    assert run(*FIRST).exit_code == 0
    regions = Region.objects.unscoped("test")
    assert regions.filter(parent__code="44").count() == 21
    assert run("first", "--help").exit_code == 0


def test_first_account_is_made_without_divisions_which_come_later(db, monkeypatch, tmp_path):
    source = divisions.SOURCE
    monkeypatch.setattr(divisions, "SOURCE", tmp_path)
    made = run(*FIRST)
    assert (made.exit_code, Union.objects.unscoped("test").count()) == (0, 1)
    assert "行政区划没有写入" in made.output
    assert "make frontend" in made.output and "gonghui staff divisions" in made.output
    assert run("divisions").exception.code == "no_divisions"
    monkeypatch.setattr(divisions, "SOURCE", source)
    assert run("divisions").exit_code == 0
    assert {"44", "4401"} <= set(codes_of_regions())


def codes_of_regions() -> list[str]:
    return list(Region.objects.unscoped("test").order_by("code").values_list("code", flat=True))


def test_divisions_are_written_once_however_often_and_completed(db):
    assert run("divisions").exit_code == 0
    rows = list(Region.objects.unscoped("test").order_by("code").values())
    assert "没有改动" in run("divisions", "44").output
    assert list(Region.objects.unscoped("test").order_by("code").values()) == rows
    Region.objects.unscoped("test").filter(code__startswith="4453", code__regex="^.{9}$").delete()
    assert "写入了" in run("divisions").output
    assert codes_of_regions() == [row["code"] for row in rows]
    assert not Region.objects.unscoped("test").filter(parent=None).exclude(code="44").exists()
    assert run("divisions", "46").exit_code == 0
    assert set(codes_of_regions()) > {row["code"] for row in rows}


@pytest.mark.parametrize("code", ["99", "4401", ""])
def test_divisions_of_no_province_are_refused_and_change_nothing(db, code):
    refused = run("divisions", code).exception
    assert (refused.code, f"没有代码为“{code}”的" in str(refused)) == ("no_such_province", True)
    assert codes_of_regions() == []
    made = run(*FIRST, "--divisions", code)
    assert (made.exit_code, f"没有代码为“{code}”的" in made.output) == (0, True)
    assert signed_in("province", made.output)


def test_divisions_of_an_empty_list_are_refused(db, monkeypatch, tmp_path):
    for level in ("provinces", "cities", "areas", "streets"):
        (tmp_path / f"{level}.json").write_text("[]")
    monkeypatch.setattr(divisions, "SOURCE", tmp_path)
    assert run("divisions").exception.code == "no_such_province"


def test_password_is_printed_with_the_hours_it_lasts(cast):
    for words in (ADD, ("password", "judge")):
        assert "72 小时内有效，到" in run(*words).output


def test_kinds_and_roles_offered_are_those_there_are():
    assert set(staff.KINDS) <= set(UnionKind.values)
    assert set(staff.ROLES) == {code for code, _name in Grant._meta.get_field("role").choices}


def test_second_first_account_is_refused(db):
    run(*FIRST)
    again = run(*FIRST[:-3], "second")
    assert isinstance(again.exception, DomainError)
    assert "已经有管理员“province”" in str(again.exception)
    assert (User.objects.unscoped("test").count(), Union.objects.unscoped("test").count()) == (1, 1)


def test_colleague_is_added_to_the_union_named(cast):
    result = run("add", "li.jing", "--role", "operator", "--union", "东江市总工会", "--until", "2099-12-31")
    grant = Grant.objects.unscoped("test").get(user=signed_in("li.jing", result.output))
    assert (grant.role, grant.union_id, str(grant.ends_on)) == (
        "operator",
        cast.unions["city"].pk,
        "2099-12-31",
    )


def test_union_unknown_role_unknown_and_login_taken_are_refused(cast):
    before = User.objects.unscoped("test").count()
    words = ("--role", "operator", "--union")
    assert "有 0 个" in str(run("add", "li.jing", *words, "无名工会").exception)
    assert run("add", "li.jing", "--role", "emperor", "--union", "东江市总工会").exit_code == 2
    assert "已经有人用了" in str(run("add", "judge", *words, "东江市总工会").exception)
    assert User.objects.unscoped("test").count() == before


def test_password_and_authenticator_are_given_anew(cast):
    judge = User.objects.unscoped("test").get(login="judge")
    judge.totp_secret = "ABCD"
    judge.save(update_fields=["totp_secret"])
    assert signed_in("judge", run("password", "judge").output).must_change_password
    assert run("forget-totp", "judge").exit_code == 0
    judge = User.objects.unscoped("test").get(login="judge")
    assert (judge.totp_secret, judge.session_epoch) == (None, 2)
    for word in ("password", "forget-totp"):
        assert "没有登录名为“nobody”" in str(run(word, "nobody").exception)


def test_list_names_every_account_with_state_and_grants(cast):
    User.objects.unscoped("test").filter(login="judge").update(is_active=False)
    output = run("list").output
    for text in ("city_admin", "东江市总工会 · 工会管理员", "已停用", "待绑定验证器"):
        assert text in output
    assert "13800000001" not in output


def test_list_of_nobody_says_what_comes_first(db):
    assert "gonghui staff first" in run("list").output


@pytest.mark.django_db(transaction=True)
def test_refusal_is_one_sentence_on_stderr_of_the_real_command():
    new_cast()
    found = subprocess.run(
        [sys.executable, "-m", "gonghui", "staff", "password", "nobody"],
        env={**os.environ, "DATABASE_URL": database_url()}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("✘ 没有登录名为“nobody”的工作人员账号。")


def test_help_is_chinese_and_needs_no_database():
    found = subprocess.run(
        [sys.executable, "-m", "gonghui", "staff", "first", "--help"],
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 0 and "第一步" in found.stdout
