"""The README's matrix and the tests say the same."""

import re
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def names_in(files: Iterable[Path]) -> set[str]:
    return {
        name
        for path in files
        for name in re.findall(r"^def test_(\w+)", path.read_text(encoding="utf-8"), re.M)
    }


def readme() -> str:
    return (HERE / "README.md").read_text(encoding="utf-8")


def test_every_race_stands_in_the_matrix():
    played = names_in(path for path in HERE.glob("test_*.py") if path != Path(__file__))
    assert played - set(re.findall(r"`(\w+)`", readme())) == set()


def test_every_test_of_the_matrix_is_played():
    """A test that was renamed or taken away does not stay in the table."""
    rows = [line.split("|") for line in readme().splitlines() if line.startswith("|")]
    told = {name for row in rows if len(row) > 4 for name in re.findall(r"`(\w+)`", row[3])}
    everywhere = names_in([*ROOT.glob("gonghui/**/tests/test_*.py"), *ROOT.glob("tests/**/test_*.py")])
    assert len(told) > 50
    assert told - everywhere == set()
