-- A template begins as a draft, a send as waiting or proposed; a send paused before its time waits for it again.
CREATE OR REPLACE FUNCTION notices_template_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,checker_id,answer,updated_at}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'draft' AND NEW.checker_id IS NULL THEN RETURN NEW; END IF;
        PERFORM kit_refuses('template_way', 'a template begins as a draft');
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN RETURN OLD; END IF;
        PERFORM kit_refuses('template_stays', 'a template that was reviewed stays');
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('template_as_reviewed', 'the words of a template stay as they were reviewed');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>submitted', 'submitted>draft', 'submitted>approved', 'submitted>refused', 'approved>retired']) THEN
        PERFORM kit_refuses('template_way', format('a template cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF OLD.checker_id IS NOT NULL AND NEW.checker_id IS DISTINCT FROM OLD.checker_id THEN
        PERFORM kit_refuses('template_checker_stays', 'who reviewed it stays on record');
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER notices_template_guard BEFORE INSERT OR UPDATE OR DELETE ON notices_template
    FOR EACH ROW EXECUTE FUNCTION notices_template_guard();

CREATE OR REPLACE FUNCTION notices_send_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,recipients,checker_id,decided_at,answer,updated_at}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.template_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM notices_template t WHERE t.id = NEW.template_id AND t.state = 'approved') THEN
            PERFORM kit_refuses('send_of_a_reviewed_template', 'a send uses a template that was reviewed');
        END IF;
        IF NEW.state NOT IN ('waiting', 'proposed') OR NEW.needs_two <> (NEW.state = 'proposed') OR NEW.checker_id IS NOT NULL THEN
            PERFORM kit_refuses('send_way', 'a send begins as waiting, or as proposed where a second person looks first');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('send_facts', 'what was sent to whom does not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'proposed>waiting', 'proposed>declined', 'proposed>stopped', 'waiting>sending', 'waiting>done', 'waiting>paused',
        'waiting>stopped', 'sending>paused', 'sending>done', 'sending>stopped', 'paused>sending', 'paused>waiting', 'paused>stopped',
        'done>sending']) THEN
        PERFORM kit_refuses('send_way', format('a send cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF OLD.checker_id IS NOT NULL AND NEW.checker_id IS DISTINCT FROM OLD.checker_id THEN
        PERFORM kit_refuses('send_checker_stays', 'who released it stays on record');
    END IF;
    RETURN NEW;
END $$;
