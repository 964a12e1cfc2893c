-- How many unions, members and verified members there are at and below each union.
--
-- Every statement notes what it changed, union by union, in its own transaction: rows are only added, so nobody waits. A job
-- folds the notes into the totals of the union and of all above it. Totals are written under one advisory lock, by the job, by
-- a move of a subtree, and by the comparison with the truth; each takes the lock first and looks afterwards.

CREATE FUNCTION members_way(p_path text) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p_path ~ '^([0-9]+\.)+$' THEN string_to_array(rtrim(p_path, '.'), '.')::bigint[] ELSE '{}' END
$$;

CREATE FUNCTION members_lock_headcounts() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('members_headcounts', 0))
$$;

-- People are held against a change of their verification, or two at once would each count without the other. The look-up goes
-- person by person: a plan made for a thousand must not read the whole table for one.
CREATE FUNCTION members_note_memberships(p_unions bigint[], p_people bigint[], p_signs integer[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    WITH held AS MATERIALIZED (
        SELECT n.union_id, n.sign, p.verification = 'verified' AS verified
          FROM unnest(p_unions, p_people, p_signs) AS n (union_id, person_id, sign)
          JOIN members_person p ON p.id = n.person_id
           FOR SHARE OF p
    )
    INSERT INTO members_headcountdelta (union_id, members, verified)
    SELECT union_id, sum(sign), coalesce(sum(sign) FILTER (WHERE verified), 0) FROM held GROUP BY union_id;
END $$;

CREATE FUNCTION members_memberships_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_note_memberships(array_agg(union_id), array_agg(person_id), array_agg(1))
       FROM (SELECT union_id, person_id FROM came WHERE status IN ('active', 'transferring', 'retained')
              ORDER BY person_id) live
     HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION members_memberships_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_note_memberships(array_agg(union_id), array_agg(person_id), array_agg(-1))
       FROM (SELECT union_id, person_id FROM gone WHERE status IN ('active', 'transferring', 'retained')
              ORDER BY person_id) live
     HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION members_memberships_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_note_memberships(array_agg(union_id), array_agg(person_id), array_agg(sign))
       FROM (SELECT union_id, person_id, sum(sign)::integer AS sign
               FROM (SELECT union_id, person_id, status, 1 AS sign FROM came
                     UNION ALL SELECT union_id, person_id, status, -1 FROM gone) both_sides
              WHERE status IN ('active', 'transferring', 'retained')
              GROUP BY union_id, person_id HAVING sum(sign) <> 0 ORDER BY person_id) live
     HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER members_headcount_came AFTER INSERT ON members_membership REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_memberships_came();
CREATE TRIGGER members_headcount_went AFTER DELETE ON members_membership REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION members_memberships_went();
CREATE TRIGGER members_headcount_changed AFTER UPDATE ON members_membership
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_memberships_changed();

-- By row, so that any other change of a person costs nothing.
CREATE FUNCTION members_verification_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO members_headcountdelta (union_id, verified)
    SELECT union_id, CASE WHEN NEW.verification = 'verified' THEN 1 ELSE -1 END FROM members_membership
     WHERE person_id = NEW.id AND status IN ('active', 'transferring', 'retained');
    RETURN NULL;
END $$;

CREATE TRIGGER members_headcount_verified AFTER UPDATE OF verification ON members_person FOR EACH ROW
    WHEN ((OLD.verification = 'verified') IS DISTINCT FROM (NEW.verification = 'verified'))
    EXECUTE FUNCTION members_verification_changed();

-- Unions that live are counted; whoever moves takes the folded totals of their subtree along.
CREATE FUNCTION members_unions_came() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO members_headcountdelta (union_id, unions)
    SELECT id, 1 FROM came WHERE status NOT IN ('merged', 'dissolved');
    RETURN NULL;
END $$;

CREATE FUNCTION members_unions_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- The tops of what moves: below them nobody changed the one they stand under.
    moved bigint[] := (
        SELECT array_agg(n.id) FROM came n JOIN gone o ON o.id = n.id
         WHERE n.path <> o.path AND (members_way(n.path))[cardinality(members_way(n.path)) - 1]
               IS DISTINCT FROM (members_way(o.path))[cardinality(members_way(o.path)) - 1]);
BEGIN
    INSERT INTO members_headcountdelta (union_id, unions)
    SELECT n.id, CASE WHEN n.status IN ('merged', 'dissolved') THEN -1 ELSE 1 END FROM came n JOIN gone o ON o.id = n.id
     WHERE (n.status IN ('merged', 'dissolved')) <> (o.status IN ('merged', 'dissolved'));
    IF moved IS NOT NULL THEN
        PERFORM members_lock_headcounts();
        PERFORM members_add_headcounts(array_agg(step), array_agg(s.sign * h.unions), array_agg(s.sign * h.members),
                                       array_agg(s.sign * h.verified))
           FROM (SELECT id, path, 1 AS sign FROM came UNION ALL SELECT id, path, -1 FROM gone) s
           JOIN members_headcount h ON h.union_id = s.id, unnest(members_way(s.path)) AS step
          WHERE s.id = ANY (moved) AND step <> s.id
         HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION members_add_headcounts(p_ids bigint[], p_unions bigint[], p_members bigint[], p_verified bigint[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO members_headcount AS h (union_id, unions, members, verified)
    SELECT n.id, sum(n.unions), sum(n.members), sum(n.verified)
      FROM unnest(p_ids, p_unions, p_members, p_verified) AS n (id, unions, members, verified)
      JOIN orgs_union u ON u.id = n.id
     GROUP BY n.id
    ON CONFLICT (union_id) DO UPDATE SET unions = h.unions + EXCLUDED.unions, members = h.members + EXCLUDED.members,
        verified = h.verified + EXCLUDED.verified, updated_at = now()
$$;

CREATE TRIGGER members_headcount_union_came AFTER INSERT ON orgs_union REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_unions_came();
CREATE TRIGGER members_headcount_union_changed AFTER UPDATE ON orgs_union
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_unions_changed();

-- Takes the oldest notes along the ways of their unions, as they are now; how many.
CREATE FUNCTION members_fold_headcounts(p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE folded bigint;
BEGIN
    PERFORM members_lock_headcounts();
    WITH taken AS (
        DELETE FROM members_headcountdelta WHERE id IN (SELECT id FROM members_headcountdelta ORDER BY id LIMIT p_most)
        RETURNING union_id, unions, members, verified
    ), own AS MATERIALIZED (
        SELECT union_id, count(*) AS n, sum(unions)::bigint AS unions, sum(members)::bigint AS members,
               sum(verified)::bigint AS verified FROM taken GROUP BY union_id
    ), climbed AS (
        SELECT members_add_headcounts(array_agg(step), array_agg(own.unions), array_agg(own.members), array_agg(own.verified))
          FROM own JOIN orgs_union u ON u.id = own.union_id, unnest(members_way(u.path)) AS step
         WHERE (own.unions, own.members, own.verified) <> (0, 0, 0)
    )
    SELECT coalesce(sum(n), 0) INTO folded FROM own, climbed;
    RETURN folded;
END $$;

-- Compares every total with the truth and mends it; what is still to be folded is left for the fold.
CREATE FUNCTION members_mend_headcounts(OUT compared bigint, OUT wrong bigint, OUT largest bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM members_lock_headcounts();
    WITH own AS (
        SELECT m.union_id, 0 AS unions, count(*) AS members, count(*) FILTER (WHERE p.verification = 'verified') AS verified
          FROM members_membership m JOIN members_person p ON p.id = m.person_id
         WHERE m.status IN ('active', 'transferring', 'retained') GROUP BY m.union_id
        UNION ALL SELECT id, 1, 0, 0 FROM orgs_union WHERE status NOT IN ('merged', 'dissolved')
        UNION ALL SELECT union_id, -unions, -members, -verified FROM members_headcountdelta
    ), each_union AS (
        SELECT union_id, sum(unions)::bigint AS unions, sum(members)::bigint AS members, sum(verified)::bigint AS verified
          FROM own GROUP BY union_id
    ), truth AS (
        SELECT step AS id, sum(e.unions)::bigint AS unions, sum(e.members)::bigint AS members, sum(e.verified)::bigint AS verified
          FROM each_union e JOIN orgs_union u ON u.id = e.union_id, unnest(members_way(u.path)) AS step GROUP BY step
    ), differing AS MATERIALIZED (
        SELECT coalesce(t.id, h.union_id) AS id, coalesce(t.unions, 0) - coalesce(h.unions, 0) AS unions,
               coalesce(t.members, 0) - coalesce(h.members, 0) AS members,
               coalesce(t.verified, 0) - coalesce(h.verified, 0) AS verified
          FROM truth t FULL JOIN members_headcount h ON h.union_id = t.id
    ), mended AS (
        SELECT members_add_headcounts(array_agg(id), array_agg(unions), array_agg(members), array_agg(verified))
          FROM differing WHERE (unions, members, verified) <> (0, 0, 0)
        HAVING count(*) > 0
    )
    SELECT count(*), count(*) FILTER (WHERE (unions, members, verified) <> (0, 0, 0)),
           coalesce(max(greatest(abs(unions), abs(members), abs(verified))), 0)
      INTO compared, wrong, largest FROM differing LEFT JOIN mended ON true;
END $$;

SELECT members_mend_headcounts();
