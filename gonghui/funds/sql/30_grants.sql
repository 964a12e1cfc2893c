-- Giving to thousands in a few statements: the rulebook asked and written in one pass, and a batch of a grant of points whole.
-- No plan here may hang on statistics: a table of an hour ago was empty, and an array counts as ten rows. Hence look-ups by key.

CREATE OR REPLACE FUNCTION funds_fit(p_people bigint[], g funds_giving) RETURNS TABLE (person_id bigint, rule_id bigint)
LANGUAGE sql STABLE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
    WITH rule AS MATERIALIZED (SELECT * FROM funds_rules_for(g))
    SELECT p.id, CASE WHEN (SELECT u.id FROM funds_benefituse u WHERE u.person_id = p.id AND u.occasion = g.occasion) IS NULL THEN (
               SELECT min(r.rule_id)
                 FROM rule r LEFT JOIN funds_benefittally t
                   ON t.person_id = p.id AND t.rule_id = r.rule_id AND t.period = r.period
                WHERE coalesce(t.amount_fen, 0) + g.amount_fen > r.cap_fen OR coalesce(t.count, 0) + 1 > r.max_count) END
      FROM (SELECT DISTINCT unnest(p_people) AS id) p
     ORDER BY p.id
$$;

-- One upsert counts and locks, person by person and rule by rule: whoever gives to the same people waits there, and the row
-- that has no room is locked and left as it is. Who passed every rule gets a use; what was counted for the others is taken off.
CREATE OR REPLACE FUNCTION funds_give(p_people bigint[], p_union bigint, g funds_giving)
RETURNS TABLE (person_id bigint, rule_id bigint)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    rules bigint[]; caps bigint[]; counts integer[]; periods text[];
    who bigint[]; by_rule bigint[]; tally bigint[];  -- one entry a tally that had room
    fresh bigint[];
BEGIN
    SELECT coalesce(array_agg(r.rule_id), '{}'), array_agg(r.cap_fen), array_agg(r.max_count), array_agg(r.period)
      INTO rules, caps, counts, periods FROM funds_rules_for(g) r;
    IF g.amount_fen > ANY (caps) OR 1 > ANY (counts) THEN  -- a rule that refuses everybody
        RETURN QUERY SELECT f.person_id, f.rule_id FROM funds_fit(p_people, g) f;
        RETURN;
    END IF;
    IF rules <> '{}' THEN
        WITH counted AS (
            INSERT INTO funds_benefittally AS t (person_id, rule_id, period, amount_fen, count)
            SELECT p.id, r.id, r.period, g.amount_fen, 1
              FROM (SELECT DISTINCT unnest(p_people) AS id) p CROSS JOIN unnest(rules, periods) AS r(id, period)
             WHERE (SELECT u.id FROM funds_benefituse u WHERE u.person_id = p.id AND u.occasion = g.occasion) IS NULL
             ORDER BY p.id, r.id
            ON CONFLICT (person_id, rule_id, period) DO UPDATE
               SET amount_fen = t.amount_fen + EXCLUDED.amount_fen, count = t.count + 1, updated_at = now()
             WHERE t.amount_fen + EXCLUDED.amount_fen <= caps[array_position(rules, t.rule_id)]
               AND t.count < coalesce(counts[array_position(rules, t.rule_id)], t.count + 1)
            RETURNING t.person_id, t.rule_id, t.id
        )
        SELECT array_agg(c.person_id), array_agg(c.rule_id), array_agg(c.id) INTO who, by_rule, tally FROM counted c;
    END IF;
    WITH given AS (
        INSERT INTO funds_benefituse (person_id, union_id, category, festival, amount_fen, given_on, occasion, tallies)
        SELECT f.person, p_union, g.category, g.festival, g.amount_fen, g.given_on, g.occasion, f.tallies
          FROM (SELECT c.person, array_agg(c.tally ORDER BY c.tally) AS tallies FROM unnest(who, tally) AS c(person, tally)
                 GROUP BY c.person HAVING count(*) = cardinality(rules)
                 UNION ALL
                SELECT DISTINCT unnest(p_people), '{}'::bigint[] WHERE rules = '{}') f
         ORDER BY f.person
        ON CONFLICT DO NOTHING
        RETURNING person_id
    )
    SELECT coalesce(array_agg(n.person_id), '{}') INTO fresh FROM given n;
    IF cardinality(fresh) * cardinality(rules) < cardinality(who) THEN
        UPDATE funds_benefittally t SET amount_fen = t.amount_fen - g.amount_fen, count = t.count - 1
          FROM (SELECT unnest(array_agg(x.tally)) AS id
                  FROM (SELECT c.person, c.tally, false AS is_fresh FROM unnest(who, tally) AS c(person, tally)
                         UNION ALL SELECT unnest(fresh), NULL, true) x
                 GROUP BY x.person HAVING NOT bool_or(x.is_fresh)) back
         WHERE t.id = back.id;
    END IF;
    -- A statement of its own: it sees the uses of those we waited for.
    RETURN QUERY
    SELECT s.person, CASE WHEN s.is_fresh
               OR (SELECT u.id FROM funds_benefituse u WHERE u.person_id = s.person AND u.occasion = g.occasion) IS NOT NULL THEN NULL
           ELSE (SELECT min(r) FROM unnest(rules) r WHERE r <> ALL (s.passed)) END
      FROM (SELECT x.person, bool_or(x.is_fresh) AS is_fresh, array_remove(array_agg(x.rule), NULL) AS passed
              FROM (SELECT unnest(p_people) AS person, NULL::bigint AS rule, false AS is_fresh
                     UNION ALL SELECT c.person, c.rule, false FROM unnest(who, by_rule) AS c(person, rule)
                     UNION ALL SELECT unnest(fresh), NULL, true) x
             GROUP BY x.person) s
     ORDER BY s.person;
END $$;

CREATE TYPE funds_batch AS (
    grant_id bigint, union_id bigint, points bigint, point_fen bigint, commitment_id bigint, backing_id bigint, issue_id bigint,
    expires_at timestamptz, most integer
);

-- The next people of the roster whom nobody else is at: their uses, their purses, the fen behind and the points, all of it or
-- nothing. `refused` are marked by the caller, in words. `answer` is the ledger's, where it refuses: then nothing may stay.
CREATE FUNCTION funds_give_points(b funds_batch, g funds_giving)
RETURNS TABLE (taken integer, granted integer, refused bigint[], refusing bigint[], answer text)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    people bigint[]; fitting bigint[]; orders ledger_order[]; answers text[];
BEGIN
    answer := '';
    SELECT array_agg(w.person_id) INTO people
      FROM (SELECT r.person_id FROM funds_grantedperson r WHERE r.grant_id = b.grant_id AND r.state = 'waiting'
             ORDER BY r.id LIMIT b.most FOR UPDATE SKIP LOCKED) w;
    SELECT coalesce(array_agg(f.person_id) FILTER (WHERE f.rule_id IS NULL), '{}'),
           coalesce(array_agg(f.person_id) FILTER (WHERE f.rule_id IS NOT NULL), '{}'),
           coalesce(array_agg(f.rule_id) FILTER (WHERE f.rule_id IS NOT NULL), '{}')
      INTO fitting, refused, refusing FROM funds_give(people, b.union_id, g) f;
    taken := coalesce(cardinality(people), 0);
    granted := cardinality(fitting);
    IF granted > 0 THEN
        orders := funds_point_orders(b, g.occasion, fitting);
        BEGIN
            -- All debits are of two accounts and nothing comes back to them: where the batch ends covered it was covered throughout.
            PERFORM ledger_write(orders);
        EXCEPTION WHEN integrity_constraint_violation THEN
            answers := ledger_create_transfers(funds_orders_as_json(orders));
            SELECT coalesce(min(a) FILTER (WHERE a <> 'linked'), min(a), '') INTO answer
              FROM unnest(answers) a WHERE a NOT IN ('ok', 'exists');
        END;
        UPDATE funds_grantedperson r SET state = 'granted', updated_at = now()
         WHERE r.grant_id = b.grant_id AND r.person_id = ANY (fitting);
    END IF;
    RETURN NEXT;
END $$;

-- Ids follow from grant and person, so that nobody gets a grant twice.
CREATE FUNCTION funds_point_orders(b funds_batch, p_subject text, p_people bigint[]) RETURNS ledger_order[]
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE owners bigint[]; purses bigint[]; many integer := cardinality(p_people);
BEGIN
    WITH opened AS (
        INSERT INTO ledger_account (ledger, kind, name, union_id, person_id, within_id, expires_at, limited, debits_pending,
                                    debits_posted, credits_pending, credits_posted, created_at, updated_at)
        SELECT 2, 'points', p_subject, b.union_id, p.id, b.issue_id, b.expires_at, 'debits', 0, 0, 0, 0, now(), now()
          FROM unnest(p_people) AS p(id)
        ON CONFLICT DO NOTHING
        RETURNING id, person_id
    )
    SELECT array_agg(o.person_id), array_agg(o.id) INTO owners, purses FROM opened o;
    IF cardinality(purses) IS DISTINCT FROM many THEN
        SELECT array_agg(p.id), array_agg((
                   SELECT a.id FROM ledger_account a
                    WHERE a.kind = 'points' AND a.union_id = b.union_id AND a.person_id = p.id AND a.name = p_subject AND a.ledger = 2))
          INTO owners, purses FROM unnest(p_people) AS p(id);
    END IF;
    RETURN ARRAY(
        SELECT (1, md5(format('back:%s:%s:%s', p_subject, p_people[1], many))::uuid, 'posted', 1, b.commitment_id, b.backing_id,
                many * b.points * b.point_fen, NULL, 0, NULL, 'back_points', p_subject, 1)::ledger_order
         UNION ALL
        SELECT (n + 1, md5(format('%s:%s', p_subject, f.person))::uuid, 'posted', 2, b.issue_id, f.purse,
                b.points, NULL, 0, NULL, 'grant_points', p_subject, 1)::ledger_order
          FROM unnest(owners, purses) WITH ORDINALITY AS f(person, purse, n));
END $$;

CREATE FUNCTION funds_orders_as_json(p_orders ledger_order[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(jsonb_build_object(
               'n', o.n, 'id', o.id, 'kind', o.kind, 'ledger', o.ledger, 'debit', o.debit_id, 'credit', o.credit_id,
               'amount', o.amount, 'code', o.code, 'subject', o.subject, 'chain', o.chain) ORDER BY o.n)
      FROM unnest(p_orders) o
$$;
