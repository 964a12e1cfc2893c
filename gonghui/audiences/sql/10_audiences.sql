-- A wording stays as it was written; audiences ask each other in no circle; an audience stays where and as secret as it was.

CREATE TRIGGER audiences_version_stays BEFORE UPDATE OR DELETE ON audiences_audienceversion
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
CREATE TRIGGER audiences_list_stays BEFORE UPDATE OR DELETE ON audiences_peoplelist
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');

-- By the wordings in force. One at a time: two saved at once could close a circle that neither sees.
CREATE FUNCTION audiences_no_circle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + COALESCE((SELECT max(number) FROM audiences_audienceversion v WHERE v.audience_id = NEW.audience_id), 0)
    THEN
        PERFORM kit_refuses('audience_version_in_turn', 'versions are numbered one by one');
    END IF;
    IF cardinality(NEW.uses) = 0 THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('audiences.circle', 0));
    IF EXISTS (
        WITH RECURSIVE asked (id) AS (
            SELECT unnest(NEW.uses)
            UNION
            SELECT unnest(v.uses) FROM asked JOIN audiences_audienceversion v ON v.audience_id = asked.id
             WHERE v.number = (SELECT max(l.number) FROM audiences_audienceversion l WHERE l.audience_id = asked.id)
        ) SELECT FROM asked WHERE id = NEW.audience_id) THEN
        PERFORM kit_refuses('audience_no_circle', 'an audience asks itself');
    END IF;
    IF EXISTS (SELECT FROM unnest(NEW.uses) AS asked (id)
                WHERE NOT EXISTS (SELECT FROM audiences_audience a WHERE a.id = asked.id)) THEN
        PERFORM kit_refuses('audience_uses_known', 'an audience that is not there');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audiences_no_circle BEFORE INSERT ON audiences_audienceversion
    FOR EACH ROW EXECUTE FUNCTION audiences_no_circle();

CREATE FUNCTION audiences_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.union_id <> OLD.union_id OR NEW.salt <> OLD.salt THEN
        PERFORM kit_refuses('audience_facts', 'an audience keeps its union and its draw');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audiences_guard BEFORE UPDATE ON audiences_audience FOR EACH ROW EXECUTE FUNCTION audiences_guard();

-- A slice holds whom it says, and somebody.
ALTER TABLE audiences_audienceslice ADD CONSTRAINT audience_slice_holds_its_own CHECK (
    cardinality(people) BETWEEN 1 AND 4096 AND people[1] / 4096 = slice_no AND people[cardinality(people)] / 4096 = slice_no);
