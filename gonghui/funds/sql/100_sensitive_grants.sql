-- Points for a sensitive audience, or for a worker group of hardship, say so, or are none; what they say never changes.
UPDATE funds_pointgrant g SET is_sensitive = true
 WHERE EXISTS (SELECT FROM audiences_audience a WHERE a.id = g.audience_id AND a.is_sensitive)
    OR EXISTS (SELECT FROM members_workergroup w WHERE w.code = ANY (g.audience_groups) AND w.kind = 'hardship');

CREATE FUNCTION funds_grant_sensitive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.is_sensitive AND NOT NEW.is_sensitive THEN
        PERFORM kit_refuses('grant_says_what_it_tells', 'a grant that tells of sensitive data does so for good');
    END IF;
    IF NOT NEW.is_sensitive AND (
        EXISTS (SELECT FROM audiences_audience a WHERE a.id = NEW.audience_id AND a.is_sensitive)
        OR EXISTS (SELECT FROM members_workergroup w WHERE w.code = ANY (NEW.audience_groups) AND w.kind = 'hardship')) THEN
        PERFORM kit_refuses('grant_says_what_it_tells', 'a grant to a sensitive audience is sensitive');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER funds_grant_sensitive BEFORE INSERT OR UPDATE OF is_sensitive, audience_id, audience_groups ON funds_pointgrant
    FOR EACH ROW EXECUTE FUNCTION funds_grant_sensitive();
