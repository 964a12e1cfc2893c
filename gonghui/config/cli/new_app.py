import re
from pathlib import Path

import click

from gonghui.config.launcher.places import ROOT

APPS = """from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class {camel}Config(AppConfig):
    name = "gonghui.{name}"
    label = "{name}"
    verbose_name = _("{title}")
"""
README = """# {name} · {title}

What is always true (each line is matched by a test named after it):

- …

Nouns · states · who may do what: …
"""


@click.command()
@click.argument("name")
@click.option("--title", required=True, help="中文名，例如 服务站点。")
@click.option("--beside", metavar="APP", help="与 APP 同层（互不引用）。")
@click.option("--above", metavar="APP", help="另起一层，正在 APP 之上。")
def command(name: str, title: str, beside: str | None, above: str | None) -> None:
    """搭一个新应用 NAME 的架子，并写进安装清单和层次约定。名字用英文复数，例如 stations。"""
    if not re.fullmatch(r"[a-z][a-z]+", name):
        raise click.ClickException("名字用小写英文复数，例如 stations。")
    if (beside is None) == (above is None):
        raise click.ClickException("请用 --beside 或 --above 说明它在哪一层，二者取一。")
    try:
        made = scaffold(ROOT, name=name, title=title, beside=beside, above=above)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(f"✔ {path.relative_to(ROOT)}" for path in made))
    click.echo("房间有内容才建：models.py、actions.py、rules.py、queries.py…（见 docs/architecture.md）。")


def scaffold(root: Path, *, name: str, title: str, beside: str | None, above: str | None) -> list[Path]:
    """All or nothing: both contracts are worked out before anything is written; ValueError says why not."""
    folder, neighbour = root / "gonghui" / name, beside or above
    if folder.exists():
        raise ValueError(f"gonghui/{name} 已经有了。")
    project, settings = root / "pyproject.toml", root / "gonghui" / "config" / "settings.py"
    changed = {
        project: with_storey(project.read_text(), name, neighbour=neighbour or "", same=beside is not None),
        settings: with_installed_app(settings.read_text(), name),
    }
    files = {
        folder / "__init__.py": "",
        folder / "apps.py": APPS.format(name=name, title=title, camel=name.capitalize()),
        folder / "README.md": README.format(name=name, title=title),
        folder / "migrations" / "__init__.py": "",
        folder / "tests" / "__init__.py": "",
        **changed,
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(files)


def with_storey(text: str, name: str, *, neighbour: str, same: bool) -> str:
    """The import contract with one more room beside, or one more storey above, the neighbour's."""
    line = re.search(rf'^  "(?:[a-z]+ \| )*{re.escape(neighbour)}(?: \| [a-z]+)*",$', text, re.MULTILINE)
    if line is None:
        raise ValueError(f"层次约定（pyproject.toml）里没有 {neighbour}。")
    widened = line[0].removesuffix('",') + f' | {name}",'
    return text.replace(line[0], widened if same else f'  "{name}",\n{line[0]}', 1)


def with_installed_app(text: str, name: str) -> str:
    entries = list(re.finditer(r'^    "gonghui\.[a-z]+",$', text, re.MULTILINE))
    if not entries:
        raise ValueError("settings.py 里没有找到 INSTALLED_APPS。")
    at = entries[-1].start()
    return f'{text[:at]}    "gonghui.{name}",\n{text[at:]}'
