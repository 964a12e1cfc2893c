-- Nothing lies above itself, no two binding agreements share a day, and what a user owns through merchant roles.

CREATE FUNCTION partners_no_circle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NULL THEN
        RETURN NEW;
    END IF;
    -- One move at a time: two halves of a circle made at once would not see each other.
    PERFORM pg_advisory_xact_lock(hashtext('partners_no_circle'));
    IF EXISTS (
        WITH RECURSIVE above(id) AS (
            SELECT NEW.parent_id
            UNION
            SELECT p.parent_id FROM partners_partner p JOIN above a ON p.id = a.id WHERE p.parent_id IS NOT NULL
        )
        SELECT FROM above WHERE id = NEW.id)
    THEN
        RAISE EXCEPTION 'partner_in_a_circle: the parent lies below the partner' USING ERRCODE = 'check_violation',
              CONSTRAINT = 'partner_in_a_circle';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER partners_no_circle BEFORE INSERT OR UPDATE OF parent_id ON partners_partner
    FOR EACH ROW EXECUTE FUNCTION partners_no_circle();

-- Ranges of one number stand for equality: no extension is needed.
ALTER TABLE partners_agreement ADD CONSTRAINT partner_agreements_do_not_overlap EXCLUDE USING gist (
    int8range(partner_id, partner_id, '[]') WITH &&,
    int8range(union_id, union_id, '[]') WITH &&,
    daterange(starts_on, ends_on, '[]') WITH &&
) WHERE (state IN ('signed', 'effective', 'expiring'));

-- partner: those held and all below them; books: the stores whose money is seen; store: where vouchers are honoured.
CREATE FUNCTION partners_keys(of_user bigint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    partner_ids bigint[]; book_ids bigint[]; store_ids bigint[];
BEGIN
    WITH RECURSIVE held(id) AS (
        SELECT r.partner_id FROM partners_merchantrole r
         WHERE r.user_id = of_user AND r.ended_at IS NULL AND r.store_id IS NULL
        UNION
        SELECT p.id FROM partners_partner p JOIN held h ON p.parent_id = h.id
    )
    SELECT coalesce(array_agg(id), '{}') INTO partner_ids FROM held;

    SELECT coalesce(array_agg(s.id), '{}'), coalesce(array_agg(s.id) FILTER (WHERE p.state = 'active' OR (
               p.state = 'exited' AND p.honours_until >= (now() AT TIME ZONE 'Asia/Shanghai')::date)), '{}')
      INTO book_ids, store_ids
      FROM partners_store s JOIN partners_partner p ON p.id = s.partner_id
     WHERE s.partner_id = ANY (partner_ids)
        OR s.id IN (SELECT r.store_id FROM partners_merchantrole r WHERE r.user_id = of_user AND r.ended_at IS NULL);

    RETURN jsonb_build_object('partner', to_jsonb(partner_ids), 'books', to_jsonb(book_ids), 'store', to_jsonb(store_ids));
END $$;
