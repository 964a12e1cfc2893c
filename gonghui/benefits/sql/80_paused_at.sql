-- Since when a release is paused: noted by the database when it comes to be, gone when it goes on, whoever writes.
CREATE FUNCTION benefits_release_paused_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'paused' THEN
        NEW.paused_at := NULL;
    ELSIF TG_OP = 'INSERT' OR OLD.state <> 'paused' THEN
        NEW.paused_at := statement_timestamp();
    ELSE
        NEW.paused_at := OLD.paused_at;
    END IF;
    RETURN NEW;
END $$;

-- What is paused at this moment was last written when it was paused, or later.
UPDATE benefits_release SET paused_at = updated_at WHERE state = 'paused';

CREATE TRIGGER benefits_release_paused_at BEFORE INSERT OR UPDATE OF state, paused_at ON benefits_release
    FOR EACH ROW EXECUTE FUNCTION benefits_release_paused_at();
