-- What opens only with the secret of the row lies beside that secret; a stale write cannot part the two.
ALTER TABLE members_person ADD CONSTRAINT members_person_has_its_secret CHECK (
    row_secret IS NOT NULL
    OR (coalesce(get_byte(id_no, 0), 1) = 1 AND coalesce(get_byte(phone, 0), 1) = 1));

-- A pseudonym stays one: whoever still held the row as it was cannot write it back.
CREATE FUNCTION members_forgotten_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'updated_at' IS DISTINCT FROM to_jsonb(OLD) - 'updated_at' THEN
        PERFORM kit_refuses('members_forgotten_stays', 'a person who was forgotten is not written again');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_forgotten_stays BEFORE UPDATE ON members_person
    FOR EACH ROW WHEN (OLD.forgotten_at IS NOT NULL) EXECUTE FUNCTION members_forgotten_stays();

CREATE TRIGGER members_tombstone_stays BEFORE UPDATE OR DELETE ON members_forgotten
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
