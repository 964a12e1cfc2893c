-- 柜台受理: what was decided stays, facts never change, and nobody serves themselves.
CREATE FUNCTION members_counter_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM members_person p WHERE p.id = NEW.person_id AND p.user_id IN (NEW.maker_id, NEW.checker_id)) THEN
        PERFORM kit_refuses('members_counter_guard', 'nobody serves themselves');
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.person_id, OLD.union_id, OLD.kind, OLD.maker_id) IS DISTINCT FROM
                            (NEW.person_id, NEW.union_id, NEW.kind, NEW.maker_id) THEN
        PERFORM kit_refuses('members_counter_guard', 'facts of a request never change');
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state <> 'open' AND
       (OLD.state, OLD.checker_id) IS DISTINCT FROM (NEW.state, NEW.checker_id) THEN
        PERFORM kit_refuses('members_counter_guard', 'what was decided stays');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_counter_guard BEFORE INSERT OR UPDATE ON members_counterrequest
    FOR EACH ROW EXECUTE FUNCTION members_counter_guard();
