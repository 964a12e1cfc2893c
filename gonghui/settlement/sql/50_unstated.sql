-- What stands on no statement yet: in it from the moment it is due, out of it with its line, never by hand.
INSERT INTO settlement_unstated (bill_id, partner_id, at)
SELECT b.id, b.partner_id, b.settled_at FROM bills_bill b
 WHERE b.state IN ('settled', 'refunded') AND NOT EXISTS (SELECT FROM settlement_statementline l WHERE l.bill_id = b.id);
INSERT INTO settlement_unstated (refund_id, partner_id, at)
SELECT r.id, b.partner_id, greatest(r.at, b.settled_at) FROM bills_billrefund r JOIN bills_bill b ON b.id = r.bill_id
 WHERE NOT EXISTS (SELECT FROM settlement_statementline l WHERE l.refund_id = r.id);

CREATE FUNCTION settlement_bill_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO settlement_unstated (bill_id, partner_id, at) VALUES (NEW.id, NEW.partner_id, NEW.settled_at);
    RETURN NULL;
END $$;
CREATE TRIGGER settlement_bill_made_due AFTER INSERT ON bills_bill
    FOR EACH ROW WHEN (NEW.state IN ('settled', 'refunded')) EXECUTE FUNCTION settlement_bill_is_due();
CREATE TRIGGER settlement_bill_becomes_due AFTER UPDATE OF state ON bills_bill
    FOR EACH ROW WHEN (OLD.state = 'held' AND NEW.state = 'settled') EXECUTE FUNCTION settlement_bill_is_due();

CREATE FUNCTION settlement_refund_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO settlement_unstated (refund_id, partner_id, at)
    SELECT NEW.id, b.partner_id, greatest(NEW.at, b.settled_at) FROM bills_bill b WHERE b.id = NEW.bill_id;
    RETURN NULL;
END $$;
CREATE TRIGGER settlement_refund_made_due AFTER INSERT ON bills_billrefund
    FOR EACH ROW EXECUTE FUNCTION settlement_refund_is_due();

CREATE FUNCTION settlement_lines_are_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gone bigint; again bigint;
BEGIN
    DELETE FROM settlement_unstated u USING fresh f WHERE u.bill_id = f.bill_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM settlement_unstated u USING fresh f WHERE u.refund_id = f.refund_id;
    GET DIAGNOSTICS again = ROW_COUNT;
    IF gone + again <> (SELECT count(*) FROM fresh WHERE kind <> 'adjustment') THEN
        PERFORM kit_refuses('settlement_line_is_due', 'what is stated was due');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER settlement_lines_are_due AFTER INSERT ON settlement_statementline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_lines_are_due();

CREATE FUNCTION settlement_unstated_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR pg_trigger_depth() < 2 THEN
        PERFORM kit_refuses('settlement_unstated_by_trigger', 'what is due follows bills, refunds and lines');
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER settlement_unstated_by_trigger BEFORE INSERT OR UPDATE OR DELETE ON settlement_unstated
    FOR EACH ROW EXECUTE FUNCTION settlement_unstated_by_trigger();
