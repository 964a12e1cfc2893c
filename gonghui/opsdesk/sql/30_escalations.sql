-- An escalation goes its ways only; a release note stays as it was published.

CREATE FUNCTION opsdesk_escalation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,due_on,officer_id,note_id,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('escalation_stays', 'an escalation stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'received' THEN
            PERFORM kit_refuses('escalation_way', 'an escalation begins as received');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
       OR (OLD.note_id IS NOT NULL AND NEW.note_id IS DISTINCT FROM OLD.note_id) THEN
        PERFORM kit_refuses('escalation_facts', 'the facts of an escalation do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'received>working', 'received>fixed', 'working>fixed', 'received>returned', 'working>returned', 'fixed>told']) THEN
        PERFORM kit_refuses('escalation_way', format('an escalation cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_escalation_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_escalation
    FOR EACH ROW EXECUTE FUNCTION opsdesk_escalation_guard();

CREATE TRIGGER opsdesk_releasenote_stays BEFORE UPDATE OR DELETE ON opsdesk_releasenote
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
