-- A question's facts never change, it goes its ways only, is reopened once, and never moves without a word in its thread.

CREATE FUNCTION opsdesk_question_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,due_on,officer_id,same_as_id,reopened_at,closed_at,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('question_stays', 'a question stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' OR NEW.reopened_at IS NOT NULL THEN
            PERFORM kit_refuses('question_way', 'a question begins as asked');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
       OR (OLD.reopened_at IS NOT NULL AND NEW.reopened_at IS DISTINCT FROM OLD.reopened_at) THEN
        PERFORM kit_refuses('question_facts', 'the facts of a question do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'asked>taken', 'taken>asked', 'taken>asked_back', 'asked_back>taken', 'taken>escalated', 'escalated>fixed',
        'escalated>taken', 'taken>answered', 'fixed>answered', 'answered>confirmed', 'answered>asked',
        'confirmed>digested', 'asked>closed', 'taken>closed', 'asked_back>closed', 'confirmed>closed',
        'digested>closed']) THEN
        PERFORM kit_refuses('question_way', format('a question cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF OLD.state = 'answered' AND NEW.state = 'asked' AND (OLD.reopened_at IS NOT NULL OR NEW.reopened_at IS NULL) THEN
        PERFORM kit_refuses('question_reopened_once', 'a question is reopened once');
    END IF;
    IF NEW.state = 'digested' AND OLD.state <> 'digested' AND NOT EXISTS (
        SELECT FROM opsdesk_digestentry e JOIN opsdesk_answer a ON a.id = e.answer_id WHERE a.question_id = NEW.id) THEN
        PERFORM kit_refuses('question_digested', 'digested is what stands in an issue');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_question_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_question
    FOR EACH ROW EXECUTE FUNCTION opsdesk_question_guard();

-- The last word of the thread led to where the question stands, at the latest when the transaction ends.
CREATE FUNCTION opsdesk_question_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT q.state FROM opsdesk_question q WHERE q.id = NEW.id) IS DISTINCT FROM
       (SELECT e.state FROM opsdesk_questionentry e WHERE e.question_id = NEW.id ORDER BY e.id DESC LIMIT 1) THEN
        PERFORM kit_refuses('question_said', 'a question moves with a word in its thread');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER opsdesk_question_said AFTER INSERT OR UPDATE ON opsdesk_question DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION opsdesk_question_said();

CREATE TRIGGER opsdesk_questionentry_stays BEFORE UPDATE OR DELETE ON opsdesk_questionentry
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');

CREATE FUNCTION opsdesk_question_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM opsdesk_question q WHERE q.id = NEW.question_id AND q.state <> NEW.state) THEN
        PERFORM kit_refuses('question_entry_of_its_state', 'a word belongs to the state it led to');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_question_entry_guard BEFORE INSERT ON opsdesk_questionentry
    FOR EACH ROW EXECUTE FUNCTION opsdesk_question_entry_guard();

-- Published is what was answered, at the asker's union or above it; it moves nowhere, and what was withdrawn stays so.
CREATE FUNCTION opsdesk_answer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('answer_stays', 'a published answer is withdrawn, not deleted');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (
            SELECT FROM opsdesk_question q JOIN orgs_union u ON u.id = q.union_id JOIN orgs_union p ON p.id = NEW.union_id
             WHERE q.id = NEW.question_id AND starts_with(u.path, p.path)
               AND EXISTS (SELECT FROM opsdesk_questionentry e WHERE e.question_id = q.id AND e.state = 'answered')) THEN
            PERFORM kit_refuses('answer_of_an_answered', 'published is an answer given to a question of this union');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.question_id <> OLD.question_id OR NEW.union_id <> OLD.union_id
       OR (OLD.withdrawn_at IS NOT NULL AND to_jsonb(NEW) - 'updated_at' IS DISTINCT FROM to_jsonb(OLD) - 'updated_at') THEN
        PERFORM kit_refuses('answer_facts', 'what was withdrawn stays, and an answer keeps its question and union');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_answer_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_answer
    FOR EACH ROW EXECUTE FUNCTION opsdesk_answer_guard();
