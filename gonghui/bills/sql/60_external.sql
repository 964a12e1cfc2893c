-- A use of a provider's coupon is what the provider said, and its state is what its transfers say: the facts stay, the state goes
-- forward only, and none is posted or returned without the fen that moved.

CREATE FUNCTION bills_external_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kit_refuses('bills_external_stays', 'a use of an external coupon stays as it was told');
END $$;
CREATE TRIGGER bills_external_use_stays BEFORE DELETE ON bills_externaluse
    FOR EACH ROW EXECUTE FUNCTION bills_external_stays();
CREATE TRIGGER bills_external_use_facts BEFORE UPDATE OF funding_id, use_id, code, off_fen, paid_fen ON bills_externaluse
    FOR EACH ROW WHEN ((OLD.funding_id, OLD.use_id, OLD.code, OLD.off_fen, OLD.paid_fen) IS DISTINCT FROM
                       (NEW.funding_id, NEW.use_id, NEW.code, NEW.off_fen, NEW.paid_fen))
    EXECUTE FUNCTION bills_external_stays();
CREATE TRIGGER bills_external_use_way BEFORE UPDATE OF state ON bills_externaluse
    FOR EACH ROW WHEN (OLD.state || '>' || NEW.state NOT IN ('uncovered>posted', 'uncovered>returned', 'posted>returned')
                       AND OLD.state <> NEW.state)
    EXECUTE FUNCTION bills_external_stays();

-- A look-up a row, never a join: the planner takes what was written for a few rows and would walk all transfers. It finds the
-- index by `<> ''` only.
CREATE FUNCTION bills_external_moved() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh f WHERE CASE f.state WHEN 'posted' THEN f.off_fen ELSE 0 END <> (
            SELECT COALESCE(sum(CASE t.code WHEN 'use_external' THEN t.amount WHEN 'return_external' THEN -t.amount END), 0)
              FROM ledger_transfer t WHERE t.subject = 'external:' || f.id AND t.subject <> '' AND t.kind = 'posted'))
    THEN
        PERFORM kit_refuses('bills_external_moved', 'a use is posted with the transfer that pays for it, and returned with the one back');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bills_external_moved_new AFTER INSERT ON bills_externaluse REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bills_external_moved();
CREATE TRIGGER bills_external_moved_on AFTER UPDATE ON bills_externaluse REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bills_external_moved();
