-- A yes stays as it was given; it may stop counting, never come back.

CREATE TRIGGER funds_consent_stays BEFORE DELETE ON funds_consent FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER funds_consent_closes BEFORE UPDATE ON funds_consent FOR EACH ROW
    WHEN (NEW.is_open OR to_jsonb(NEW) - '{is_open,updated_at}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{is_open,updated_at}'::text[])
    EXECUTE FUNCTION kit_row_stays();
