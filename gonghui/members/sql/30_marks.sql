-- What live members are filtered by: one row for their verification and one for each of their worker groups, beside their union.
--
-- Whoever changes a membership has locked its person before (20_headcounts.sql: their trigger comes first, by its name), and
-- whoever changes a person holds that row: so each reads here what the other has committed.

CREATE FUNCTION members_marks_of(p_verification text, p_groups text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('v:' || p_verification) || ARRAY(SELECT 'g:' || code FROM unnest(p_groups) AS code)
$$;

-- Person by person: a plan made for a thousand must not read the whole table for one.
CREATE FUNCTION members_mark(p_unions bigint[], p_people bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    INSERT INTO members_membermark (mark, union_id, person_id)
    SELECT worn, n.union_id, n.person_id
      FROM unnest(p_unions, p_people) AS n (union_id, person_id) JOIN members_person p ON p.id = n.person_id,
           unnest(members_marks_of(p.verification, p.groups)) AS worn
     ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION members_unmark(p_unions bigint[], p_people bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    DELETE FROM members_membermark k
     USING unnest(p_unions, p_people) AS n (union_id, person_id) JOIN members_person p ON p.id = n.person_id,
           unnest(members_marks_of(p.verification, p.groups)) AS worn
     WHERE k.mark = worn AND k.union_id = n.union_id AND k.person_id = n.person_id
$$;

CREATE FUNCTION members_marks_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_mark(array_agg(union_id), array_agg(person_id)) FROM came
      WHERE status IN ('active', 'transferring', 'retained') HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION members_marks_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_unmark(array_agg(union_id), array_agg(person_id)) FROM gone
      WHERE status IN ('active', 'transferring', 'retained') HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION members_marks_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_unmark(array_agg(union_id), array_agg(person_id)) FROM (
        SELECT union_id, person_id FROM gone WHERE status IN ('active', 'transferring', 'retained')
        EXCEPT SELECT union_id, person_id FROM came WHERE status IN ('active', 'transferring', 'retained')) old
      HAVING count(*) > 0;
    PERFORM members_mark(array_agg(union_id), array_agg(person_id)) FROM (
        SELECT union_id, person_id FROM came WHERE status IN ('active', 'transferring', 'retained')
        EXCEPT SELECT union_id, person_id FROM gone WHERE status IN ('active', 'transferring', 'retained')) new
      HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER members_marks_came AFTER INSERT ON members_membership REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_marks_came();
CREATE TRIGGER members_marks_went AFTER DELETE ON members_membership REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION members_marks_went();
CREATE TRIGGER members_marks_moved AFTER UPDATE ON members_membership REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION members_marks_moved();

-- By row, so that any other change of a person costs nothing.
CREATE FUNCTION members_marks_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    home bigint := (SELECT union_id FROM members_membership
                     WHERE person_id = NEW.id AND status IN ('active', 'transferring', 'retained'));
    before text[] := members_marks_of(OLD.verification, OLD.groups);
    after text[] := members_marks_of(NEW.verification, NEW.groups);
BEGIN
    IF home IS NOT NULL THEN
        DELETE FROM members_membermark
         WHERE mark = ANY (before) AND mark <> ALL (after) AND union_id = home AND person_id = NEW.id;
        INSERT INTO members_membermark (mark, union_id, person_id)
        SELECT DISTINCT worn, home, NEW.id FROM unnest(after) AS worn ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER members_marks_changed AFTER UPDATE OF groups, verification ON members_person FOR EACH ROW
    WHEN (OLD.groups IS DISTINCT FROM NEW.groups OR OLD.verification IS DISTINCT FROM NEW.verification)
    EXECUTE FUNCTION members_marks_changed();

-- All of them anew, of rows that came past the triggers.
CREATE FUNCTION members_mark_all() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    TRUNCATE members_membermark;
    INSERT INTO members_membermark (mark, union_id, person_id)
    SELECT DISTINCT worn, m.union_id, m.person_id
      FROM members_membership m JOIN members_person p ON p.id = m.person_id,
           unnest(members_marks_of(p.verification, p.groups)) AS worn
     WHERE m.status IN ('active', 'transferring', 'retained') ORDER BY 1, 2, 3;
END $$;

SELECT members_mark_all();
