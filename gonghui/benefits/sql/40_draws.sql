-- Nobody redraws quietly: what was published stays as it was, and a draw is drawn once. The seed's own bytes may
-- be resealed when keys rotate; its published hash may not change.

CREATE FUNCTION benefits_draw_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'configured' THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'a published draw stays' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'configured>published', 'published>drawn', 'published>voided', 'drawn>voided']) THEN
        RAISE EXCEPTION 'a draw cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'configured' AND
       (NEW.release_id, NEW.pool_id, NEW.seed_hash, NEW.entries_root, NEW.entries_count, NEW.published_at)
       IS DISTINCT FROM
       (OLD.release_id, OLD.pool_id, OLD.seed_hash, OLD.entries_root, OLD.entries_count, OLD.published_at)
    THEN
        RAISE EXCEPTION 'a published commitment does not change' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'configured' AND NEW.state = 'published' THEN
        -- An entry that slipped in after the list was hashed stops the publication.
        PERFORM FROM benefits_pool WHERE id = NEW.pool_id FOR NO KEY UPDATE;
        IF NEW.entries_count <> (SELECT count(*) FROM benefits_drawentry WHERE pool_id = NEW.pool_id) THEN
            RAISE EXCEPTION 'the list changed while it was published' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF OLD.state IN ('drawn', 'voided') AND
       (NEW.revealed_seed, NEW.drawn_at) IS DISTINCT FROM (OLD.revealed_seed, OLD.drawn_at) THEN
        RAISE EXCEPTION 'a drawn draw does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER benefits_draw_guard BEFORE UPDATE OR DELETE ON benefits_draw
    FOR EACH ROW EXECUTE FUNCTION benefits_draw_guard();

-- Entries freeze with the publication; afterwards only the result may be written, once.
CREATE FUNCTION benefits_draw_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.pool_id ELSE OLD.pool_id END;
    frozen boolean;
BEGIN
    -- Waits for a publication under way, so that no entry slips in between counting and publishing.
    PERFORM FROM benefits_pool WHERE id = touched FOR SHARE;
    frozen := EXISTS (SELECT FROM benefits_draw WHERE pool_id = touched AND state IN ('published', 'drawn'));
    IF TG_OP = 'UPDATE' THEN
        IF frozen AND (NEW.release_id, NEW.pool_id, NEW.person_id, NEW.booked_by_id, NEW.seats, NEW.weight)
           IS DISTINCT FROM (OLD.release_id, OLD.pool_id, OLD.person_id, OLD.booked_by_id, OLD.seats, OLD.weight)
        THEN
            RAISE EXCEPTION 'the entries of a published draw do not change' USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.outcome <> '' AND (NEW.rank, NEW.outcome) IS DISTINCT FROM (OLD.rank, OLD.outcome) THEN
            RAISE EXCEPTION 'a drawn result does not change' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF frozen THEN
        RAISE EXCEPTION 'the entries of a published draw do not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER benefits_draw_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON benefits_drawentry
    FOR EACH ROW EXECUTE FUNCTION benefits_draw_entry_guard();
