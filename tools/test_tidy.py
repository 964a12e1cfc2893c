import ast

from tools import tidy


def test_tree_is_tidy():
    assert tidy.all_findings() == []


def test_long_function_is_found():
    source = "def f():\n" + "    x = 1\n" * 70
    assert [f.split(": ")[1] for f in tidy.findings_in_tree(ast.parse(source), test=False)] == [
        "f has 71 lines, at most 70"
    ]


def test_inline_script_in_a_template_is_found():
    assert list(tidy.findings_in_template("<script>x()</script>")) == ["1: the CSP forbids inline script"]
    assert list(tidy.findings_in_template('<script src="/a.js"></script>')) == []
    assert list(tidy.findings_in_template('<script type="application/json" id="d">{}</script>')) == []
