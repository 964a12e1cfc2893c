-- What live members are found by, beside their union: one row each, which a search walks union by union without the people's own.

-- 张伟民, zhang wei min: 张伟民 ZHANGWEIMIN WEIMIN MIN Z W M, a new line before each reading, a tab before each initial
-- (`kit.search.word_patterns`); neither stands in a name or a question. Capitals keep sounds apart from the name.
CREATE FUNCTION members_words_of(p_name text, p_pinyin text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    rest text := upper(p_pinyin);
    said text := '';
    firsts text := '';
    gap integer;
BEGIN
    WHILE rest <> '' LOOP
        said := said || E'\n' || replace(rest, ' ', '');
        firsts := firsts || E'\t' || left(rest, 1);
        gap := position(' ' IN rest);
        EXIT WHEN gap = 0;
        rest := substr(rest, gap + 1);
    END LOOP;
    RETURN lower(p_name) || said || firsts;
END $$;

-- Read from the index alone.
ALTER TABLE members_membername DROP CONSTRAINT members_membername_pkey;
ALTER TABLE members_membername ADD PRIMARY KEY (union_id, person_id) INCLUDE (words);
ALTER TABLE members_membername ALTER COLUMN words SET STORAGE MAIN;

-- Marks (30_marks.sql) and names come and go together.
CREATE OR REPLACE FUNCTION members_mark(p_unions bigint[], p_people bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    WITH joined AS MATERIALIZED (
        SELECT n.union_id, n.person_id, p.verification, p.groups, p.name, p.pinyin
          FROM unnest(p_unions, p_people) AS n (union_id, person_id) JOIN members_person p ON p.id = n.person_id
    ), named AS (
        INSERT INTO members_membername (union_id, person_id, words)
        SELECT union_id, person_id, members_words_of(name, pinyin) FROM joined ORDER BY 1, 2
            ON CONFLICT DO NOTHING
    )
    INSERT INTO members_membermark (mark, union_id, person_id)
    SELECT worn, union_id, person_id FROM joined, unnest(members_marks_of(verification, groups)) AS worn
     ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING
$$;

CREATE OR REPLACE FUNCTION members_unmark(p_unions bigint[], p_people bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    WITH unnamed AS (
        DELETE FROM members_membername k USING unnest(p_unions, p_people) AS n (union_id, person_id)
         WHERE k.union_id = n.union_id AND k.person_id = n.person_id
    )
    DELETE FROM members_membermark k
     USING unnest(p_unions, p_people) AS n (union_id, person_id) JOIN members_person p ON p.id = n.person_id,
           unnest(members_marks_of(p.verification, p.groups)) AS worn
     WHERE k.mark = worn AND k.union_id = n.union_id AND k.person_id = n.person_id
$$;

CREATE FUNCTION members_name_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE members_membername SET words = members_words_of(NEW.name, NEW.pinyin)
     WHERE person_id = NEW.id
       AND union_id = (SELECT union_id FROM members_membership
                        WHERE person_id = NEW.id AND status IN ('active', 'transferring', 'retained'));
    RETURN NULL;
END $$;

CREATE TRIGGER members_name_changed AFTER UPDATE OF name, pinyin ON members_person FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.pinyin IS DISTINCT FROM NEW.pinyin)
    EXECUTE FUNCTION members_name_changed();

-- All of them anew, of rows that came past the triggers.
CREATE FUNCTION members_name_all() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    TRUNCATE members_membername;
    INSERT INTO members_membername (union_id, person_id, words)
    SELECT m.union_id, m.person_id, members_words_of(p.name, p.pinyin)
      FROM members_membership m JOIN members_person p ON p.id = m.person_id
     WHERE m.status IN ('active', 'transferring', 'retained') ORDER BY 1, 2;
END $$;

SELECT members_name_all();
