-- Transfers in, answers out, in their order:
--
--   ok            written
--   exists        written before, with these very fields
--   conflicts     written before, with other fields
--   overdrawn     a limited account would go below zero
--   account       an account is unknown, closed, or of another ledger
--   amount        zero, negative or beyond what a transfer may carry
--   same_account  debit and credit are one account
--   not_pending   what it resolves is unknown or is no pending transfer
--   resolved      what it resolves was posted or voided before
--   expired       what it resolves is past its time
--   beyond        posts more than was pending
--   bad           anything else a CHECK refuses
--   linked        another of its chain was not written, so this was not either
--
-- Orders with the same `chain` are written all or none; without one each stands alone. They count one after the other:
-- what an earlier order of the batch brings, a later one may spend. A batch in which nothing is wrong is one INSERT;
-- otherwise chain by chain, each in a savepoint, under the locks of all accounts, taken in their order.

CREATE TYPE ledger_order AS (
    n integer, id uuid, kind text, ledger smallint, debit_id bigint, credit_id bigint, amount bigint, pending_id uuid,
    released bigint, expires_at timestamptz, code text, subject text, chain integer
);

-- An order that resolves takes accounts and amount over from the pending transfer.
CREATE FUNCTION ledger_orders(p_orders jsonb) RETURNS SETOF ledger_order LANGUAGE sql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
    SELECT o.n, o.id, o.kind, coalesce(p.ledger, o.ledger), coalesce(p.debit_id, o.debit), coalesce(p.credit_id, o.credit),
           CASE o.kind WHEN 'void' THEN 0 WHEN 'post' THEN coalesce(o.amount, p.amount) ELSE o.amount END,
           o.pending, coalesce(p.amount, 0), o.expires, o.code, o.subject, o.chain
      FROM jsonb_to_recordset(p_orders) AS o(
               n integer, id uuid, kind text, ledger smallint, debit bigint, credit bigint, amount bigint, pending uuid,
               expires timestamptz, code text, subject text, chain integer)
      LEFT JOIN ledger_transfer p ON p.id = o.pending AND p.kind = 'pending'
     ORDER BY o.n
$$;

CREATE FUNCTION ledger_write(p_orders ledger_order[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger_transfer (id, kind, ledger, debit_id, credit_id, amount, pending_id, released, expires_at, code, subject)
    SELECT id, kind, ledger, debit_id, credit_id, amount, pending_id, released, expires_at, code, subject
      FROM unnest(p_orders) ORDER BY n
$$;

-- Whether every limited account stays covered after each order of the batch in turn, as the accounts stand now. What others
-- take meanwhile the CHECK sees: it judges the batch by its end, and nobody can look into the middle of a statement.
CREATE FUNCTION ledger_is_covered(p_orders ledger_order[]) RETURNS boolean LANGUAGE sql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
    WITH effect AS MATERIALIZED (
        SELECT o.n, s.account, s.gives, s.takes
          FROM unnest(p_orders) o
         CROSS JOIN LATERAL (SELECT CASE WHEN o.kind = 'pending' THEN o.amount ELSE o.amount - o.released END) set_aside(amount)
         CROSS JOIN LATERAL (SELECT CASE WHEN o.kind IN ('posted', 'post') THEN o.amount ELSE 0 END) arrives(amount)
         CROSS JOIN LATERAL (VALUES
              (o.debit_id, -set_aside.amount, arrives.amount), (o.credit_id, arrives.amount, -set_aside.amount)
         ) s(account, gives, takes)
    ), course AS (
        SELECT account, sum(gives) OVER in_turn AS gives, sum(takes) OVER in_turn AS takes
          FROM effect WINDOW in_turn AS (PARTITION BY account ORDER BY n)
    )
    -- A look-up a row, never a join: the planner takes an array for ten rows and would walk all accounts.
    SELECT NOT EXISTS (SELECT FROM course c WHERE (
        SELECT CASE a.limited WHEN 'debits' THEN a.credits_posted - a.debits_pending - a.debits_posted + c.gives < 0
                              WHEN 'credits' THEN a.debits_posted - a.credits_pending - a.credits_posted + c.takes < 0
                              ELSE false END
          FROM ledger_account a WHERE a.id = c.account))
$$;

CREATE FUNCTION ledger_answer_of(p_constraint text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_constraint
        WHEN 'ledger_account_not_overdrawn' THEN 'overdrawn'
        WHEN 'ledger_transfer_accounts' THEN 'account'
        WHEN 'ledger_transfer_amount' THEN 'amount'
        WHEN 'ledger_transfer_two_accounts' THEN 'same_account'
        WHEN 'ledger_transfer_resolves' THEN 'not_pending'
        WHEN 'ledger_transfer_resolved_once' THEN 'resolved'
        WHEN 'ledger_transfer_in_time' THEN 'expired'
        WHEN 'ledger_transfer_within_pending' THEN 'beyond'
        ELSE 'bad' END
$$;

-- 'exists' or 'conflicts' for what is on file under the id; NULL for what is new.
CREATE FUNCTION ledger_known(o ledger_order) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN (t.kind, t.ledger, t.debit_id, t.credit_id, t.amount, t.pending_id, t.expires_at, t.code, t.subject)
             IS NOT DISTINCT FROM
                (o.kind, o.ledger, o.debit_id, o.credit_id, o.amount, o.pending_id, o.expires_at, o.code, o.subject)
           THEN 'exists' ELSE 'conflicts' END
      FROM ledger_transfer t WHERE t.id = o.id
$$;

-- One chain: its answers, in the order of its links. `p_orders` holds one order each.
CREATE FUNCTION ledger_create_chain(p_orders jsonb[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    size integer := cardinality(p_orders); answers text[] := array_fill('linked'::text, ARRAY[size]);
    o ledger_order; i integer; failed integer; known text; name text;
BEGIN
    BEGIN
        FOR i IN 1 .. size LOOP
            failed := i;
            SELECT * INTO o FROM ledger_orders(jsonb_build_array(p_orders[i]));
            known := ledger_known(o);
            IF known IS NOT NULL THEN
                answers[i] := known;
                CONTINUE;
            END IF;
            PERFORM ledger_write(ARRAY[o]);
            answers[i] := 'ok';
        END LOOP;
        -- Written before as a whole, or new as a whole; a mixture is another chain than the one of then.
        IF answers && '{exists,conflicts}' AND answers <> array_fill('exists'::text, ARRAY[size]) THEN
            RAISE EXCEPTION 'not this chain' USING ERRCODE = 'triggered_action_exception';
        END IF;
        RETURN answers;
    EXCEPTION
        WHEN triggered_action_exception THEN
            RETURN ARRAY(SELECT CASE WHEN a = 'ok' THEN 'linked' ELSE a END FROM unnest(answers) a);
        WHEN not_null_violation THEN
            name := CASE WHEN o.pending_id IS NOT NULL THEN 'ledger_transfer_resolves' ELSE 'ledger_transfer_accounts' END;
        WHEN numeric_value_out_of_range THEN
            name := 'ledger_transfer_amount';
        WHEN integrity_constraint_violation THEN
            GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
    END;
    answers := array_fill('linked'::text, ARRAY[size]);
    answers[failed] := CASE WHEN name = 'ledger_transfer_pkey' THEN 'again' ELSE ledger_answer_of(name) END;
    RETURN answers;
END $$;

CREATE FUNCTION ledger_create_transfers(p_orders jsonb) RETURNS text[] LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    orders ledger_order[] := ARRAY(SELECT o FROM ledger_orders(p_orders) o);
    answers text[] := array_fill('ok'::text, ARRAY[cardinality(orders)]);
    link record; said text[]; tries_left integer; i integer;
BEGIN
    IF ledger_is_covered(orders) THEN
        BEGIN
            PERFORM ledger_write(orders);
            RETURN answers;
        EXCEPTION WHEN integrity_constraint_violation OR numeric_value_out_of_range THEN
            NULL;  -- one by one, then
        END;
    END IF;
    PERFORM FROM ledger_account
      WHERE id IN (SELECT debit_id FROM unnest(orders) UNION SELECT credit_id FROM unnest(orders))
      ORDER BY id FOR NO KEY UPDATE;
    FOR link IN
        SELECT array_agg(o ORDER BY (o ->> 'n')::integer) AS links, array_agg((o ->> 'n')::integer ORDER BY (o ->> 'n')::integer) AS places
          FROM jsonb_array_elements(p_orders) o
         GROUP BY coalesce((o ->> 'chain')::integer, -(o ->> 'n')::integer) ORDER BY min((o ->> 'n')::integer)
    LOOP
        -- Somebody else may be writing the same id at this moment: then it is known at the second look.
        FOR tries_left IN REVERSE 2 .. 0 LOOP
            said := ledger_create_chain(link.links);
            EXIT WHEN NOT 'again' = ANY (said);
        END LOOP;
        FOR i IN 1 .. cardinality(said) LOOP answers[link.places[i]] := said[i]; END LOOP;
    END LOOP;
    RETURN answers;
END $$;

-- Pending transfers past their time give back what they hold. The id follows from the pending one's, so that two sweeps
-- write one void. Returns how many.
CREATE FUNCTION ledger_void_expired(p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE found jsonb; said text[];
BEGIN
    SELECT jsonb_agg(jsonb_build_object('n', n, 'id', md5('expired:' || id)::uuid, 'kind', 'void', 'pending', id,
                                        'code', 'expired', 'subject', subject) ORDER BY n) INTO found
      FROM (SELECT p.id, p.subject, row_number() OVER (ORDER BY p.expires_at, p.seq) AS n
              FROM ledger_transfer p
             WHERE p.kind = 'pending' AND p.expires_at <= statement_timestamp()
               AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.pending_id = p.id)
             ORDER BY p.expires_at, p.seq LIMIT p_limit) due;
    IF found IS NULL THEN RETURN 0; END IF;
    said := ledger_create_transfers(found);
    RETURN (SELECT count(*) FROM unnest(said) a WHERE a = 'ok');
END $$;
