-- News of what members do: written by triggers over the tables in which it stands (following.py), looked at by one job.

-- By the wordings in force of audiences in use; whoever asks another audience asks what that one does.
CREATE FUNCTION audiences_are_asked(p_topic text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM audiences_audienceversion v JOIN audiences_audience a ON a.id = v.audience_id
         WHERE v.topics @> ARRAY[p_topic] AND a.state = 'active'
           AND NOT EXISTS (SELECT FROM audiences_audienceversion later
                            WHERE later.audience_id = v.audience_id AND later.number > v.number))
$$;

-- A row for every thousand, and one job, which looks at all that is there by then.
CREATE FUNCTION audiences_tell(p_topic text, p_people bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audiences_audiencenews (topic, people)
    SELECT p_topic, array_agg(told.person ORDER BY told.person)
      FROM (SELECT person, row_number() OVER (ORDER BY person) AS nth FROM unnest(p_people) AS person
             WHERE person IS NOT NULL) told
     GROUP BY (told.nth - 1) / 1000;
    IF FOUND THEN
        PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
            'audiences_news', 'gonghui.audiences.tasks.look_at_news', 0, NULL, NULL, '{}'::jsonb, NULL
        )::procrastinate_job_to_defer_v1]);
    END IF;
END $$;
