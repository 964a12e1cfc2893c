"""What guards of tables share: a refusal that names its constraint, and a row that stays as it was written."""

GUARDS_SQL = """
CREATE OR REPLACE FUNCTION kit_refuses(p_constraint text, p_says text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_says USING ERRCODE = 'check_violation', CONSTRAINT = p_constraint;
END $$;

-- Columns named in the argument ('{a,b}') may move, and only from another trigger.
CREATE OR REPLACE FUNCTION kit_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := COALESCE(TG_ARGV[0], '{}');
BEGIN
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
        RETURN NEW;
    END IF;
    PERFORM kit_refuses(TG_TABLE_NAME || '_stays', 'this stays as it was written');
    RETURN NULL;
END $$;
"""
