"""The README's matrix and the tests say the same."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_race_stands_in_the_matrix():
    played = {
        name
        for path in HERE.glob("test_*.py")
        if path != Path(__file__)
        for name in re.findall(r"^def test_(\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    told = set(re.findall(r"`(\w+)`", (HERE / "README.md").read_text(encoding="utf-8")))
    assert played - told == set()
