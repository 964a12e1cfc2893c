-- The claim engine. Everything that takes or gives back a seat runs here, under one lock per release.
--
-- Lock order, for every function: release row → pool row → vouchers → waiting list. A person's limit counts across
-- the pools of a release, so the release is what must not be decided twice at once; batches of many claims make
-- the lock cheap (docs/decisions/0003-claim-engine.md).
--
-- The planner must keep to the indexes even where statistics date from an empty table, hence SET enable_seqscan.

-- A row type, so that the functions below agree on what a claim is answered with.
CREATE TYPE benefits_answer AS (
    n integer, answer text, code text, serial integer, place integer, remaining integer, voucher_id bigint,
    state text  -- of that voucher
);

-- Why a new claim is refused whatever is left; NULL where claims are welcome.
CREATE FUNCTION benefits_refusal(r benefits_release, p benefits_pool, at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT CASE
    WHEN r.state = 'cancelled' THEN 'cancelled'
    WHEN r.state = 'closed' OR at >= coalesce(p.closes_at, r.closes_at) THEN 'closed'
    WHEN r.mode <> 'grab' THEN 'not_grab'
    WHEN r.state NOT IN ('announced', 'open') OR at < coalesce(p.opens_at, r.opens_at) THEN 'not_open'
END $$;

CREATE FUNCTION benefits_wait_max(r benefits_release, p benefits_pool) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(r.waitlist_max, p.capacity) $$;

-- The locks, in order. The pool is read after both are held.
CREATE FUNCTION benefits_lock_pool(p_pool bigint, OUT release benefits_release, OUT pool benefits_pool)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT r.* INTO release FROM benefits_release r
     WHERE r.id = (SELECT release_id FROM benefits_pool WHERE id = p_pool) FOR NO KEY UPDATE;
    SELECT p.* INTO pool FROM benefits_pool p WHERE p.id = p_pool FOR NO KEY UPDATE;
END $$;

-- 1-based place in the line.
CREATE FUNCTION benefits_place(p_pool bigint, p_position integer) RETURNS integer
LANGUAGE sql STABLE AS $$
    SELECT count(*)::integer FROM benefits_waitentry
     WHERE pool_id = p_pool AND state = 'waiting' AND position <= p_position
$$;

-- A held ticket has a time to be confirmed in; parties whose companions must be named are held as well.
CREATE FUNCTION benefits_confirm_by(r benefits_release, p_seats integer, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN r.confirm_within_s > 0 THEN at + make_interval(secs => r.confirm_within_s)
    WHEN r.names_required AND p_seats > 1 THEN at + interval '15 minutes'
END $$;

-- The lowest ticket number a person does not hold.
CREATE FUNCTION benefits_free_slot(mask integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE slot integer := 0;
BEGIN
    WHILE mask & (1 << slot) <> 0 LOOP slot := slot + 1; END LOOP;
    RETURN slot;
END $$;

-- Claims in order of arrival, each with what is on file about its key and its person. `used` is the voucher of this key,
-- `asked` the waiting entry; `same_*` the number of the claim before it in this batch with the same key or person.
CREATE FUNCTION benefits_claim_facts(
    p_release bigint, p_pool bigint, p_persons bigint[], p_seats integer[], p_keys uuid[], p_waits boolean[]
) RETURNS TABLE (n integer, person bigint, seats integer, wait boolean, same_key integer, same_person integer,
                 foreign_key boolean, used_id bigint, used_code text, used_serial integer, used_state text,
                 asked_state text, held_mask integer, line_position integer)
LANGUAGE sql STABLE AS $$
    WITH claim AS MATERIALIZED (
        SELECT t.n::integer, t.person, t.seats, t.key, t.wait,
               lag(t.n::integer) OVER (PARTITION BY t.key, t.person ORDER BY t.n) AS same_key,
               lag(t.n::integer) OVER (PARTITION BY t.person ORDER BY t.n) AS same_person,
               first_value(t.person) OVER (PARTITION BY t.key ORDER BY t.n) <> t.person AS foreign_key
          FROM unnest(p_persons, p_seats, p_keys, p_waits) WITH ORDINALITY AS t(person, seats, key, wait, n)
    )
    SELECT claim.n, claim.person, claim.seats, claim.wait, same_key, same_person,
           foreign_key OR coalesce((used.person_id, used.pool_id) <> (person, p_pool), false)
                       OR coalesce((asked.person_id, asked.pool_id) <> (person, p_pool), false),
           used.id, used.code, used.serial, used.state, asked.state, held.mask, inline.position
      FROM claim
      LEFT JOIN benefits_voucher used ON used.claim_key = key
      LEFT JOIN benefits_waitentry asked ON asked.claim_key = key
      LEFT JOIN LATERAL (
            SELECT bit_or(1 << v.nth) AS mask FROM benefits_voucher v
             WHERE v.release_id = p_release AND v.person_id = person
               AND v.state NOT IN ('returned', 'expired', 'voided')
      ) held ON true
      LEFT JOIN benefits_waitentry inline
             ON inline.release_id = p_release AND inline.person_id = person AND inline.pool_id = p_pool
            AND inline.state = 'waiting'
$$;

-- Settles claims in the order of the arrays; one row each, in that order:
--   won      a voucher (code, serial); the same key again gets the same answer
--   already  the person has as many tickets of this release as they may (code of the latest)
--   waiting  on the waiting list (place); a party that does not fit waits, a smaller one behind it may still win
--   sold_out not enough left (remaining says how many) and no room on the waiting list, or none wanted
--   spent    this key was used and its ticket or place has been given up since
--   too_many the party is larger than the release allows
--   key_conflict  the key belongs to somebody else's claim
--   not_open, closed, cancelled, not_grab, unknown
-- With p_issue (grants, draws) clock, state and mode are set aside and nobody is put on the waiting list.
CREATE FUNCTION benefits_claim_batch(
    p_pool bigint, p_persons bigint[], p_booked_by bigint[], p_seats integer[], p_keys uuid[], p_waits boolean[],
    p_issue boolean DEFAULT false
) RETURNS SETOF benefits_answer
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    at timestamptz := statement_timestamp();
    locked record; r benefits_release; p benefits_pool; c record; v benefits_voucher;
    refusal text; waiting integer; wait_max integer;
    size integer := cardinality(p_persons);
    nothing integer[] := array_fill(NULL::integer, ARRAY[size]);
    -- The answers, by number of the claim.
    answers text[] := array_fill(NULL::text, ARRAY[size]);
    codes text[] := answers; states text[] := answers;
    ids bigint[] := nothing; serials integer[] := nothing; places integer[] := nothing; lefts integer[] := nothing;
    copies integer[] := nothing;     -- the earlier claim of this batch whose ticket this one is about
    -- What the next claim of the same person must know.
    masks integer[] := nothing;      -- bit i: they hold their i-th ticket
    lines integer[] := nothing;      -- their place in the line
    -- What is to be written.
    won integer[] := '{}'; won_nth integer[] := '{}'; made bigint[];
    queued integer[] := '{}'; queued_at integer[] := '{}';
    sated bigint[] := '{}';          -- persons who may have no more: their places in the lines of this release go
    mask integer; line integer; slot integer;
BEGIN
    locked := benefits_lock_pool(p_pool);
    r := locked.release; p := locked.pool;
    IF p.id IS NULL THEN
        RETURN QUERY SELECT i, 'unknown', NULL::text, NULL::integer, NULL::integer, NULL::integer, NULL::bigint,
                            NULL::text FROM generate_series(1, size) i;
        RETURN;
    END IF;
    refusal := CASE WHEN NOT p_issue THEN benefits_refusal(r, p, at) END;
    wait_max := CASE WHEN p_issue THEN 0 ELSE benefits_wait_max(r, p) END;
    waiting := (SELECT count(*) FROM benefits_waitentry WHERE pool_id = p_pool AND state = 'waiting');

    FOR c IN
        SELECT * FROM benefits_claim_facts(r.id, p_pool, p_persons, p_seats, p_keys, p_waits) f ORDER BY f.n
    LOOP
        mask := coalesce(masks[c.same_person], c.held_mask, 0);
        line := coalesce(lines[c.same_person], CASE WHEN c.line_position IS NOT NULL
                                                    THEN benefits_place(p_pool, c.line_position) END);
        IF c.foreign_key THEN
            answers[c.n] := 'key_conflict';
        ELSIF c.same_key IS NOT NULL THEN
            answers[c.n] := answers[c.same_key];
            places[c.n] := places[c.same_key];
            copies[c.n] := coalesce(copies[c.same_key], c.same_key);
        ELSIF c.used_id IS NOT NULL THEN
            answers[c.n] := CASE WHEN benefits_is_live(c.used_state) THEN 'won' ELSE 'spent' END;
            ids[c.n] := c.used_id; codes[c.n] := c.used_code; serials[c.n] := c.used_serial; states[c.n] := c.used_state;
        ELSIF c.asked_state IS NOT NULL THEN
            answers[c.n] := CASE WHEN c.asked_state = 'waiting' THEN 'waiting' ELSE 'spent' END;
            places[c.n] := CASE WHEN c.asked_state = 'waiting' THEN line END;
        ELSIF bit_count(mask::bit(32)) >= r.per_person THEN
            answers[c.n] := 'already';
            -- Their latest: won a moment ago in this batch, or the newest on file.
            copies[c.n] := (SELECT max(i) FROM unnest(won) i WHERE p_persons[i] = c.person);
            IF copies[c.n] IS NULL THEN
                SELECT * INTO v FROM benefits_voucher
                 WHERE release_id = r.id AND person_id = c.person
                   AND state NOT IN ('returned', 'expired', 'voided') ORDER BY id DESC LIMIT 1;
                ids[c.n] := v.id; codes[c.n] := v.code; serials[c.n] := v.serial; states[c.n] := v.state;
            END IF;
        ELSIF refusal IS NOT NULL THEN
            answers[c.n] := refusal;
        ELSIF c.seats NOT BETWEEN 1 AND r.party_max THEN
            answers[c.n] := 'too_many';
        ELSIF c.seats <= p.remaining THEN
            answers[c.n] := 'won';
            slot := benefits_free_slot(mask);
            mask := mask | (1 << slot);
            IF bit_count(mask::bit(32)) >= r.per_person THEN sated := sated || c.person; END IF;
            won := won || c.n;
            won_nth := won_nth || slot;
            codes[c.n] := benefits_new_code();
            states[c.n] := CASE WHEN benefits_confirm_by(r, c.seats, at) IS NULL THEN 'confirmed' ELSE 'held' END;
            serials[c.n] := p.next_serial;
            p.next_serial := p.next_serial + 1;
            p.remaining := p.remaining - c.seats;
        ELSIF line IS NOT NULL THEN
            answers[c.n] := 'waiting';
            places[c.n] := line;
        ELSIF c.wait AND waiting < wait_max AND c.seats <= p.capacity THEN
            answers[c.n] := 'waiting';
            waiting := waiting + 1;
            line := waiting;
            places[c.n] := line;
            queued := queued || c.n;
            queued_at := queued_at || p.next_position;
            p.next_position := p.next_position + 1;
        ELSE
            answers[c.n] := 'sold_out';
        END IF;
        masks[c.n] := mask;
        lines[c.n] := line;
        lefts[c.n] := p.remaining;
    END LOOP;

    IF won <> '{}' THEN
        WITH fresh AS (
            INSERT INTO benefits_voucher (pool_id, release_id, person_id, booked_by_id, nth, seats, code, serial,
                                          claim_key, from_waitlist, state, claimed_at, confirm_by)
            SELECT p_pool, r.id, p_persons[i], p_booked_by[i], t.nth, p_seats[i], codes[i], serials[i], p_keys[i], false,
                   states[i], at, benefits_confirm_by(r, p_seats[i], at)
              FROM unnest(won, won_nth) AS t(i, nth)
            RETURNING id, serial
        )
        SELECT array_agg(id ORDER BY serial) INTO made FROM fresh;
        FOR i IN 1..cardinality(won) LOOP ids[won[i]] := made[i]; END LOOP;
    END IF;
    IF queued <> '{}' THEN
        INSERT INTO benefits_waitentry (pool_id, release_id, person_id, booked_by_id, seats, position, claim_key, state)
        SELECT p_pool, r.id, p_persons[i], p_booked_by[i], p_seats[i], position, p_keys[i], 'waiting'
          FROM unnest(queued, queued_at) AS t(i, position);
    END IF;
    IF won <> '{}' OR queued <> '{}' THEN
        UPDATE benefits_pool SET next_serial = p.next_serial, next_position = p.next_position WHERE id = p_pool;
    END IF;
    IF sated <> '{}' THEN
        UPDATE benefits_waitentry SET state = 'lapsed', settled_at = at
         WHERE release_id = r.id AND person_id = ANY (sated) AND state = 'waiting';
    END IF;
    RETURN QUERY SELECT i, answers[i], codes[k], serials[k], places[i], lefts[i], ids[k], states[k]
                   FROM generate_series(1, size) i, LATERAL (SELECT coalesce(copies[i], i) AS k) x;
END $$;

-- Seats that came back go down the line: the first whose party fits, until nothing fits. The locks are held already.
CREATE FUNCTION benefits_promote(r benefits_release, p_pool bigint, at timestamptz)
RETURNS TABLE (voucher_id bigint, person_id bigint, code text)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    p benefits_pool; w benefits_waitentry; due timestamptz; mask integer;
BEGIN
    LOOP
        SELECT * INTO p FROM benefits_pool WHERE id = p_pool;
        EXIT WHEN p.remaining = 0 OR r.state NOT IN ('announced', 'open', 'closed')
               OR at >= coalesce(p.valid_until, p.closes_at, r.closes_at);
        SELECT * INTO w FROM benefits_waitentry
         WHERE pool_id = p_pool AND state = 'waiting' AND seats <= p.remaining ORDER BY position LIMIT 1;
        EXIT WHEN NOT FOUND;
        mask := coalesce((SELECT bit_or(1 << v.nth) FROM benefits_voucher v
                           WHERE v.release_id = r.id AND v.person_id = w.person_id
                             AND v.state NOT IN ('returned', 'expired', 'voided')), 0);
        IF bit_count(mask::bit(32)) >= r.per_person THEN
            UPDATE benefits_waitentry SET state = 'lapsed', settled_at = at WHERE id = w.id;
            CONTINUE;
        END IF;
        due := benefits_confirm_by(r, w.seats, at);
        RETURN QUERY
            INSERT INTO benefits_voucher (pool_id, release_id, person_id, booked_by_id, nth, seats, code, serial,
                                          claim_key, from_waitlist, state, claimed_at, confirm_by)
            VALUES (p_pool, r.id, w.person_id, w.booked_by_id, benefits_free_slot(mask), w.seats, benefits_new_code(), p.next_serial,
                    w.claim_key, true, CASE WHEN due IS NULL THEN 'confirmed' ELSE 'held' END, at, due)
            RETURNING id, person_id, code::text;
        UPDATE benefits_waitentry SET state = 'promoted', settled_at = at WHERE id = w.id;
        IF bit_count(mask::bit(32)) + 1 >= r.per_person THEN
            UPDATE benefits_waitentry SET state = 'lapsed', settled_at = at
             WHERE release_id = r.id AND person_id = w.person_id AND state = 'waiting';
        END IF;
        UPDATE benefits_pool SET next_serial = next_serial + 1 WHERE id = p_pool;
    END LOOP;
END $$;

-- One voucher leaves its holder: 'returned' (by the member, until the cut-off), 'expired' or 'voided'.
-- First row: outcome 'done', or why not ('unknown', 'too_late', the state it is in). Then one row 'promoted' for each
-- member of the waiting list who got a ticket out of it.
CREATE FUNCTION benefits_return_voucher(p_voucher bigint, p_to text DEFAULT 'returned')
RETURNS TABLE (outcome text, voucher_id bigint, person_id bigint, code text)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    at timestamptz := statement_timestamp();
    locked record; r benefits_release; p benefits_pool; v benefits_voucher;
BEGIN
    locked := benefits_lock_pool((SELECT pool_id FROM benefits_voucher WHERE id = p_voucher));
    r := locked.release; p := locked.pool;
    SELECT * INTO v FROM benefits_voucher WHERE id = p_voucher FOR NO KEY UPDATE;
    outcome := CASE
        WHEN v.id IS NULL THEN 'unknown'
        WHEN p_to NOT IN ('returned', 'expired', 'voided') THEN 'unknown'
        WHEN v.state NOT IN ('held', 'confirmed') AND NOT (p_to = 'voided' AND v.state = 'exchanged') THEN v.state
        WHEN p_to = 'returned' AND at >= coalesce(r.cancel_until, p.closes_at, r.closes_at) THEN 'too_late'
        ELSE 'done' END;
    voucher_id := v.id; person_id := v.person_id; code := v.code;
    RETURN NEXT;
    IF outcome <> 'done' THEN RETURN; END IF;
    UPDATE benefits_voucher SET state = p_to, settled_at = at, updated_at = at WHERE id = p_voucher;
    RETURN QUERY SELECT 'promoted', b.* FROM benefits_promote(r, p_pool => p.id, at => at) b;
    PERFORM pg_notify('gonghui_gate', json_build_object('pool', p.id)::text);
END $$;

-- Held tickets nobody confirmed in time go back and down the line. Same rows as above, one 'expired' each.
CREATE FUNCTION benefits_expire_pool(p_pool bigint)
RETURNS TABLE (outcome text, voucher_id bigint, person_id bigint, code text)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    at timestamptz := statement_timestamp();
    locked record; r benefits_release; p benefits_pool;
BEGIN
    locked := benefits_lock_pool(p_pool);
    r := locked.release; p := locked.pool;
    RETURN QUERY
        UPDATE benefits_voucher v SET state = 'expired', settled_at = at, updated_at = at
         WHERE v.id IN (
            -- Locked in the order of their ids, as everybody does who changes several without the pool's lock.
            SELECT id FROM benefits_voucher WHERE pool_id = p_pool AND state = 'held' AND confirm_by <= at
             ORDER BY id FOR NO KEY UPDATE)
        RETURNING 'expired', v.id, v.person_id, v.code::text;
    IF FOUND THEN
        PERFORM pg_notify('gonghui_gate', json_build_object('pool', p_pool)::text);
    END IF;
    RETURN QUERY SELECT 'promoted', b.* FROM benefits_promote(r, p_pool, at) b;
END $$;

-- After the capacity was raised, or whenever seats may stand idle beside a line.
CREATE FUNCTION benefits_fill_pool(p_pool bigint)
RETURNS TABLE (outcome text, voucher_id bigint, person_id bigint, code text)
LANGUAGE plpgsql AS $$
DECLARE
    locked record; r benefits_release; p benefits_pool;
BEGIN
    locked := benefits_lock_pool(p_pool);
    r := locked.release; p := locked.pool;
    RETURN QUERY SELECT 'promoted', b.* FROM benefits_promote(r, p_pool, statement_timestamp()) b;
    PERFORM pg_notify('gonghui_gate', json_build_object('pool', p_pool)::text);
END $$;

-- Somebody gives up waiting. True if they were on the list.
CREATE FUNCTION benefits_leave_line(p_pool bigint, p_person bigint) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM benefits_lock_pool(p_pool);
    UPDATE benefits_waitentry SET state = 'left', settled_at = statement_timestamp()
     WHERE pool_id = p_pool AND person_id = p_person AND state = 'waiting';
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM pg_notify('gonghui_gate', json_build_object('pool', p_pool)::text);
    RETURN true;
END $$;

-- What a gate keeps in memory about pools.
CREATE FUNCTION benefits_pool_status(p_pools bigint[])
RETURNS TABLE (pool_id bigint, release_id bigint, label text, state text, refusal text, opens_at timestamptz,
               closes_at timestamptz, capacity integer, remaining integer, waiting integer, wait_max integer,
               next_serial integer, next_position integer)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT p.id, r.id, p.label, r.state, benefits_refusal(r, p, statement_timestamp()),
           coalesce(p.opens_at, r.opens_at), coalesce(p.closes_at, r.closes_at), p.capacity, p.remaining,
           (SELECT count(*)::integer FROM benefits_waitentry w WHERE w.pool_id = p.id AND w.state = 'waiting'),
           benefits_wait_max(r, p), p.next_serial, p.next_position
      FROM benefits_pool p JOIN benefits_release r ON r.id = p.release_id
     WHERE p.id = ANY (p_pools) AND r.state NOT IN ('draft', 'reviewed')
$$;

-- Everybody the database might have good news for, and the counters that date the list: one snapshot.
CREATE FUNCTION benefits_pool_holders(p_pool bigint, OUT next_serial integer, OUT next_position integer, OUT persons bigint[])
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT p.next_serial, p.next_position,
           ARRAY(SELECT person_id FROM benefits_voucher v WHERE v.pool_id = p.id
                 UNION SELECT person_id FROM benefits_waitentry w WHERE w.pool_id = p.id)
      FROM benefits_pool p WHERE p.id = p_pool
$$;
