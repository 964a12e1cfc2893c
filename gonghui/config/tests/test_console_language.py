"""The console speaks Chinese throughout, the theme's own words included."""

import re
from gettext import GNUTranslations
from pathlib import Path

import unfold
from django.conf import settings
from django.utils.translation import gettext, override

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES"
TEMPLATE_WORDS = re.compile(r"""\{%\s*(?:translate|trans)\s+(['"])(.*?)\1""")
CODE_WORDS = re.compile(r"""\b_\(\s*(['"])([^'"]*)\1\s*\)""")
NOT_USED = {
    "auth",
    "crispy_forms",
    "import_export",
    "guardian",
    "simple_history",
    "forms",
    "location_field",
    "constance",
}
SAME_IN_CHINESE = {"%(class_name)s %(instance)s"}


def words_of_the_theme() -> set[str]:
    found: set[str] = set()
    for path in Path(unfold.__file__).parent.rglob("*"):
        if NOT_USED & set(path.parts):
            continue
        if path.suffix == ".html":
            found |= {match[1] for match in TEMPLATE_WORDS.findall(path.read_text())}
        elif path.suffix == ".py" and path.name not in {"forms.py"}:
            found |= {match[1] for match in CODE_WORDS.findall(path.read_text())}
    return found


def test_every_word_of_the_theme_has_chinese():
    words = words_of_the_theme()
    assert len(words) > 60
    with override("zh-hans"):
        assert {word for word in words - SAME_IN_CHINESE if gettext(word) == word} == set()


def test_compiled_catalogue_is_that_of_the_source():
    with (CATALOGUE / "django.mo").open("rb") as stream:
        compiled = GNUTranslations(stream)._catalog
    source = (CATALOGUE / "django.po").read_text()
    pairs = re.findall(r'^msgid "(.*)"\nmsgstr "(.*)"$', source, re.MULTILINE)
    pairs = [(a.replace('\\"', '"'), b.replace('\\"', '"')) for a, b in pairs if a]
    assert {a: compiled.get(a) for a, _b in pairs} == dict(pairs)
    assert len(compiled) == len(pairs) + source.count("msgid_plural") + 1
