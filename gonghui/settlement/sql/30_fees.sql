-- The service fee: floor(what was handed over × rate) of what the merchant keeps of a bill, and posted before it is sent.

-- Of a bill with refunds: what was charged and given back is the fee of what is left, at the bill's own rate.
CREATE FUNCTION settlement_fees_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT r.bill_id FROM fresh f JOIN bills_billrefund r ON r.id = f.refund_id) t
          LEFT JOIN settlement_statementline b ON b.bill_id = t.bill_id
          CROSS JOIN LATERAL (
            SELECT sum(l.fee_fen) AS fee, sum(l.union_fen + l.employer_fen + l.points_fen + l.online_fen) AS gross,
                   bool_and(l.fee_bp = b.fee_bp) AS one_rate
              FROM bills_billrefund r JOIN settlement_statementline l ON l.refund_id = r.id WHERE r.bill_id = t.bill_id) back
         WHERE b.id IS NULL OR NOT back.one_rate
            OR b.fee_fen + back.fee <> div((b.union_fen + b.employer_fen + b.points_fen + b.online_fen + back.gross) * b.fee_bp, 10000))
    THEN
        PERFORM kit_refuses('settlement_fees_add_up', 'the fee of a bill is the fee of what is left of it');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER settlement_fees_add_up AFTER INSERT ON settlement_statementline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_fees_add_up();

CREATE FUNCTION settlement_fee_is_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT account_id, sum(fee_fen) AS fen FROM settlement_statementline WHERE statement_id = NEW.id GROUP BY account_id) f
         WHERE f.fen <> (
            SELECT COALESCE(sum(CASE f.account_id WHEN t.debit_id THEN t.amount WHEN t.credit_id THEN -t.amount END), 0)
              FROM ledger_transfer t WHERE t.subject = 'statement:' || NEW.id AND t.kind IN ('posted', 'post')))
    THEN
        PERFORM kit_refuses('settlement_fee_is_posted', 'the fee on the lines is the fee in the ledger');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_fee_is_posted BEFORE UPDATE OF state ON settlement_statement
    FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state <> 'draft') EXECUTE FUNCTION settlement_fee_is_posted();
