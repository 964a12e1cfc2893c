-- A member's points go to the issue they came from and come from there, never to anybody else; what stands behind them is
-- paid to merchants or goes back to its budget, never out as money (I08).
-- Asked of every statement that adds transfers: look-ups, one question, and nothing set and reset around it.
CREATE FUNCTION funds_points_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
    SELECT CASE n.ledger WHEN 2 THEN 'funds_points_stay' ELSE 'funds_points_not_cashed' END INTO wrong FROM fresh n
     WHERE CASE n.ledger
           WHEN 2 THEN (SELECT d.kind = 'points' AND d.within_id IS DISTINCT FROM n.credit_id FROM ledger_account d WHERE d.id = n.debit_id)
                    OR (SELECT c.kind = 'points' AND c.within_id IS DISTINCT FROM n.debit_id FROM ledger_account c WHERE c.id = n.credit_id)
           ELSE (SELECT d.kind = 'backing' FROM ledger_account d WHERE d.id = n.debit_id)
            AND (SELECT c.kind NOT IN ('payable', 'budget', 'commitment') FROM ledger_account c WHERE c.id = n.credit_id) END
     LIMIT 1;
    IF wrong IS NOT NULL THEN
        PERFORM kit_refuses(wrong, 'points go back to their issue, what backs them to merchants or its budget');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER funds_points_stay AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION funds_points_stay();
