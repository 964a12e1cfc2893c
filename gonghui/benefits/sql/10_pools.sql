-- Pools count themselves: `remaining` follows the vouchers and the capacity, whatever else is written to it.

CREATE FUNCTION benefits_pool_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.remaining := NEW.capacity;
        NEW.next_serial := 1;
        NEW.next_position := 1;
        RETURN NEW;
    END IF;
    IF NEW.release_id <> OLD.release_id THEN
        RAISE EXCEPTION 'a pool stays with its release' USING ERRCODE = 'check_violation';
    END IF;
    -- Depth 1 is a statement somebody wrote; only the vouchers' trigger (depth 2) moves `remaining`.
    IF pg_trigger_depth() = 1 THEN
        NEW.remaining := OLD.remaining + NEW.capacity - OLD.capacity;
    END IF;
    -- A form saved late brings old counters along; they never run backwards.
    NEW.next_serial := greatest(OLD.next_serial, NEW.next_serial);
    NEW.next_position := greatest(OLD.next_position, NEW.next_position);
    RETURN NEW;
END $$;

CREATE TRIGGER benefits_pool_guard BEFORE INSERT OR UPDATE ON benefits_pool
    FOR EACH ROW EXECUTE FUNCTION benefits_pool_guard();

-- Counters move thousands of times a minute and are proven by the vouchers; people's changes are recorded.
CREATE TRIGGER benefits_pool_audit
    AFTER INSERT OR DELETE OR UPDATE OF release_id, label, capacity, opens_at, closes_at, valid_from, valid_until,
        place, store_id, honour_by
    ON benefits_pool FOR EACH ROW EXECUTE FUNCTION kit_audit_row();

-- What gates keep in memory is told to be old. Delivered when the change commits.
CREATE FUNCTION benefits_tell_gates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gonghui_gate', json_build_object(TG_ARGV[0], to_jsonb(NEW) -> TG_ARGV[1])::text);
    RETURN NULL;
END $$;

CREATE TRIGGER benefits_pool_told AFTER UPDATE OF capacity, opens_at, closes_at ON benefits_pool
    FOR EACH ROW EXECUTE FUNCTION benefits_tell_gates('pool', 'id');

CREATE TRIGGER benefits_release_told
    AFTER UPDATE OF state, mode, opens_at, closes_at, per_person, party_max, waitlist_max ON benefits_release
    FOR EACH ROW EXECUTE FUNCTION benefits_tell_gates('release', 'id');

CREATE TRIGGER benefits_page_told AFTER INSERT OR UPDATE ON benefits_waitingpage
    FOR EACH ROW EXECUTE FUNCTION benefits_tell_gates('page', 'release_id');
