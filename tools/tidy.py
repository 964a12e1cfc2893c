"""House rules a linter does not know. Each finding names what to do instead. Limits only ever tighten.

python -m tools.tidy            # the whole tree; exit code 1 when something is found
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES, TEST_LINES, FUNCTION_LINES, PARAMETERS = 600, 800, 70, 6
BANNED_NAMES = re.compile(r"(^|_)(manager|helper|helpers|utils|util|common|misc)(_|$)", re.IGNORECASE)
TEXT_RULES = (
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "finish it or write an issue"),
    (re.compile(r"pragma: no cover|pytest\.mark\.(skip|xfail)\b"), "show it with a test that runs"),
    (re.compile(r"\bNotImplementedError\b"), "build it, or leave the name out"),
    (re.compile(r"\.objects\.all\(\)"), "say for whom: .visible_to(actor) or .unscoped(reason)"),
    (re.compile(r"@receiver\("), "news travels as events and jobs, not as signals"),
)
TEMPLATE_RULES = (
    (re.compile(r"\sstyle=\""), "the CSP forbids inline style: use a class"),
    (re.compile(r"\son[a-z]+=\""), "the CSP forbids inline handlers: use a module under static/"),
    (re.compile(r"<script(?![^>]*\b(src|type=\"application/json\"))[^>]*>"), "the CSP forbids inline script"),
    (re.compile(r"https?://(?!www\.w3\.org)"), "no outside host in a page"),
)


def python_files() -> Iterator[Path]:
    for top in ("gonghui", "tools", "tests", "benchmarks"):
        yield from (p for p in (ROOT / top).rglob("*.py") if "migrations" not in p.parts)


def findings_in_python(path: Path, text: str) -> Iterator[str]:
    test = "tests" in path.parts
    lines = text.splitlines()
    limit = TEST_LINES if test else FILE_LINES
    if len(lines) > limit:
        yield f"1: {len(lines)} lines, at most {limit}: make it a package split by noun"
    if path.name != "tidy.py" and not test:
        for number, line in enumerate(lines, 1):
            yield from (f"{number}: {advice}" for rule, advice in TEXT_RULES if rule.search(line))
    if BANNED_NAMES.search(path.stem):
        yield "1: the file's name says nothing: name it after what is in it"
    yield from findings_in_tree(ast.parse(text), test)


def findings_in_tree(tree: ast.AST, test: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and BANNED_NAMES.search(node.name):
            yield f"{node.lineno}: class {node.name}: name it after what it is"
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES:
            yield f"{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}: split it"
        positional = [a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]
        parameters = len(positional) + len(node.args.kwonlyargs)
        if not test and parameters > PARAMETERS + 1 + ("actor" in positional):
            yield f"{node.lineno}: {node.name} takes {parameters} parameters: group them in a dataclass"


def findings_in_template(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        yield from (f"{number}: {advice}" for rule, advice in TEMPLATE_RULES if rule.search(line))


def all_findings() -> list[str]:
    found = []
    for path in sorted(set(python_files())):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}:{f}" for f in findings_in_python(path, text)]
    for path in sorted((ROOT / "gonghui").rglob("templates/**/*.html")):
        if "admin" in path.parts or "unfold" in path.parts:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{f}" for f in findings_in_template(path.read_text(encoding="utf-8"))
        ]
    return found


def main() -> int:
    found = all_findings()
    print("\n".join(found) if found else "tidy: nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
