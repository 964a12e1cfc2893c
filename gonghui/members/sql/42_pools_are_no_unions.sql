-- A transit pool holds people who have no union: its members count, it itself is none.
CREATE FUNCTION members_is_union(p_kind text, p_status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT p_kind <> 'pool' AND p_status NOT IN ('merged', 'dissolved')
$$;

CREATE OR REPLACE FUNCTION members_unions_came() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO members_headcountdelta (union_id, unions)
    SELECT id, 1 FROM came WHERE members_is_union(kind, status);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION members_unions_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- The tops of what moves: below them nobody changed the one they stand under.
    moved bigint[] := (
        SELECT array_agg(n.id) FROM came n JOIN gone o ON o.id = n.id
         WHERE n.path <> o.path AND (members_way(n.path))[cardinality(members_way(n.path)) - 1]
               IS DISTINCT FROM (members_way(o.path))[cardinality(members_way(o.path)) - 1]);
BEGIN
    INSERT INTO members_headcountdelta (union_id, unions)
    SELECT n.id, CASE WHEN members_is_union(n.kind, n.status) THEN 1 ELSE -1 END FROM came n JOIN gone o ON o.id = n.id
     WHERE members_is_union(n.kind, n.status) <> members_is_union(o.kind, o.status);
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

CREATE OR REPLACE FUNCTION members_mend_headcounts(OUT compared bigint, OUT wrong bigint, OUT largest bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM members_lock_headcounts();
    WITH own AS (
        SELECT m.union_id, 0 AS unions, count(*) AS members, count(*) FILTER (WHERE p.verification = 'verified') AS verified
          FROM members_membership m JOIN members_person p ON p.id = m.person_id
         WHERE m.status IN ('active', 'transferring', 'retained') GROUP BY m.union_id
        UNION ALL SELECT id, 1, 0, 0 FROM orgs_union WHERE members_is_union(kind, status)
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
