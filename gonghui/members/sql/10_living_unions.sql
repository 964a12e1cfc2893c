-- Nobody belongs to a union that has ended: a live membership is never written into one, and none ends that has some.

-- Held until the transaction ends: whoever ends the union waits for us, or we see that it is over.
CREATE FUNCTION members_union_lives(p_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE held record;
BEGIN
    FOR held IN SELECT id, status FROM orgs_union WHERE id = ANY (p_ids) ORDER BY id FOR KEY SHARE LOOP
        IF held.status IN ('merged', 'dissolved') THEN
            PERFORM kit_refuses('membership_in_a_living_union', 'this union has ended and takes nobody');
        END IF;
    END LOOP;
END $$;

-- Once a statement: a roster brings two thousand at a time into a handful of unions.
CREATE FUNCTION members_joined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_union_lives(ARRAY(
        SELECT DISTINCT union_id FROM joined WHERE status IN ('active', 'transferring', 'retained')));
    RETURN NULL;
END $$;

CREATE TRIGGER members_joined AFTER INSERT ON members_membership
    REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION members_joined();

CREATE FUNCTION members_revived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_union_lives(ARRAY[NEW.union_id]);
    RETURN NULL;
END $$;

CREATE TRIGGER members_revived AFTER UPDATE OF status, union_id ON members_membership FOR EACH ROW
    WHEN (NEW.status IN ('active', 'transferring', 'retained')
          AND (OLD.status NOT IN ('active', 'transferring', 'retained') OR OLD.union_id <> NEW.union_id))
    EXECUTE FUNCTION members_revived();

CREATE FUNCTION members_all_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM members_membership
                WHERE union_id = NEW.id AND status IN ('active', 'transferring', 'retained')) THEN
        PERFORM kit_refuses('union_ends_without_members', 'members still belong to this union');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER members_all_gone AFTER UPDATE OF status ON orgs_union FOR EACH ROW
    WHEN (NEW.status IN ('merged', 'dissolved') AND OLD.status NOT IN ('merged', 'dissolved'))
    EXECUTE FUNCTION members_all_gone();
