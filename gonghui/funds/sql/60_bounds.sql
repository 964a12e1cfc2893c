-- Rules may say more than a cap, or something else. Those without a cap count nobody: gonghui/funds/bounds.py holds them.
-- What is given for several days at once may be so many times the cap of a day.

ALTER TYPE funds_giving ADD ATTRIBUTE days integer;

-- '00' is the whole country. `period` is what the tally is called.
CREATE OR REPLACE FUNCTION funds_rules_for(g funds_giving) RETURNS TABLE (rule_id bigint, cap_fen bigint, max_count integer, period text)
LANGUAGE sql STABLE AS $$
    SELECT r.id, CASE r.period WHEN 'day' THEN r.cap_fen * coalesce(g.days, 1) ELSE r.cap_fen END, r.max_count::integer,
           CASE r.period WHEN 'event' THEN g.occasion WHEN 'day' THEN to_char(g.given_on, 'YYYY-MM-DD')
                         WHEN 'month' THEN to_char(g.given_on, 'YYYY-MM') ELSE to_char(g.given_on, 'YYYY') END
      FROM funds_benefitrule r JOIN orgs_region place ON place.id = r.region_id
     WHERE r.category = g.category AND r.source_kind IN ('', g.source_kind) AND r.source_level IN ('', g.source_level)
       AND r.festival IN ('', g.festival) AND r.cap_fen IS NOT NULL AND r.effective_from <= g.given_on
       AND (r.effective_until IS NULL OR g.given_on < r.effective_until)
       AND (place.code = '00' OR starts_with((SELECT funds_region_of(g.path)), place.code))
$$;

-- A rule is what it was: it ends, and another is written. Somebody may read the document and verify it.
CREATE OR REPLACE FUNCTION funds_rule_facts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{effective_until,is_verified,verified_by_id,updated_at}';
BEGIN
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
    OR (OLD.effective_until IS NOT NULL AND NEW.effective_until IS DISTINCT FROM OLD.effective_until)
    OR (OLD.is_verified AND (NEW.is_verified, NEW.verified_by_id) IS DISTINCT FROM (OLD.is_verified, OLD.verified_by_id))
    THEN
        PERFORM kit_refuses('funds_rule_facts', 'a rule is what it was: end it and write another');
    END IF;
    RETURN NEW;
END $$;
