-- A code of the register (GB 32100) fits by its last character, or stands there with its evidence.

CREATE FUNCTION orgs_code_fits(code text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters CONSTANT text := '0123456789ABCDEFGHJKLMNPQRTUWXY';  -- without I, O, S, V, Z
    weights CONSTANT int[] := '{1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28}';  -- 3^(i-1) mod 31
    total int := 0;
BEGIN
    IF code !~ '^[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}$' THEN
        RETURN false;
    END IF;
    FOR i IN 1..17 LOOP
        total := total + (strpos(letters, substr(code, i, 1)) - 1) * weights[i];
    END LOOP;
    RETURN substr(code, 18, 1) = substr(letters, (31 - total % 31) % 31 + 1, 1);
END $$;

CREATE FUNCTION orgs_is_evidenced(document text, reason text, by_id bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT document <> '' AND reason <> '' AND by_id IS NOT NULL $$;

ALTER TABLE orgs_unionregistration ADD CONSTRAINT registration_codes_fit CHECK (
    state IN ('draft', 'withdrawn')
    OR (uscc = '' OR orgs_code_fits(uscc)) AND (employer_uscc = '' OR orgs_code_fits(employer_uscc))
    OR orgs_is_evidenced(code_document, code_reason, code_by_id)
);

-- By trigger, on the code alone: a code written before this rule stays until somebody writes another.
CREATE FUNCTION orgs_code_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT orgs_code_fits(NEW.uscc) AND NOT orgs_is_evidenced(NEW.code_document, NEW.code_reason, NEW.code_by_id) THEN
        PERFORM kit_refuses(TG_TABLE_NAME || '_code_fits', 'the last character does not fit and nothing is shown for it');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER orgs_code_guard BEFORE INSERT OR UPDATE OF uscc, code_document, code_reason, code_by_id ON orgs_union
    FOR EACH ROW WHEN (NEW.uscc IS NOT NULL) EXECUTE FUNCTION orgs_code_guard();

CREATE TRIGGER orgs_code_guard BEFORE INSERT OR UPDATE OF uscc, code_document, code_reason, code_by_id ON orgs_employer
    FOR EACH ROW WHEN (NEW.uscc IS NOT NULL) EXECUTE FUNCTION orgs_code_guard();
