-- What was published stays word for word; what was promised cannot be exchanged before it is revealed.

CREATE FUNCTION benefits_draw_page_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a published draw page stays' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.draw_id <> OLD.draw_id OR NEW.announced IS DISTINCT FROM OLD.announced
       OR (OLD.closed IS NOT NULL AND NEW.closed IS DISTINCT FROM OLD.closed)
       OR (OLD.drawn IS NOT NULL AND NEW.drawn IS DISTINCT FROM OLD.drawn) THEN
        RAISE EXCEPTION 'a published stage of a draw does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER benefits_draw_page_guard BEFORE UPDATE OR DELETE ON benefits_drawpage
    FOR EACH ROW EXECUTE FUNCTION benefits_draw_page_guard();

-- From the announcement on: no other seed, no other hash. (Rotation reseals the bytes; the hash tells whether the seed is
-- the same, and a draw from another seed is refused where it is drawn.)
CREATE FUNCTION benefits_draw_promise_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM benefits_drawpage WHERE draw_id = OLD.id) THEN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'an announced draw stays' USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.pool_id, NEW.release_id, NEW.seed_hash) IS DISTINCT FROM (OLD.pool_id, OLD.release_id, OLD.seed_hash) THEN
            RAISE EXCEPTION 'an announced seed does not change' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER benefits_draw_promise_guard BEFORE UPDATE OR DELETE ON benefits_draw
    FOR EACH ROW EXECUTE FUNCTION benefits_draw_promise_guard();

-- The number of places is part of the announcement.
CREATE FUNCTION benefits_drawn_pool_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.capacity <> OLD.capacity AND EXISTS (
        SELECT FROM benefits_draw d JOIN benefits_drawpage g ON g.draw_id = d.id
         WHERE d.pool_id = NEW.id AND d.state IN ('configured', 'published'))
    THEN
        RAISE EXCEPTION 'the places of an announced draw do not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER benefits_drawn_pool_guard BEFORE UPDATE OF capacity ON benefits_pool
    FOR EACH ROW EXECUTE FUNCTION benefits_drawn_pool_guard();

CREATE FUNCTION benefits_draw_terms_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM benefits_drawpage g JOIN benefits_draw d ON d.id = g.draw_id
                WHERE d.release_id = OLD.release_id) THEN
        RAISE EXCEPTION 'the terms of an announced draw do not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER benefits_draw_terms_guard BEFORE UPDATE OR DELETE ON benefits_drawterms
    FOR EACH ROW EXECUTE FUNCTION benefits_draw_terms_guard();

-- Those who were not drawn wait in the order drawn. Locks in the order of 30_claims.sql; the same key twice is one place.
CREATE FUNCTION benefits_line_up(
    p_pool bigint, p_persons bigint[], p_booked_by bigint[], p_seats integer[], p_keys uuid[]
) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    locked record; r benefits_release; p benefits_pool; room integer; lined_up integer;
BEGIN
    locked := benefits_lock_pool(p_pool);
    r := locked.release; p := locked.pool;
    room := benefits_wait_max(r, p) - (SELECT count(*) FROM benefits_waitentry WHERE pool_id = p_pool AND state = 'waiting');
    INSERT INTO benefits_waitentry (pool_id, release_id, person_id, booked_by_id, seats, position, claim_key, state)
    SELECT p_pool, r.id, person, booked_by, seats, p.next_position - 1 + row_number() OVER (ORDER BY n), key, 'waiting'
      FROM (SELECT * FROM unnest(p_persons, p_booked_by, p_seats, p_keys)
                     WITH ORDINALITY AS t(person, booked_by, seats, key, n)
             WHERE t.seats <= p.capacity
               AND NOT EXISTS (SELECT FROM benefits_waitentry w WHERE w.claim_key = t.key)
               AND NOT EXISTS (SELECT FROM benefits_waitentry w WHERE w.release_id = r.id AND w.person_id = t.person
                                  AND w.pool_id = p_pool AND w.state = 'waiting')
             ORDER BY n LIMIT greatest(room, 0)) chosen;
    GET DIAGNOSTICS lined_up = ROW_COUNT;
    UPDATE benefits_pool SET next_position = p.next_position + lined_up WHERE id = p_pool;
    RETURN lined_up;
END $$;

-- A pool stops taking claims and its waiting list ends: a session called off, a draw voided. Returns who waited.
CREATE FUNCTION benefits_shut_pool(p_pool bigint) RETURNS bigint[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    at timestamptz := statement_timestamp(); locked record; p benefits_pool; waited bigint[];
BEGIN
    locked := benefits_lock_pool(p_pool);
    p := locked.pool;
    IF p.closes_at IS NULL OR p.closes_at > at THEN
        UPDATE benefits_pool SET closes_at = at, opens_at = CASE WHEN p.opens_at < at THEN p.opens_at END WHERE id = p_pool;
    END IF;
    WITH gone AS (
        UPDATE benefits_waitentry SET state = 'lapsed', settled_at = at, updated_at = at
         WHERE pool_id = p_pool AND state = 'waiting' RETURNING person_id
    ) SELECT coalesce(array_agg(person_id), '{}') INTO waited FROM gone;
    RETURN waited;
END $$;
