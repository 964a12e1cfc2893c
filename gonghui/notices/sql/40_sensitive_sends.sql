-- A send to a sensitive audience says so, or is none; what it says never changes (notices_send_guard).
CREATE FUNCTION notices_send_sensitive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.is_sensitive AND EXISTS (
        SELECT FROM audiences_audience a WHERE a.id = NEW.audience_id AND a.is_sensitive) THEN
        PERFORM kit_refuses('send_says_what_it_tells', 'a send to a sensitive audience is sensitive');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notices_send_sensitive BEFORE INSERT ON notices_send
    FOR EACH ROW EXECUTE FUNCTION notices_send_sensitive();
