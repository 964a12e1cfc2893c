"""Whose tiles lie under a map: nobody's unless an installation says so, and then the policy opens for that host alone."""

import pytest

from gonghui.kit.middleware import CONSOLE_CSP, MEMBER_CSP
from gonghui.kit.tiles import map_tiles_are_an_address, tile_facts, tile_origin

TILES = "https://{s}.tiles.example:8443/x/{z}/{x}/{y}.png?key=1"


@pytest.mark.parametrize(
    ("template", "origin"),
    [
        ("", ""),
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        (TILES, "https://*.tiles.example:8443"),
        ("HTTP://Tiles.Example/{z}/{x}/{y}", "http://tiles.example"),
        ("https://tiles.example/{z}/{x}.png", ""),
        ("https://tiles.example; script-src *//{z}/{x}/{y}", ""),
        ("//tiles.example/{z}/{x}/{y}", ""),
        ("javascript:{z}{x}{y}", ""),
        ("https://*/{z}/{x}/{y}", ""),
    ],
)
def test_origin_is_that_of_an_address_of_tiles_or_none(template, origin):
    assert tile_origin(template) == origin


def policy(client, path: str) -> str:
    return client.get(path)["Content-Security-Policy"]


@pytest.mark.django_db
def test_policy_names_no_host_until_tiles_are_named(client, settings):
    assert (policy(client, "/privacy"), policy(client, "/console/nowhere")) == (MEMBER_CSP, CONSOLE_CSP)
    settings.GONGHUI_MAP_TILES = TILES
    opened = "img-src 'self' https://*.tiles.example:8443 data: blob:;"
    for path, before in (("/privacy", MEMBER_CSP), ("/console/nowhere", CONSOLE_CSP)):
        assert policy(client, path) == before.replace("img-src 'self' data: blob:;", opened)
    settings.GONGHUI_MAP_TILES = "https://tiles.example; script-src *//{z}/{x}/{y}"
    assert policy(client, "/privacy") == MEMBER_CSP


def test_page_is_told_of_tiles_only_where_they_are_an_address(settings):
    assert tile_facts() == {} and map_tiles_are_an_address() == []
    settings.GONGHUI_MAP_TILES, settings.GONGHUI_MAP_CREDIT = TILES, "© 某某图"
    assert tile_facts() == {"tiles": TILES, "credit": "© 某某图", "datum": "wgs84"}
    settings.GONGHUI_MAP_TILES, settings.GONGHUI_MAP_DATUM = "nonsense", "mars"
    assert tile_facts() == {}
    assert [error.id for error in map_tiles_are_an_address()] == ["kit.E004", "kit.E005"]
