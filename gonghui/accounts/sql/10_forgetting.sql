-- As members_person: sealed columns lie beside the secret that opens them.
ALTER TABLE accounts_user ADD CONSTRAINT accounts_user_has_its_secret CHECK (
    row_secret IS NOT NULL
    OR (coalesce(get_byte(phone, 0), 1) = 1 AND coalesce(get_byte(contact_phone, 0), 1) = 1
        AND coalesce(get_byte(totp_secret, 0), 1) = 1));

-- An account given up stays empty and closed; only its sessions may still be counted up.
CREATE FUNCTION accounts_forgotten_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{updated_at,session_epoch}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{updated_at,session_epoch}'::text[] THEN
        PERFORM kit_refuses('accounts_forgotten_stays', 'an account that was given up is not written again');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_forgotten_stays BEFORE UPDATE ON accounts_user
    FOR EACH ROW WHEN (OLD.forgotten_at IS NOT NULL) EXECUTE FUNCTION accounts_forgotten_stays();
