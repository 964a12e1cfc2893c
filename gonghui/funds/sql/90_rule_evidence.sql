-- Whoever verifies says what was read; it stays with the verification.
CREATE OR REPLACE FUNCTION funds_rule_facts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{effective_until,is_verified,verified_by_id,evidence,updated_at}';
BEGIN
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
    OR (OLD.effective_until IS NOT NULL AND NEW.effective_until IS DISTINCT FROM OLD.effective_until)
    OR (OLD.evidence <> '' AND (NEW.is_verified, NEW.verified_by_id, NEW.evidence)
                               IS DISTINCT FROM (OLD.is_verified, OLD.verified_by_id, OLD.evidence))
    THEN
        PERFORM kit_refuses('funds_rule_facts', 'a rule is what it was: end it and write another');
    END IF;
    RETURN NEW;
END $$;

UPDATE funds_benefitrule SET evidence = '核实时没有要求写明所见' WHERE is_verified;
