-- The rulebook: which rules bind a giving, who may still have it, and the writing of it. `give` runs under the locks of the
-- tallies of everybody concerned, taken person by person and rule by rule, so that whoever gives to the same people waits his
-- turn and nobody waits in a circle.

-- Of the nearest union at or above that has a region; '' where none has. Codes are prefixes: 44 covers 4401 and 440106.
CREATE FUNCTION funds_region_of(p_path text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT r.code FROM orgs_union u JOIN orgs_region r ON r.id = u.region_id
         WHERE u.id = ANY (string_to_array(rtrim(p_path, '.'), '.')::bigint[])
         ORDER BY length(u.path) DESC LIMIT 1), '')
$$;

CREATE TYPE funds_giving AS (
    path text, source_kind text, source_level text, category text, festival text, amount_fen bigint, given_on date, occasion text
);

-- '00' is the whole country. `period` is what the tally is called.
CREATE FUNCTION funds_rules_for(g funds_giving) RETURNS TABLE (rule_id bigint, cap_fen bigint, max_count integer, period text)
LANGUAGE sql STABLE AS $$
    SELECT r.id, r.cap_fen, r.max_count::integer,
           CASE r.period WHEN 'event' THEN g.occasion WHEN 'day' THEN to_char(g.given_on, 'YYYY-MM-DD')
                         WHEN 'month' THEN to_char(g.given_on, 'YYYY-MM') ELSE to_char(g.given_on, 'YYYY') END
      FROM funds_benefitrule r JOIN orgs_region place ON place.id = r.region_id
     WHERE r.category = g.category AND r.source_kind IN ('', g.source_kind) AND r.source_level IN ('', g.source_level)
       AND r.festival IN ('', g.festival) AND r.effective_from <= g.given_on
       AND (r.effective_until IS NULL OR g.given_on < r.effective_until)
       AND (place.code = '00' OR starts_with(funds_region_of(g.path), place.code))
$$;

-- Once for each person: the first rule that refuses, or NULL. Whoever had this occasion before has it.
CREATE FUNCTION funds_fit(p_people bigint[], g funds_giving) RETURNS TABLE (person_id bigint, rule_id bigint)
LANGUAGE sql STABLE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
    WITH rule AS MATERIALIZED (SELECT * FROM funds_rules_for(g))
    SELECT p.id, CASE WHEN u.id IS NULL THEN (
               SELECT min(r.rule_id)
                 FROM rule r LEFT JOIN funds_benefittally t
                   ON t.person_id = p.id AND t.rule_id = r.rule_id AND t.period = r.period
                WHERE coalesce(t.amount_fen, 0) + g.amount_fen > r.cap_fen OR coalesce(t.count, 0) + 1 > r.max_count) END
      FROM (SELECT DISTINCT unnest(p_people) AS id) p
      LEFT JOIN funds_benefituse u ON u.person_id = p.id AND u.occasion = g.occasion
     ORDER BY p.id
$$;

CREATE FUNCTION funds_give(p_people bigint[], p_union bigint, g funds_giving) RETURNS TABLE (person_id bigint, rule_id bigint)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE people bigint[]; refusing bigint[];
BEGIN
    -- In order: an insert waits for somebody else's of the same row, and the locks come in the same order after it.
    INSERT INTO funds_benefittally (person_id, rule_id, period)
    SELECT p.id, r.rule_id, r.period
      FROM (SELECT DISTINCT unnest(p_people) AS id) p CROSS JOIN funds_rules_for(g) r
     ORDER BY p.id, r.rule_id
    ON CONFLICT DO NOTHING;
    PERFORM FROM funds_benefittally t JOIN funds_rules_for(g) r ON r.rule_id = t.rule_id AND r.period = t.period
      WHERE t.person_id = ANY (p_people)
      ORDER BY t.person_id, t.rule_id FOR NO KEY UPDATE OF t;
    -- A statement of its own: it sees what those we waited for have written.
    SELECT array_agg(f.person_id ORDER BY f.person_id), array_agg(f.rule_id ORDER BY f.person_id)
      INTO people, refusing FROM funds_fit(p_people, g) f;
    WITH fresh AS (
        INSERT INTO funds_benefituse (person_id, union_id, category, festival, amount_fen, given_on, occasion, tallies)
        SELECT f.id, p_union, g.category, g.festival, g.amount_fen, g.given_on, g.occasion, ARRAY(
                   SELECT t.id FROM funds_rules_for(g) r
                     JOIN funds_benefittally t ON t.person_id = f.id AND t.rule_id = r.rule_id AND t.period = r.period ORDER BY t.id)
          FROM unnest(people, refusing) AS f(id, rule_id) WHERE f.rule_id IS NULL
         ORDER BY f.id
        ON CONFLICT DO NOTHING
        RETURNING tallies
    )
    UPDATE funds_benefittally t SET amount_fen = t.amount_fen + g.amount_fen, count = t.count + 1, updated_at = now()
      FROM fresh WHERE t.id = ANY (fresh.tallies);
    RETURN QUERY SELECT f.id, f.rule_id FROM unnest(people, refusing) AS f(id, rule_id);
END $$;

-- What came back counts no longer, down to nothing; the use keeps both figures. False where there is less to take back.
CREATE FUNCTION funds_take_back(p_person bigint, p_occasion text, p_amount bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE given funds_benefituse;
BEGIN
    SELECT * INTO given FROM funds_benefituse WHERE person_id = p_person AND occasion = p_occasion FOR NO KEY UPDATE;
    IF NOT FOUND OR p_amount <= 0 OR given.returned_fen + p_amount > given.amount_fen THEN RETURN false; END IF;
    PERFORM FROM funds_benefittally t WHERE t.id = ANY (given.tallies) ORDER BY t.person_id, t.rule_id FOR NO KEY UPDATE;
    UPDATE funds_benefituse SET returned_fen = returned_fen + p_amount, updated_at = now() WHERE id = given.id;
    UPDATE funds_benefittally t
       SET amount_fen = t.amount_fen - p_amount, updated_at = now(),
           count = t.count - (given.returned_fen + p_amount = given.amount_fen)::integer
     WHERE t.id = ANY (given.tallies);
    RETURN true;
END $$;

-- A rule is what it was: it ends, and another is written. Somebody may read the document and verify it.
CREATE FUNCTION funds_rule_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.region_id, NEW.source_kind, NEW.source_level, NEW.category, NEW.festival, NEW.cap_fen, NEW.period, NEW.max_count,
        NEW.effective_from, NEW.clause) IS DISTINCT FROM
       (OLD.region_id, OLD.source_kind, OLD.source_level, OLD.category, OLD.festival, OLD.cap_fen, OLD.period, OLD.max_count,
        OLD.effective_from, OLD.clause)
    OR (OLD.effective_until IS NOT NULL AND NEW.effective_until IS DISTINCT FROM OLD.effective_until)
    OR (OLD.is_verified AND (NEW.is_verified, NEW.verified_by_id) IS DISTINCT FROM (OLD.is_verified, OLD.verified_by_id))
    THEN
        PERFORM kit_refuses('funds_rule_facts', 'a rule is what it was: end it and write another');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER funds_rule_facts BEFORE UPDATE ON funds_benefitrule FOR EACH ROW EXECUTE FUNCTION funds_rule_facts();

-- A use stays as it was; only what came back of it grows.
CREATE TRIGGER funds_use_stays BEFORE DELETE ON funds_benefituse FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER funds_use_facts BEFORE UPDATE ON funds_benefituse FOR EACH ROW
    WHEN ((OLD.person_id, OLD.union_id, OLD.category, OLD.festival, OLD.amount_fen, OLD.given_on, OLD.occasion, OLD.tallies)
          IS DISTINCT FROM
          (NEW.person_id, NEW.union_id, NEW.category, NEW.festival, NEW.amount_fen, NEW.given_on, NEW.occasion, NEW.tallies)
          OR NEW.returned_fen < OLD.returned_fen)
    EXECUTE FUNCTION kit_row_stays();
