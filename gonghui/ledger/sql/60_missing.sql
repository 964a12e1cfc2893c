-- The chain of 30_create.sql, which answers by the column that is missing: an order without an amount is no unknown account.

-- One chain: its answers, in the order of its links. `p_orders` holds one order each.
CREATE OR REPLACE FUNCTION ledger_create_chain(p_orders jsonb[]) RETURNS text[] LANGUAGE plpgsql AS $$
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
            GET STACKED DIAGNOSTICS name = COLUMN_NAME;
            name := CASE WHEN o.pending_id IS NOT NULL THEN 'ledger_transfer_resolves'
                         WHEN name = 'amount' THEN 'ledger_transfer_amount'
                         WHEN name IN ('debit_id', 'credit_id') THEN 'ledger_transfer_accounts'
                         ELSE 'ledger_transfer_whole' END;
        WHEN numeric_value_out_of_range THEN
            name := 'ledger_transfer_amount';
        WHEN integrity_constraint_violation THEN
            GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
    END;
    answers := array_fill('linked'::text, ARRAY[size]);
    answers[failed] := CASE WHEN name = 'ledger_transfer_pkey' THEN 'again' ELSE ledger_answer_of(name) END;
    RETURN answers;
END $$;
