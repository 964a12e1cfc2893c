-- A month's allotment gives all of its sum and not a fen more; what was worked out stays as it was, only its state moves.

CREATE FUNCTION mall_retune_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE given bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('mall_retune_stays', 'an allotment stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT sum((item ->> 'fen')::bigint) INTO given FROM jsonb_array_elements(NEW.items) item WHERE (item ->> 'fen')::bigint >= 0;
        IF NEW.state <> 'drafted' OR given IS DISTINCT FROM NEW.total_fen THEN
            PERFORM kit_refuses('mall_retune_conserves', 'an allotment begins as a draft and adds up to its sum');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - '{state,checker_id,updated_at}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{state,checker_id,updated_at}'::text[] THEN
        PERFORM kit_refuses('mall_retune_facts', 'the facts of an allotment do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'drafted>agreed', 'agreed>started', 'started>over', 'drafted>withdrawn', 'agreed>withdrawn']) THEN
        PERFORM kit_refuses('mall_retune_way', format('an allotment cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mall_retune_guard BEFORE INSERT OR UPDATE OR DELETE ON mall_retune
    FOR EACH ROW EXECUTE FUNCTION mall_retune_guard();
