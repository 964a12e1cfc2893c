-- A code in use is not given out again. There are 2.75 × 10^10: among a hundred million tickets every 275th draw is one of theirs, which
-- would fail a batch of 250 more often than not. Two transactions that draw the same one at once are left to the index and the next try.
CREATE OR REPLACE FUNCTION benefits_new_code() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    drawn text;
BEGIN
    LOOP
        -- 48 random bits of a v4 uuid: its first six bytes are free of fixed ones.
        drawn := benefits_code_of(('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint);
        IF NOT EXISTS (SELECT FROM benefits_voucher WHERE code = drawn) THEN
            RETURN drawn;
        END IF;
    END LOOP;
END $$;
