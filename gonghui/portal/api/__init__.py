"""What mini-programs and city apps need, in the order of the road; mounted by `config.api`."""

from gonghui.portal.api.account import router as account
from gonghui.portal.api.bills import counter as sales
from gonghui.portal.api.bills import router as bills
from gonghui.portal.api.complaints import router as complaints
from gonghui.portal.api.counter import router as counter
from gonghui.portal.api.grab import router as grab
from gonghui.portal.api.health import router as health
from gonghui.portal.api.invitations import router as invitations
from gonghui.portal.api.joining import router as joining
from gonghui.portal.api.mall import router as mall
from gonghui.portal.api.notices import router as notices
from gonghui.portal.api.offers import router as offers
from gonghui.portal.api.points import router as points
from gonghui.portal.api.programme import router as programme
from gonghui.portal.api.statements import router as statements
from gonghui.portal.api.stores import router as stores
from gonghui.portal.api.tickets import router as tickets
from gonghui.portal.api.transfers import router as transfers

routers = [
    ("", account),
    ("", notices),
    ("", programme),
    ("", grab),
    ("", tickets),
    ("", points),
    ("", offers),
    ("", stores),
    ("", bills),
    ("", complaints),
    ("", health),
    ("", mall),
    ("", joining),
    ("", transfers),
    ("", invitations),
    ("/merchant", statements),
    ("/counter", counter),
    ("/counter", sales),
]
