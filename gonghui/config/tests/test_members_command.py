import openpyxl
import pytest
from click.testing import CliRunner

from gonghui.config.cli.members import command
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person, RosterImport
from gonghui.members.tests.test_rosters import newcomers, sheet_of
from tests.cast import IDS


@pytest.fixture
def roster_file(cast, tmp_path):
    path = tmp_path / "名册.xlsx"
    path.write_bytes(sheet_of(*newcomers(2), ("陈晓梅", IDS["mei"][1], "")))
    return path


def run(file, *options: str, login: str = "city_admin", union: str = "东江市总工会"):
    asked = ["import", str(file), "--union", union, "--as", login, *options]
    return CliRunner().invoke(command, asked, catch_exceptions=True)


def imported() -> int:
    return Person.objects.unscoped("test").filter(name__startswith="钱").count()


def test_dry_run_tells_and_leaves_nothing(roster_file, tmp_path):
    mended = tmp_path / "改.xlsx"
    result = run(roster_file, "--dry-run", "--refused", str(mended))
    assert result.exit_code == 0, result.output
    assert "新增 2　变更 0　无变化 0　退回 1" in result.output
    assert "第 4 行：这个证件号码登记的是另一个姓名" in result.output
    assert openpyxl.load_workbook(mended).worksheets[0].max_row == 2
    assert (imported(), RosterImport.objects.unscoped("test").get().state) == (0, "dropped")


def test_apply_imports_once_however_often_it_is_run(roster_file):
    assert "已导入：新增 2" in run(roster_file, "--apply").output
    again = run(roster_file, "--apply")
    assert "没有需要导入的新增或变更" in again.output
    assert imported() == 2


def test_without_apply_the_roster_waits_in_the_console(roster_file):
    assert run(roster_file).exit_code == 0
    assert (imported(), RosterImport.objects.unscoped("test").get().state) == (0, "checked")
    assert "已导入：新增 2" in run(roster_file, "--apply").output


def test_unknown_login_foreign_union_and_contradicting_flags_are_refused(roster_file):
    assert isinstance(run(roster_file, login="nobody").exception, DomainError)
    assert "没有找到唯一的工会" in run(roster_file, union="西岭市总工会").output
    assert run(roster_file, "--dry-run", "--apply").exit_code == 2
    assert not RosterImport.objects.unscoped("test").exists()
