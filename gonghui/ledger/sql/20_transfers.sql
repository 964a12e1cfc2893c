ALTER TABLE ledger_transfer ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY;

-- A transfer is written once. Whoever inserts one, Django, psql or a COPY, the accounts follow in the same statement.

CREATE TRIGGER ledger_transfer_stays BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER ledger_transfers_stay BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER ledger_block_stays BEFORE UPDATE OR DELETE ON ledger_block
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER ledger_blocks_stay BEFORE TRUNCATE ON ledger_block
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_transfer, ledger_block FROM PUBLIC, CURRENT_USER;

-- What a transfer says of the pending one it resolves is what that one says: its accounts, its amount, in time.
CREATE FUNCTION ledger_transfer_resolves() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fresh WHERE pending_id IS NOT NULL) THEN RETURN NULL; END IF;
    IF EXISTS (
        SELECT FROM fresh n LEFT JOIN ledger_transfer p ON p.id = n.pending_id
         WHERE n.pending_id IS NOT NULL
           AND (p.kind IS DISTINCT FROM 'pending'
                OR (p.debit_id, p.credit_id, p.ledger, p.amount) <> (n.debit_id, n.credit_id, n.ledger, n.released)))
    THEN
        RAISE EXCEPTION 'a transfer resolves a pending one of its own accounts, whole'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfer_resolves';
    END IF;
    IF EXISTS (SELECT FROM fresh n JOIN ledger_transfer p ON p.id = n.pending_id
                WHERE n.kind = 'post' AND p.expires_at <= statement_timestamp())
    THEN
        RAISE EXCEPTION 'a pending transfer past its time cannot be posted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfer_in_time';
    END IF;
    RETURN NULL;
END $$;

-- One UPDATE an account and statement, in the order of the accounts, so that two batches never wait for each other in a circle.
CREATE FUNCTION ledger_transfer_moves() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE wanted bigint; moved bigint;
BEGIN
    WITH part AS (
        SELECT debit_id AS account, ledger,
               CASE kind WHEN 'pending' THEN amount ELSE -released END AS debit_pending,
               CASE kind WHEN 'pending' THEN 0 ELSE amount END AS debit_posted,
               0::bigint AS credit_pending, 0::bigint AS credit_posted
          FROM fresh
         UNION ALL
        SELECT credit_id, ledger, 0, 0, CASE kind WHEN 'pending' THEN amount ELSE -released END,
               CASE kind WHEN 'pending' THEN 0 ELSE amount END
          FROM fresh
    ), delta AS MATERIALIZED (
        SELECT account, ledger, sum(debit_pending)::bigint AS dp, sum(debit_posted)::bigint AS dd,
               sum(credit_pending)::bigint AS cp, sum(credit_posted)::bigint AS cc
          FROM part GROUP BY account, ledger ORDER BY account
    ), changed AS (
        UPDATE ledger_account a
           SET debits_pending = a.debits_pending + d.dp, debits_posted = a.debits_posted + d.dd,
               credits_pending = a.credits_pending + d.cp, credits_posted = a.credits_posted + d.cc
          FROM delta d WHERE a.id = d.account AND a.ledger = d.ledger AND a.closed_at IS NULL
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM delta), (SELECT count(*) FROM changed) INTO wanted, moved;
    IF wanted <> moved THEN
        RAISE EXCEPTION 'an account is closed, unknown, or of another ledger'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfer_accounts';
    END IF;
    RETURN NULL;
END $$;

-- By name: first what is resolved, then what moves.
CREATE TRIGGER ledger_transfer_a_resolves AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_resolves();
CREATE TRIGGER ledger_transfer_b_moves AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_moves();
