"""Hashes of blocks that somebody kept outside the system, as an option of the commands that verify."""

from __future__ import annotations

from collections.abc import Iterable

import click

NOTED = click.option(
    "--noted",
    multiple=True,
    metavar="区块:指纹",
    help="以前抄下的区块指纹，可以写多次；证明历史没有整个重写过。",
)


def hashes_noted(texts: Iterable[str]) -> dict[int, str]:
    return dict(_noted(text) for text in texts)


def _noted(text: str) -> tuple[int, str]:
    number, _, hash_ = text.partition(":")
    if not number.isdecimal() or len(hash_) != 64:
        raise click.BadParameter(f"“{text}”写法不对，应为 区块号:64 位指纹，例如 12:ab…")
    return int(number), hash_.lower()
