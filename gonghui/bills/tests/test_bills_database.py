"""The database alone: what no program, ours or another's, can write into the tables of bills."""

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.bills import pricing
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import open_shop, pay_code, refunded, sold
from gonghui.bills.tests.written import drafted
from gonghui.funds.tests.stage import build_money


@pytest.fixture
def bill(cast):
    """面 × 2 and 茶 × 1 of Mei's, a coupon on it, half of the discount the city's."""
    money = build_money(open_shop(cast))
    terms = published(
        cast, needs_voucher=True, windows=[{"capacity": 2}], limits=[("person", 2)],
        shares=[union_share(money.city, 500), MERCHANT],
    )  # fmt: skip
    given_voucher(released(terms), cast.people["mei"].pk)
    return sold(cast, ("面", 5_000, 2), ("茶", 2_500, 1))


def run(sql: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def refuses(name: str, *statements: str) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        for sql in statements:
            run(sql)
        run("SET CONSTRAINTS ALL IMMEDIATE")
    assert error.value.__cause__.diag.constraint_name == name, error.value


BILL = """
INSERT INTO bills_bill (key, union_id, partner_id, store_id, person_id, at, list_fen, due_fen, points, method, state,
                        settled_at, refunded_fen)
SELECT gen_random_uuid(), union_id, partner_id, store_id, person_id, at, {list_fen}, {due_fen}, {points}, '{method}',
       'settled', at, 0
  FROM bills_bill LIMIT 1
"""
LAST = "(SELECT max(id) FROM bills_bill)"
LINE = """
INSERT INTO bills_billline (bill_id, nth, name, quantity, list_fen, section, code, refunded_quantity, refunded_fen)
VALUES ({bill}, {nth}, '米', 1, {fen}, '', '', 0, 0)
"""
LAST_LINE = "(SELECT max(id) FROM bills_billline)"
PART = "INSERT INTO bills_billpart (line_id, nth, payer, fen, refunded_fen) VALUES ({line}, {nth}, '{payer}', {fen}, 0)"


def one_bill(list_fen=100, due_fen=100, points=0, method="cash") -> str:
    return BILL.format(list_fen=list_fen, due_fen=due_fen, points=points, method=method)


def line(fen=100, nth=1, bill=LAST) -> str:
    return LINE.format(fen=fen, nth=nth, bill=bill)


def part(fen=100, payer="worker", nth=1, line=LAST_LINE) -> str:
    return PART.format(fen=fen, payer=payer, nth=nth, line=line)


def test_window_at_a_store_that_takes_no_part_never_reaches_review(cast):
    made = drafted(cast, windows=(pricing.Window(store_ids=frozenset({cast.store.pk})),))
    goes = f"UPDATE bills_offerterms SET state = 'reviewed', checker_id = {cast.users['province_admin'].pk} WHERE id = {made.pk}"
    run("UPDATE bills_offerwindow SET store_ids = store_ids || 0::bigint")
    refuses("bills_window_own_stores", goes)
    run("UPDATE bills_offerwindow SET store_ids = array_remove(store_ids, 0::bigint)")
    run(goes)


def test_bill_by_hand_that_adds_up_is_a_bill(bill):
    for sql in (one_bill(), line(), part(), "SET CONSTRAINTS ALL IMMEDIATE"):
        run(sql)


def test_bill_without_lines_or_parts_is_refused(bill):
    refuses("bills_bill_whole", one_bill())
    refuses("bills_bill_whole", one_bill(), line())
    refuses("bills_lines_add_up", one_bill(), line(60))
    refuses("bills_parts_add_up", one_bill(), line(), part(60))


def test_what_the_worker_and_the_points_pay_is_what_the_bill_says(bill):
    refuses("bills_bill_whole", one_bill(due_fen=0, method=""), line(), part())
    refuses("bills_bill_whole", one_bill(), line(), part(payer="merchant"))
    refuses("bills_bill_whole", one_bill(points=1), line(), part())


def test_amounts_and_ways_to_pay_fit(bill):
    refuses("bills_bill_amounts", one_bill(list_fen=0, due_fen=0, method=""))
    refuses("bills_bill_amounts", one_bill(due_fen=200))
    refuses("bills_bill_method_of_due", one_bill(due_fen=100, method=""))
    refuses("bills_bill_method_of_due", one_bill(due_fen=0))
    refuses("bills_part_refunded_at_most_once", one_bill(), line(), part(0))
    refuses("bills_part_account_of_payer", one_bill(), line(), part(payer="union"))


def test_nothing_is_added_to_a_bill_later(bill):
    refuses("bills_lines_add_up", line(100, 9, str(bill.pk)))
    refuses("bills_parts_add_up", part(100, "worker", 9, str(bill.lines.first().pk)))


def test_facts_of_a_bill_do_not_change(bill):
    for change in (
        "due_fen = 1", "list_fen = 1", "person_id = person_id + 1", "store_id = store_id + 1", "points = 9", "method = 'wechat'",
        "at = now()", "key = gen_random_uuid()", "refunded_fen = 1", "clerk_id = NULL",
    ):  # fmt: skip
        refuses("bills_bill_facts", f"UPDATE bills_bill SET {change}")
    refuses("bills_bill_stays", "DELETE FROM bills_bill")


def test_lines_parts_and_offers_stay(bill):
    refuses("bills_billline_stays", "UPDATE bills_billline SET list_fen = 1")
    refuses("bills_billline_stays", "UPDATE bills_billline SET refunded_fen = 1")
    refuses("bills_billpart_stays", "UPDATE bills_billpart SET fen = 1")
    refuses("bills_billpart_stays", "UPDATE bills_billpart SET refunded_fen = 1")
    refuses("bills_billoffer_stays", "UPDATE bills_billoffer SET is_live = false")
    for table in ("line", "part", "offer"):
        refuses(f"bills_bill{table}_stays", f"DELETE FROM bills_bill{table}")


def test_states_move_along_the_table_only(bill):
    for state in ("held", "cancelled"):
        refuses(
            "bills_bill_way",
            f"UPDATE bills_bill SET state = '{state}', settled_at = NULL",
        )
    refuses("bills_bill_way", "UPDATE bills_bill SET state = 'refunded'")
    refuses("bills_bill_times_of_state", "UPDATE bills_bill SET settled_at = NULL")


def test_voucher_is_on_one_living_bill(bill, cast):
    other = sold(cast, customer=pay_code(cast, ahead=1))
    sql = f"""INSERT INTO bills_billoffer (bill_id, offer_id, voucher_id, discount_fen, gift, is_live)
              SELECT {other.pk}, offer_id, voucher_id, 0, '', true FROM bills_billoffer WHERE voucher_id IS NOT NULL"""
    refuses("bills_voucher_on_one_bill", sql)
    refunded(cast, bill)
    run(sql)


def test_counters_never_pass_their_end(bill):
    refuses("bills_window_never_overused", "UPDATE bills_windowuse SET used = capacity + 1")
    refuses("bills_window_never_overused", "UPDATE bills_windowuse SET used = -1, capacity = 5")
    refuses("bills_limit_never_overused", "UPDATE bills_limituse SET used = most + 1")


# --- refunds ------------------------------------------------------------------------------------------------

REFUND = """
INSERT INTO bills_billrefund (bill_id, key, reason, at, list_fen, worker_fen, points)
VALUES ({bill}, gen_random_uuid(), 'x', now(), {list_fen}, {worker_fen}, 0)
"""
LAST_REFUND = "(SELECT max(id) FROM bills_billrefund)"
REFUND_LINE = "INSERT INTO bills_refundline (refund_id, line_id, quantity, list_fen) VALUES ({refund}, {line}, {quantity}, {fen})"
REFUND_PART = """
INSERT INTO bills_refundpart (refund_line_id, part_id, fen) SELECT (SELECT max(id) FROM bills_refundline), id, {fen}
  FROM bills_billpart WHERE line_id = {line} AND payer = '{payer}'
"""


def refund(bill, list_fen=2_500, worker_fen=2_100) -> str:
    return REFUND.format(bill=bill.pk, list_fen=list_fen, worker_fen=worker_fen)


def back_line(line, fen=2_500, quantity=1) -> str:
    return REFUND_LINE.format(refund=LAST_REFUND, line=line, fen=fen, quantity=quantity)


def back_part(line, payer, fen) -> str:
    return REFUND_PART.format(line=line, payer=payer, fen=fen)


def tea(bill) -> tuple[int, dict[str, int]]:
    """茶, 25 yuan: what each gave."""
    row = bill.lines.get(nth=2)
    return row.pk, dict(row.parts.values_list("payer", "fen"))


def all_of(line, parts) -> list[str]:
    return [back_part(line, payer, fen) for payer, fen in parts.items()]


def test_refund_by_hand_that_adds_up_is_a_refund_once(bill):
    line, parts = tea(bill)
    whole = [refund(bill, worker_fen=parts["worker"]), back_line(line), *all_of(line, parts)]
    for sql in (*whole, "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"):
        run(sql)
    refuses("bills_line_refunded_at_most_once", *whole)


def test_refund_is_what_its_lines_and_parts_say(bill):
    line, parts = tea(bill)
    worker = parts["worker"]
    refuses("bills_refund_whole", refund(bill, worker_fen=0))
    refuses("bills_refund_whole", refund(bill, 2_500, worker), back_line(line))
    refuses(
        "bills_refund_whole", refund(bill, 2_500, worker), back_line(line), back_part(line, "worker", worker)
    )
    refuses("bills_refund_whole", refund(bill, 2_500, 0), back_line(line), *all_of(line, parts))
    refuses(
        "bills_refund_whole", refund(bill, 100, 200), back_line(line, 100, 0), back_part(line, "worker", 200)
    )
    refuses(
        "bills_part_refunded_at_most_once",
        refund(bill, 2_500, 2_500), back_line(line), back_part(line, "worker", 2_500),
    )  # fmt: skip


def test_refund_is_of_its_own_bill_and_lines(bill, cast):
    other = sold(cast, customer=pay_code(cast, ahead=1)).lines.get().pk
    line, _parts = tea(bill)
    refuses("bills_refund_of_its_bill", refund(bill), back_line(other))
    refuses("bills_refund_of_its_line", refund(bill), back_line(line), back_part(other, "worker", 1))


def test_bill_all_of_which_went_back_is_refunded(bill):
    statements = [refund(bill, bill.list_fen, bill.due_fen)]
    for row in bill.lines.all():
        statements += [
            back_line(row.pk, row.list_fen, row.quantity),
            *all_of(row.pk, dict(row.parts.values_list("payer", "fen"))),
        ]
    refuses("bills_refund_whole", *statements)


def test_refunds_stay(bill, cast):
    refunded(cast, bill, (2, 1))
    for change in ("worker_fen = 1", "reason = 'y'", "list_fen = 1"):
        refuses("bills_billrefund_stays", f"UPDATE bills_billrefund SET {change}")
    refuses("bills_billrefund_stays", "DELETE FROM bills_billrefund")
    for table in ("refundline", "refundpart"):
        refuses(f"bills_{table}_stays", f"DELETE FROM bills_{table}")
    refuses("bills_refundline_stays", "UPDATE bills_refundline SET list_fen = 1")
    refuses("bills_refundpart_stays", "UPDATE bills_refundpart SET fen = 1")


# --- terms --------------------------------------------------------------------------------------------------


def test_terms_that_were_reviewed_do_not_change(bill):
    refuses("bills_terms_facts", "UPDATE bills_offerterms SET off_fen = 9999")
    refuses("bills_terms_way", "UPDATE bills_offerterms SET state = 'draft'")
    refuses("bills_terms_stay", "DELETE FROM bills_offerterms")
    refuses("bills_terms_maker_is_not_checker", "UPDATE bills_offerterms SET checker_id = maker_id")
    for table in ("fundingshare", "offerwindow", "offerlimit"):
        refuses("bills_terms_facts", f"DELETE FROM bills_{table}")
    refuses("bills_terms_facts", "UPDATE bills_fundingshare SET permille = 1")
    refuses("bills_terms_facts", "UPDATE bills_offerwindow SET capacity = 999")
    refuses("bills_terms_facts", "UPDATE bills_offerlimit SET most = 999")
