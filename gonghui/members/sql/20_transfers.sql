-- A transfer's facts never change, it goes its ways only, and never without a step in its record; nobody lets themselves go
-- or takes themselves in. Its membership is `transferring` exactly as long as it is open.

CREATE FUNCTION members_transfer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE fixed text[] := '{id,person_id,was,opener_id,document,reason,created_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('members_transfer_stays', 'a transfer stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'opened' OR NOT EXISTS (
            SELECT FROM members_membership m WHERE m.id = NEW.membership_id AND m.person_id = NEW.person_id
               AND m.union_id = NEW.from_union_id AND m.status IN ('active', 'retained', 'transferring')) THEN
            PERFORM kit_refuses('members_transfer_way', 'a transfer begins as opened, of a live membership');
        END IF;
        RETURN NEW;
    END IF;
    IF (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(NEW)) WHERE key = ANY (fixed))
       IS DISTINCT FROM
       (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (fixed))
       OR ((NEW.from_union_id, NEW.membership_id) <> (OLD.from_union_id, OLD.membership_id) AND pg_trigger_depth() < 2)
       OR (OLD.closed_at IS NOT NULL AND to_jsonb(NEW) - '{updated_at,became_id}'::text[]
                                         IS DISTINCT FROM to_jsonb(OLD) - '{updated_at,became_id}'::text[])
       OR (OLD.became_id IS NOT NULL AND NEW.became_id IS DISTINCT FROM OLD.became_id)
       OR (NEW.to_union_id <> OLD.to_union_id AND NEW.state <> OLD.state) THEN
        PERFORM kit_refuses('members_transfer_facts', 'the facts of a transfer do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'opened>released', 'released>accepted', 'opened>refused', 'released>refused', 'opened>cancelled',
        'released>cancelled', 'opened>overtaken', 'released>overtaken']) THEN
        PERFORM kit_refuses('members_transfer_way', format('a transfer cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF EXISTS (SELECT FROM members_person p WHERE p.id = NEW.person_id
                  AND (p.user_id = NEW.releaser_id AND NEW.releaser_id IS DISTINCT FROM OLD.releaser_id
                       OR p.user_id = NEW.decider_id AND NEW.decider_id IS DISTINCT FROM OLD.decider_id)) THEN
        PERFORM kit_refuses('members_transfer_not_by_oneself', 'nobody decides about their own transfer');
    END IF;
    IF NEW.became_id IS DISTINCT FROM OLD.became_id AND NOT EXISTS (
        SELECT FROM members_membership m WHERE m.id = NEW.became_id AND m.person_id = NEW.person_id
           AND m.union_id = NEW.to_union_id AND m.source = 'transfer') THEN
        PERFORM kit_refuses('members_transfer_became', 'it became another membership of the same person, in the new union');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_transfer_guard BEFORE INSERT OR UPDATE OR DELETE ON members_transferrequest
    FOR EACH ROW EXECUTE FUNCTION members_transfer_guard();

-- At the latest when the transaction ends: every state has its step, an accepted one its new membership, an open one a
-- membership on its way.
CREATE FUNCTION members_transfer_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r members_transferrequest;
BEGIN
    SELECT * INTO r FROM members_transferrequest WHERE id = NEW.id;
    IF NOT EXISTS (SELECT FROM members_transferstep s WHERE s.transfer_id = r.id AND s.kind = r.state)
       OR (r.state = 'accepted' AND r.became_id IS NULL) THEN
        PERFORM kit_refuses('members_transfer_said', 'a transfer moves with a step in its record, and becomes a membership');
    END IF;
    IF r.state IN ('opened', 'released') <> EXISTS (
        SELECT FROM members_membership m WHERE m.id = r.membership_id AND m.status = 'transferring')
       AND NOT EXISTS (SELECT FROM members_transferrequest o WHERE o.membership_id = r.membership_id AND o.id > r.id) THEN
        PERFORM kit_refuses('members_transfer_is_on_its_way', 'a membership is transferring as long as its transfer is open');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER members_transfer_whole AFTER INSERT OR UPDATE ON members_transferrequest
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION members_transfer_whole();

CREATE FUNCTION members_on_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM members_membership m WHERE m.id = NEW.id AND m.status = 'transferring')
       AND NOT EXISTS (SELECT FROM members_transferrequest r WHERE r.membership_id = NEW.id
                          AND r.state IN ('opened', 'released')) THEN
        PERFORM kit_refuses('members_transfer_is_on_its_way', 'a membership is transferring by an open transfer alone');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER members_on_its_way AFTER INSERT OR UPDATE OF status ON members_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'transferring') EXECUTE FUNCTION members_on_its_way();

CREATE FUNCTION members_transfer_step_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM members_transferrequest r WHERE r.id = NEW.transfer_id AND (
        r.state = NEW.kind OR NEW.kind IN ('escalated', 'aimed') AND r.state IN ('opened', 'released'))) THEN
        PERFORM kit_refuses('members_transfer_step_of_its_state', 'a step belongs to the state it led to');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_transfer_step_guard BEFORE INSERT ON members_transferstep
    FOR EACH ROW EXECUTE FUNCTION members_transfer_step_guard();
CREATE TRIGGER members_transfer_step_stays BEFORE UPDATE OR DELETE ON members_transferstep
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');

-- What is over does not come back: who joins again begins another membership.
CREATE FUNCTION members_membership_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kit_refuses('members_membership_over', 'a membership that is over stays over');
    RETURN NULL;
END $$;
CREATE TRIGGER members_membership_over BEFORE UPDATE OF status ON members_membership FOR EACH ROW
    WHEN (OLD.status IN ('exited', 'expelled', 'ended') AND NEW.status IN ('active', 'transferring', 'retained'))
    EXECUTE FUNCTION members_membership_over();

-- A roster, a change or a merger may move a member whose transfer is open, by whatever hand: the transfer follows, or is over.
CREATE FUNCTION members_arrives_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'transferring' THEN
        SELECT r.was INTO NEW.status FROM members_transferrequest r
         WHERE r.membership_id = NEW.id AND r.state IN ('opened', 'released') AND r.to_union_id = NEW.union_id;
        NEW.status := coalesce(NEW.status, 'transferring');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_arrives_otherwise BEFORE UPDATE OF union_id ON members_membership FOR EACH ROW
    WHEN (OLD.status = 'transferring' AND NEW.union_id <> OLD.union_id) EXECUTE FUNCTION members_arrives_otherwise();

CREATE FUNCTION members_transfer_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    over bigint;
    goes members_transferrequest;
    moved members_membership;
BEGIN
    IF NEW.status = 'ended' THEN
        -- Its union ended, and the member went with all others into another: the transfer goes on from there, or has arrived.
        SELECT * INTO moved FROM members_membership m
         WHERE m.person_id = NEW.person_id AND m.status = 'transferring' AND m.id <> NEW.id;
        IF FOUND THEN
            UPDATE members_transferrequest r
               SET membership_id = moved.id, from_union_id = moved.union_id, updated_at = now(),
                   desk_id = CASE WHEN r.desk_id = OLD.union_id THEN moved.union_id ELSE r.desk_id END,
                   state = CASE WHEN r.to_union_id = moved.union_id THEN 'overtaken' ELSE r.state END,
                   due_on = CASE WHEN r.to_union_id = moved.union_id THEN NULL ELSE r.due_on END,
                   silence = CASE WHEN r.to_union_id = moved.union_id THEN '' ELSE r.silence END,
                   closed_at = CASE WHEN r.to_union_id = moved.union_id THEN now() ELSE r.closed_at END
             WHERE r.membership_id = NEW.id AND r.state IN ('opened', 'released') RETURNING * INTO goes;
            IF goes.state = 'overtaken' THEN
                INSERT INTO members_transferstep (transfer_id, at, kind, by, words)
                VALUES (goes.id, now(), 'overtaken', 'change', '');
                UPDATE members_membership SET status = goes.was, updated_at = now() WHERE id = moved.id;
            END IF;
            RETURN NULL;
        END IF;
    END IF;
    IF NEW.union_id <> OLD.union_id THEN
        UPDATE members_transferrequest
           SET from_union_id = NEW.union_id, desk_id = CASE WHEN desk_id = OLD.union_id THEN NEW.union_id ELSE desk_id END,
               updated_at = now(),
               state = CASE WHEN to_union_id = NEW.union_id THEN 'overtaken' ELSE state END,
               due_on = CASE WHEN to_union_id = NEW.union_id THEN NULL ELSE due_on END,
               silence = CASE WHEN to_union_id = NEW.union_id THEN '' ELSE silence END,
               closed_at = CASE WHEN to_union_id = NEW.union_id THEN now() ELSE closed_at END
         WHERE membership_id = NEW.id AND state IN ('opened', 'released')
        RETURNING CASE WHEN state = 'overtaken' THEN id END INTO over;
    END IF;
    IF NEW.status <> 'transferring' AND over IS NULL THEN
        UPDATE members_transferrequest
           SET state = 'overtaken', due_on = NULL, silence = '', closed_at = now(), updated_at = now()
         WHERE membership_id = NEW.id AND state IN ('opened', 'released') RETURNING id INTO over;
    END IF;
    IF over IS NOT NULL THEN
        INSERT INTO members_transferstep (transfer_id, at, kind, by, words) VALUES (over, now(), 'overtaken', 'change', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER members_transfer_follows AFTER UPDATE OF status, union_id ON members_membership FOR EACH ROW
    WHEN (OLD.status = 'transferring' AND (NEW.status <> 'transferring' OR NEW.union_id <> OLD.union_id))
    EXECUTE FUNCTION members_transfer_follows();
