-- An application goes its ways only, never without a step in its thread, and its facts rest while somebody reviews them; what was
-- approved or withdrawn is over for good, but that a forgotten person's columns are emptied. The thread is only added to.

CREATE FUNCTION joining_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fixed text[] := '{id,channel,entered_by_id,created_at,poster_id,invitation_code}';
    facts text[] := '{union_id,region_code,name,id_type,id_no,id_index,phone,phone_index,group,employer,consent_version,agreed_how,form_no}';
    personal text[] := '{user_id,name,pinyin,grams,id_no,id_index,phone,phone_index,employer,updated_at}';
    was jsonb := to_jsonb(OLD);
    is_now jsonb := to_jsonb(NEW);
    handed_on text[] := '{}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN
            RETURN OLD;
        END IF;
        PERFORM kit_refuses('join_stays', 'an application stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            PERFORM kit_refuses('join_way', 'an application begins as a draft');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('approved', 'withdrawn')
       AND (is_now - personal IS DISTINCT FROM was - personal OR NEW.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id
            OR NEW.id_no IS NOT NULL AND NEW.id_no IS DISTINCT FROM OLD.id_no
            OR NEW.phone IS NOT NULL AND NEW.phone IS DISTINCT FROM OLD.phone) THEN
        PERFORM kit_refuses('join_over', 'what was approved or withdrawn is over');
    END IF;
    IF (SELECT jsonb_object_agg(key, value) FROM jsonb_each(is_now) WHERE key = ANY (fixed))
       IS DISTINCT FROM (SELECT jsonb_object_agg(key, value) FROM jsonb_each(was) WHERE key = ANY (fixed)) THEN
        PERFORM kit_refuses('join_facts', 'who began it, by which channel and with which code does not change');
    END IF;
    IF NEW.state = 'submitted' THEN
        handed_on := '{union_id,region_code}';  -- a reviewer hands it on to the union it belongs to
    END IF;
    IF OLD.state = 'under_review'
       AND (SELECT jsonb_object_agg(key, value) FROM jsonb_each(is_now - handed_on) WHERE key = ANY (facts))
           IS DISTINCT FROM (SELECT jsonb_object_agg(key, value) FROM jsonb_each(was - handed_on) WHERE key = ANY (facts)) THEN
        PERFORM kit_refuses('join_facts', 'facts rest while they are reviewed');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>submitted', 'needs_info>submitted', 'rejected>submitted', 'under_review>submitted', 'submitted>under_review',
        'under_review>needs_info', 'under_review>approved', 'under_review>rejected',
        'draft>withdrawn', 'submitted>withdrawn', 'under_review>withdrawn', 'needs_info>withdrawn']) THEN
        PERFORM kit_refuses('join_way', format('an application cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
        SELECT FROM members_membership m WHERE m.id = NEW.membership_id AND m.person_id = NEW.person_id
           AND m.union_id = NEW.union_id) THEN
        PERFORM kit_refuses('join_membership_of_it', 'the membership is of this person in this union');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER joining_guard BEFORE INSERT OR UPDATE OR DELETE ON joining_joinapplication
    FOR EACH ROW EXECUTE FUNCTION joining_guard();

-- Every move has its step in the thread, at the latest when the transaction ends.
CREATE FUNCTION joining_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT e.state FROM joining_joinentry e WHERE e.application_id = NEW.id ORDER BY e.id DESC LIMIT 1)
       IS DISTINCT FROM (SELECT a.state FROM joining_joinapplication a WHERE a.id = NEW.id) THEN
        PERFORM kit_refuses('join_said', 'an application moves with a step in its thread');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER joining_said AFTER UPDATE OF state ON joining_joinapplication DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION joining_said();

CREATE TRIGGER joining_entry_stays BEFORE UPDATE OR DELETE ON joining_joinentry
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
