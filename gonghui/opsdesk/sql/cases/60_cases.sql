-- What a case tells never changes, it is judged once, and stays.
CREATE FUNCTION opsdesk_case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,judge_id,officer_id,words,decided_at,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('case_stays', 'a case stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' THEN
            PERFORM kit_refuses('case_way', 'a case begins as submitted');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'submitted' OR to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('case_facts', 'what a case tells does not change, and it is judged once');
    END IF;
    IF NEW.judge_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM orgs_union u JOIN orgs_union j ON starts_with(u.path, j.path)
         WHERE u.id = NEW.union_id AND j.id = NEW.judge_id) THEN
        PERFORM kit_refuses('case_judged_above', 'a case is judged by its union or one above it');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_case_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_caseaward
    FOR EACH ROW EXECUTE FUNCTION opsdesk_case_guard();
