-- A pack's content is what was reviewed, and the places promised to packs are never taken from a pool.

CREATE FUNCTION bills_promised_to_packs(p_pool bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT COALESCE(sum(i.count * (SELECT COALESCE(sum(capacity), 0) FROM benefits_pool WHERE release_id = i.pack_id)), 0)::bigint
      FROM bills_packitem i JOIN benefits_release r ON r.id = i.pack_id
     WHERE i.pool_id = p_pool AND r.state NOT IN ('draft', 'cancelled')
$$;

CREATE FUNCTION bills_pack_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM benefits_release WHERE id = COALESCE(NEW.pack_id, OLD.pack_id)) <> 'draft' THEN
        PERFORM kit_refuses('bills_pack_of_draft', 'what was reviewed is in the pack');
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER bills_pack_of_draft BEFORE INSERT OR UPDATE OR DELETE ON bills_packitem
    FOR EACH ROW EXECUTE FUNCTION bills_pack_of_draft();

CREATE FUNCTION bills_pool_keeps_packs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.capacity < bills_promised_to_packs(NEW.id) THEN
        PERFORM kit_refuses('bills_pool_keeps_packs', 'places promised to packs stay');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bills_pool_keeps_packs BEFORE UPDATE OF capacity ON benefits_pool
    FOR EACH ROW WHEN (NEW.capacity < OLD.capacity) EXECUTE FUNCTION bills_pool_keeps_packs();
