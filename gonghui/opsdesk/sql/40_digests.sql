-- An issue has exactly five before anybody else looks at it, is published by another than its maker, and then never changes.

CREATE FUNCTION opsdesk_digest_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,reviewer_id,published_at,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('digest_stays', 'an issue stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            PERFORM kit_refuses('digest_way', 'an issue begins as a draft');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('published', 'discarded') AND to_jsonb(NEW) - 'updated_at' IS DISTINCT FROM to_jsonb(OLD) - 'updated_at' THEN
        PERFORM kit_refuses('digest_published_stays', 'a published issue never changes');
    END IF;
    IF to_jsonb(NEW) - moving - 'foreword' IS DISTINCT FROM to_jsonb(OLD) - moving - 'foreword'
       OR (NEW.foreword <> OLD.foreword AND (OLD.state <> 'draft' OR NEW.state <> 'draft')) THEN
        PERFORM kit_refuses('digest_facts', 'the facts of an issue do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>submitted', 'submitted>draft', 'submitted>published', 'draft>discarded']) THEN
        PERFORM kit_refuses('digest_way', format('an issue cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_digest_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_digestissue
    FOR EACH ROW EXECUTE FUNCTION opsdesk_digest_guard();

CREATE FUNCTION opsdesk_digest_five() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE known text := (SELECT i.state FROM opsdesk_digestissue i WHERE i.id = NEW.id);
BEGIN
    IF known IN ('submitted', 'published') AND (SELECT count(*) FROM opsdesk_digestentry e WHERE e.issue_id = NEW.id) <> 5 THEN
        PERFORM kit_refuses('digest_exactly_five', 'an issue has exactly five questions');
    END IF;
    IF known = 'discarded' AND EXISTS (SELECT FROM opsdesk_digestentry e WHERE e.issue_id = NEW.id) THEN
        PERFORM kit_refuses('digest_discarded_empty', 'a discarded issue leaves its answers free');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER opsdesk_digest_five AFTER INSERT OR UPDATE ON opsdesk_digestissue DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION opsdesk_digest_five();

-- Entries are written while the issue is a draft; FOR SHARE, so that none slips in while it is handed on.
CREATE FUNCTION opsdesk_digest_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row_ opsdesk_digestentry := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; issue opsdesk_digestissue;
BEGIN
    SELECT * INTO issue FROM opsdesk_digestissue i WHERE i.id = row_.issue_id FOR SHARE;
    IF issue.state <> 'draft' THEN
        PERFORM kit_refuses('digest_entry_of_a_draft', 'what is under review or published keeps its five');
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.issue_id, NEW.union_id, NEW.answer_id) IS DISTINCT FROM (OLD.issue_id, OLD.union_id, OLD.answer_id)
       OR NEW.union_id <> issue.union_id
       OR NOT EXISTS (SELECT FROM opsdesk_answer a JOIN orgs_union at ON at.id = a.union_id JOIN orgs_union u ON u.id = issue.union_id
                       WHERE a.id = NEW.answer_id AND a.withdrawn_at IS NULL AND starts_with(at.path, u.path)) THEN
        PERFORM kit_refuses('digest_entry_of_its_union', 'an entry is a published answer of the union or below it');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_digest_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_digestentry
    FOR EACH ROW EXECUTE FUNCTION opsdesk_digest_entry_guard();
