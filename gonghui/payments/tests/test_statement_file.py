"""The parser: what is written reads back, and nothing that was cut or bent is taken."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError
from gonghui.payments.statement_file import (
    FileRow,
    fen_of,
    read_coupons,
    read_trades,
    write_coupons,
    write_trades,
    yuan_of,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=CHINA)
amounts = st.integers(0, 10**12)


@st.composite
def rows(draw, kinds):
    count = draw(st.integers(0, 12))
    return [
        FileRow(
            draw(st.sampled_from(kinds)), f"{n:032x}", f"42{n:026d}", draw(amounts),
            NOON + timedelta(seconds=draw(st.integers(0, 40_000))),
        )
        for n in range(count)
    ]  # fmt: skip


@given(amounts)
def test_amount_reads_back(amount):
    assert fen_of(yuan_of(amount)) == amount


@given(rows(["trade", "refund"]))
@settings(max_examples=60)
def test_what_is_written_reads_back(found):
    assert read_trades(write_trades(found, mchid="1", appid="wx")) == found


@given(rows(["used", "returned"]))
@settings(max_examples=40)
def test_coupons_read_back(found):
    assert read_coupons(write_coupons(found)) == found


WHOLE = [FileRow("trade" if n % 3 else "refund", f"{n:032x}", f"42{n}", 100 + n, NOON) for n in range(6)]
FILE = write_trades(WHOLE, mchid="1900000001", appid="wx1")


@given(st.integers(0, len(FILE) - 1))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_file_with_one_byte_gone_is_refused_or_means_the_same(place):
    """A byte may go where nothing is counted (a name, a rate); no amount and no row may."""
    try:
        found = read_trades(FILE[:place] + FILE[place + 1 :])
    except DomainError as refused:
        assert refused.code == "statement_broken"
        return
    assert [(r.kind, r.amount_fen) for r in found] == [(r.kind, r.amount_fen) for r in WHOLE]


@given(st.integers(0, len(FILE) - 12))
@settings(max_examples=200)
def test_file_cut_anywhere_is_refused(length):
    with pytest.raises(DomainError):
        read_trades(FILE[:length])


@given(st.binary(max_size=400))
def test_whatever_comes_is_refused_in_words(content):
    with pytest.raises(DomainError) as refused:
        read_trades(content)
    assert refused.value.code == "statement_broken"


@pytest.mark.parametrize(
    ("bend", "says"),
    [
        (lambda text: text.replace("`1.01", "`1.02", 1), "相加"),
        (lambda text: "\r\n".join(text.split("\r\n")[:2] + text.split("\r\n")[3:]), "笔"),
        (lambda text: "\r\n".join(text.split("\r\n")[:-3]), "合计"),
        (lambda text: text.replace("交易时间", "时间", 1), "表头"),
        (lambda text: text.replace("`", ""), "格式"),
        (lambda text: text.replace("`SUCCESS`", "`NOTPAY`").replace("`SUCCESS,", "`NOTPAY,"), "状态"),
    ],
)
def test_bent_file_says_what_is_wrong(bend, says):
    with pytest.raises(DomainError) as refused:
        read_trades(bend(FILE.decode()).encode())
    assert says in str(refused.value)


def test_number_that_stands_twice_is_refused():
    with pytest.raises(DomainError):
        read_trades(write_trades([WHOLE[1], WHOLE[1]], mchid="1", appid="wx"))
