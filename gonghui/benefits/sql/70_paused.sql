-- A paused release: nobody claims, no seat goes down a line (benefits_promote knows which states it may), nothing is issued. The state
-- is read under the release's lock, so a batch that waited behind the pause is refused whole and one before it stands whole.

CREATE OR REPLACE FUNCTION benefits_refusal(r benefits_release, p benefits_pool, at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT CASE
    WHEN r.state = 'cancelled' THEN 'cancelled'
    WHEN r.state = 'closed' OR at >= coalesce(p.closes_at, r.closes_at) THEN 'closed'
    WHEN r.mode <> 'grab' THEN 'not_grab'
    WHEN r.state = 'paused' THEN 'paused'
    WHEN r.state NOT IN ('announced', 'open') OR at < coalesce(p.opens_at, r.opens_at) THEN 'not_open'
END $$;

-- Grants and packs are issued past clock and state; past a pause nothing is, whoever writes.
CREATE FUNCTION benefits_voucher_unpaused() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT pool_id FROM fresh) f
                 JOIN benefits_pool p ON p.id = f.pool_id JOIN benefits_release r ON r.id = p.release_id
                WHERE r.state = 'paused' AND statement_timestamp() < coalesce(p.closes_at, r.closes_at)) THEN
        PERFORM kit_refuses('benefits_voucher_unpaused', 'a paused release gives nothing');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER benefits_voucher_unpaused AFTER INSERT ON benefits_voucher REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION benefits_voucher_unpaused();

-- The line of a release that ended while it was paused ends with it. Who waited there.
CREATE FUNCTION benefits_end_line(p_pool bigint) RETURNS bigint[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    at timestamptz := statement_timestamp(); waited bigint[];
BEGIN
    PERFORM benefits_lock_pool(p_pool);
    WITH gone AS (
        UPDATE benefits_waitentry SET state = 'lapsed', settled_at = at, updated_at = at
         WHERE pool_id = p_pool AND state = 'waiting' RETURNING person_id
    ) SELECT coalesce(array_agg(person_id), '{}') INTO waited FROM gone;
    PERFORM pg_notify('gonghui_gate', json_build_object('pool', p_pool)::text);
    RETURN waited;
END $$;

-- What a gate keeps in memory, with why it is paused.
DROP FUNCTION benefits_pool_status(bigint[]);
CREATE FUNCTION benefits_pool_status(p_pools bigint[])
RETURNS TABLE (pool_id bigint, release_id bigint, label text, state text, refusal text, opens_at timestamptz,
               closes_at timestamptz, capacity integer, remaining integer, waiting integer, wait_max integer,
               next_serial integer, next_position integer, pause_reason text)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT p.id, r.id, p.label, r.state, benefits_refusal(r, p, statement_timestamp()),
           coalesce(p.opens_at, r.opens_at), coalesce(p.closes_at, r.closes_at), p.capacity, p.remaining,
           (SELECT count(*)::integer FROM benefits_waitentry w WHERE w.pool_id = p.id AND w.state = 'waiting'),
           benefits_wait_max(r, p), p.next_serial, p.next_position, r.pause_reason
      FROM benefits_pool p JOIN benefits_release r ON r.id = p.release_id
     WHERE p.id = ANY (p_pools) AND r.state NOT IN ('draft', 'reviewed')
$$;
