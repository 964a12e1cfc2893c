-- The number is the person's, for life: whoever is a member already keeps theirs, whoever may become one has it waiting. The
-- column is written anew with the whole table, in one go: millions of people, and nobody's change.
CREATE FUNCTION members_number_for(p_person bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce((SELECT m.number FROM members_membership m WHERE m.person_id = p_person
                      ORDER BY m.status IN ('active', 'transferring', 'retained') DESC, m.id DESC LIMIT 1), members_next_number())
$$;
ALTER TABLE members_person ALTER COLUMN number TYPE bigint USING members_number_for(id);
DROP FUNCTION members_number_for(bigint);
