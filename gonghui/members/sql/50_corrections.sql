-- 更正申请: nobody decides their own, what was asked stays as it was asked or is emptied, and what is over stays over.
CREATE FUNCTION members_correction_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decider_id IS NOT NULL AND EXISTS (SELECT FROM members_person p WHERE p.id = NEW.person_id AND p.user_id = NEW.decider_id)
       AND (TG_OP = 'INSERT' OR OLD.decider_id IS DISTINCT FROM NEW.decider_id) THEN
        PERFORM kit_refuses('members_correction_guard', 'nobody decides their own');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            PERFORM kit_refuses('members_correction_guard', 'a request begins open');
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.person_id, OLD.parts, OLD.created_at) IS DISTINCT FROM (NEW.person_id, NEW.parts, NEW.created_at) THEN
        PERFORM kit_refuses('members_correction_guard', 'facts of a request never change');
    END IF;
    IF OLD.state <> 'open' AND (OLD.state, OLD.decider_id, OLD.proof, OLD.closed_at) IS DISTINCT FROM
                               (NEW.state, NEW.decider_id, NEW.proof, NEW.closed_at) THEN
        PERFORM kit_refuses('members_correction_guard', 'what was decided stays');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_correction_guard BEFORE INSERT OR UPDATE ON members_correctionrequest
    FOR EACH ROW EXECUTE FUNCTION members_correction_guard();

-- An open request stands with the union its person belongs to: rosters, transfers and mergers all begin another membership.
-- The name comes after members_headcount_came, which holds the person: whoever decides holds the person before the request.
CREATE FUNCTION members_open_corrections_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM members_correctionrequest WHERE state = 'open') THEN
        UPDATE members_correctionrequest c SET union_id = n.union_id, updated_at = now()
          FROM came n
         WHERE c.state = 'open' AND c.person_id = n.person_id AND c.union_id <> n.union_id
           AND n.status IN ('active', 'transferring', 'retained');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER members_open_corrections_follow AFTER INSERT ON members_membership REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_open_corrections_follow();
