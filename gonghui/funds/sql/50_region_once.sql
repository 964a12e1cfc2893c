-- As in 20_rulebook.sql, but the giver's region is looked up once and not for every region of the country, whatever the plan.

-- '00' is the whole country. `period` is what the tally is called.
CREATE OR REPLACE FUNCTION funds_rules_for(g funds_giving) RETURNS TABLE (rule_id bigint, cap_fen bigint, max_count integer, period text)
LANGUAGE sql STABLE AS $$
    SELECT r.id, r.cap_fen, r.max_count::integer,
           CASE r.period WHEN 'event' THEN g.occasion WHEN 'day' THEN to_char(g.given_on, 'YYYY-MM-DD')
                         WHEN 'month' THEN to_char(g.given_on, 'YYYY-MM') ELSE to_char(g.given_on, 'YYYY') END
      FROM funds_benefitrule r JOIN orgs_region place ON place.id = r.region_id
     WHERE r.category = g.category AND r.source_kind IN ('', g.source_kind) AND r.source_level IN ('', g.source_level)
       AND r.festival IN ('', g.festival) AND r.effective_from <= g.given_on
       AND (r.effective_until IS NULL OR g.given_on < r.effective_until)
       AND (place.code = '00' OR starts_with((SELECT funds_region_of(g.path)), place.code))
$$;
