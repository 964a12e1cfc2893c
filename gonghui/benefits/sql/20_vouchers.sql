-- A voucher's release is its pool's release, its facts do not change, its state moves along the table, and its
-- seats are in the pool or out of it. All of this holds for every writer: gate, Django, psql.

ALTER TABLE benefits_voucher ADD CONSTRAINT benefits_voucher_pool_of_release
    FOREIGN KEY (pool_id, release_id) REFERENCES benefits_pool (id, release_id);
ALTER TABLE benefits_waitentry ADD CONSTRAINT benefits_wait_pool_of_release
    FOREIGN KEY (pool_id, release_id) REFERENCES benefits_pool (id, release_id);

CREATE FUNCTION benefits_is_live(state text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN state NOT IN ('returned', 'expired', 'voided');

CREATE FUNCTION benefits_voucher_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE benefits_pool p SET remaining = p.remaining - moved.seats
      FROM (SELECT pool_id, sum(seats) AS seats FROM fresh WHERE benefits_is_live(state) GROUP BY pool_id) moved
     WHERE p.id = moved.pool_id;
    RETURN NULL;
END $$;

CREATE FUNCTION benefits_voucher_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE benefits_pool p SET remaining = p.remaining + moved.seats
      FROM (SELECT pool_id, sum(seats) AS seats FROM stale WHERE benefits_is_live(state) GROUP BY pool_id) moved
     WHERE p.id = moved.pool_id;
    RETURN NULL;
END $$;

CREATE FUNCTION benefits_voucher_turned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Seats, pool and living state never come back (see the guard), so only the newly gone count.
    UPDATE benefits_pool p SET remaining = p.remaining + moved.seats
      FROM (SELECT o.pool_id, sum(o.seats) AS seats FROM stale o JOIN fresh n USING (id)
             WHERE benefits_is_live(o.state) AND NOT benefits_is_live(n.state) GROUP BY o.pool_id) moved
     WHERE p.id = moved.pool_id;
    RETURN NULL;
END $$;

CREATE TRIGGER benefits_voucher_insert AFTER INSERT ON benefits_voucher REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION benefits_voucher_moved();
CREATE TRIGGER benefits_voucher_update AFTER UPDATE ON benefits_voucher REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION benefits_voucher_turned();
CREATE TRIGGER benefits_voucher_delete AFTER DELETE ON benefits_voucher REFERENCING OLD TABLE AS stale
    FOR EACH STATEMENT EXECUTE FUNCTION benefits_voucher_removed();

CREATE FUNCTION benefits_voucher_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.pool_id, NEW.release_id, NEW.person_id, NEW.seats, NEW.nth, NEW.code, NEW.serial, NEW.claim_key)
       IS DISTINCT FROM
       (OLD.pool_id, OLD.release_id, OLD.person_id, OLD.seats, OLD.nth, OLD.code, OLD.serial, OLD.claim_key) THEN
        RAISE EXCEPTION 'what a voucher says does not change' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'held>confirmed', 'held>returned', 'held>expired', 'held>voided',
        'confirmed>exchanged', 'confirmed>redeemed', 'confirmed>returned', 'confirmed>expired', 'confirmed>voided',
        'confirmed>no_show', 'exchanged>redeemed', 'exchanged>voided', 'exchanged>no_show', 'no_show>redeemed'])
    THEN
        RAISE EXCEPTION 'a voucher cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER benefits_voucher_guard BEFORE UPDATE ON benefits_voucher
    FOR EACH ROW EXECUTE FUNCTION benefits_voucher_guard();

-- The n-th short code of kit/tokens.py: 7 characters to the base of 31 and the check character; a test holds the two
-- together. One expression, for it runs once per win.
CREATE FUNCTION benefits_code_of(n bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    letters CONSTANT text := '23456789ABCDEFGHJKMNPQRSTUVWXYZ';  -- without 0 1 I L O: read aloud at a counter
    a integer := n % 31; b integer := n / 31 % 31; c integer := n / 961 % 31; d integer := n / 29791 % 31;
    e integer := n / 923521 % 31; f integer := n / 28629151 % 31; g integer := n / 887503681 % 31;
BEGIN
    RETURN substr(letters, a + 1, 1) || substr(letters, b + 1, 1) || substr(letters, c + 1, 1)
        || substr(letters, d + 1, 1) || substr(letters, e + 1, 1) || substr(letters, f + 1, 1)
        || substr(letters, g + 1, 1)
        || substr(letters, (31 - (2*a + 3*b + 4*c + 5*d + 6*e + 7*f + 8*g) % 31) % 31 + 1, 1);
END $$;

-- 48 random bits of a v4 uuid: its first six bytes are free of fixed ones.
CREATE FUNCTION benefits_new_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT benefits_code_of(('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint)
$$;
