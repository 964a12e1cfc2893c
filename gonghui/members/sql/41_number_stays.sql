CREATE FUNCTION members_number_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kit_refuses('members_number_stays', 'a person keeps their number');
    RETURN NULL;
END $$;
CREATE TRIGGER members_number_stays BEFORE UPDATE OF number ON members_person FOR EACH ROW
    WHEN (NEW.number IS DISTINCT FROM OLD.number) EXECUTE FUNCTION members_number_stays();
