-- A member's points go to the issue they came from and come from there, never to anybody else; what stands behind them is
-- paid to merchants or goes back to its budget, never out as money (I08).
CREATE FUNCTION funds_points_stay() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh n JOIN ledger_account d ON d.id = n.debit_id JOIN ledger_account c ON c.id = n.credit_id
                WHERE n.ledger = 2 AND (d.kind = 'points' AND d.within_id IS DISTINCT FROM c.id
                                        OR c.kind = 'points' AND c.within_id IS DISTINCT FROM d.id))
    THEN
        PERFORM kit_refuses('funds_points_stay', 'points go back to their issue, never to another person');
    END IF;
    IF EXISTS (SELECT FROM fresh n JOIN ledger_account d ON d.id = n.debit_id AND d.kind = 'backing'
                 JOIN ledger_account c ON c.id = n.credit_id
                WHERE n.ledger = 1 AND c.kind NOT IN ('payable', 'budget', 'commitment'))
    THEN
        PERFORM kit_refuses('funds_points_not_cashed', 'what backs points is paid to merchants or goes back to its budget');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER funds_points_stay AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION funds_points_stay();
