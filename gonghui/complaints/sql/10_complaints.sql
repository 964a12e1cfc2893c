-- A complaint's facts never change, it goes its ways only, and never without a word in its thread; the thread is only added to.

CREATE FUNCTION complaints_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE fixed text[] := '{id,key,bill_id,kind,wanted,created_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('complaint_stays', 'a complaint stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' OR NOT EXISTS (
            SELECT FROM bills_bill b WHERE b.id = NEW.bill_id AND b.state IN ('settled', 'refunded')) THEN
            PERFORM kit_refuses('complaint_way', 'a complaint begins as open, of a bill that was sold');
        END IF;
        RETURN NEW;
    END IF;
    IF (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(NEW)) WHERE key = ANY (fixed))
       IS DISTINCT FROM
       (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (fixed))
       OR (OLD.closed_at IS NOT NULL AND to_jsonb(NEW) - 'updated_at' IS DISTINCT FROM to_jsonb(OLD) - 'updated_at') THEN
        PERFORM kit_refuses('complaint_facts', 'the facts of a complaint do not change');
    END IF;
    IF NEW.refund_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM bills_billrefund r WHERE r.id = NEW.refund_id AND r.bill_id = NEW.bill_id) THEN
        PERFORM kit_refuses('complaint_refund_of_its_bill', 'a refund of another bill');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'open>agreed', 'answered>agreed', 'escalated>agreed', 'open>answered', 'answered>accepted', 'answered>escalated',
        'open>escalated', 'answered>lapsed', 'escalated>upheld', 'escalated>partly', 'escalated>rejected',
        'open>withdrawn', 'answered>withdrawn', 'escalated>withdrawn']) THEN
        PERFORM kit_refuses('complaint_way', format('a complaint cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaints_guard BEFORE INSERT OR UPDATE OR DELETE ON complaints_complaint
    FOR EACH ROW EXECUTE FUNCTION complaints_guard();

-- What is over leaves its lines free for another complaint.
CREATE FUNCTION complaints_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE complaints_complaintline SET is_open = false, updated_at = now() WHERE complaint_id = NEW.id AND is_open;
    RETURN NULL;
END $$;
CREATE TRIGGER complaints_over AFTER UPDATE OF state ON complaints_complaint
    FOR EACH ROW WHEN (NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL) EXECUTE FUNCTION complaints_over();

-- Every state has its word in the thread and at least one line, at the latest when the transaction ends.
CREATE FUNCTION complaints_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM complaints_complaintentry e WHERE e.complaint_id = NEW.id AND e.state = NEW.state)
       OR NOT EXISTS (SELECT FROM complaints_complaintline l WHERE l.complaint_id = NEW.id) THEN
        PERFORM kit_refuses('complaint_said', 'a complaint is of some line and moves with a word in its thread');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complaints_said AFTER INSERT OR UPDATE ON complaints_complaint DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION complaints_said();

CREATE FUNCTION complaints_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{is_open,is_upheld,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('complaint_line_stays', 'a line stays with its complaint');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT NEW.is_open OR NEW.is_upheld IS NOT NULL OR NOT EXISTS (
            SELECT FROM complaints_complaint c JOIN bills_billline l ON l.bill_id = c.bill_id
             WHERE c.id = NEW.complaint_id AND l.id = NEW.line_id
               AND NOT EXISTS (SELECT FROM complaints_complaintentry e WHERE e.complaint_id = c.id)) THEN
            PERFORM kit_refuses('complaint_line_of_its_bill', 'a line is of the bill, and named when the complaint begins');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
       OR (NEW.is_open <> OLD.is_open AND (NEW.is_open OR pg_trigger_depth() < 2))
       OR (NEW.is_upheld IS DISTINCT FROM OLD.is_upheld AND (OLD.is_upheld IS NOT NULL OR NOT OLD.is_open)) THEN
        PERFORM kit_refuses('complaint_line_facts', 'the facts of a line do not change');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaints_line_guard BEFORE INSERT OR UPDATE OR DELETE ON complaints_complaintline
    FOR EACH ROW EXECUTE FUNCTION complaints_line_guard();

CREATE TRIGGER complaints_entry_stays BEFORE UPDATE OR DELETE ON complaints_complaintentry
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');

-- Nothing is added once a complaint is over.
CREATE FUNCTION complaints_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM complaints_complaint c WHERE c.id = NEW.complaint_id AND c.state <> NEW.state) THEN
        PERFORM kit_refuses('complaint_entry_of_its_state', 'a word belongs to the state it led to');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaints_entry_guard BEFORE INSERT ON complaints_complaintentry
    FOR EACH ROW EXECUTE FUNCTION complaints_entry_guard();
