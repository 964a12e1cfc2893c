-- What was reviewed is what is published: facts of terms change in a draft only; a discount has one funder that takes the rest.

CREATE FUNCTION bills_terms_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            PERFORM kit_refuses('bills_terms_stay', 'only a draft is thrown away');
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - '{state,checker_id,updated_at}'::text[]
                  IS DISTINCT FROM to_jsonb(OLD) - '{state,checker_id,updated_at}'::text[] THEN
        PERFORM kit_refuses('bills_terms_facts', 'terms that were reviewed do not change');
    END IF;
    IF NEW.state <> OLD.state THEN
        IF NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
            'draft>reviewed', 'reviewed>draft', 'reviewed>published', 'published>paused', 'paused>published',
            'draft>ended', 'reviewed>ended', 'published>ended', 'paused>ended']) THEN
            PERFORM kit_refuses('bills_terms_way', format('terms cannot go from %s to %s', OLD.state, NEW.state));
        END IF;
        IF OLD.state = 'draft' AND NEW.state = 'reviewed'
           AND (SELECT count(*) FROM bills_fundingshare WHERE terms_id = NEW.id AND takes_rest) <> 1 THEN
            PERFORM kit_refuses('bills_share_one_takes_the_rest', 'one funder takes the rest');
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bills_terms_guard BEFORE UPDATE OR DELETE ON bills_offerterms
    FOR EACH ROW EXECUTE FUNCTION bills_terms_guard();

-- Shares, windows and limits stand and fall with the draft. Stores may join and leave until the offer ends.
CREATE FUNCTION bills_part_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE at_state text;
BEGIN
    SELECT state INTO at_state FROM bills_offerterms WHERE id = COALESCE(NEW.terms_id, OLD.terms_id);
    IF at_state IS NOT NULL AND at_state <> 'draft' THEN
        PERFORM kit_refuses('bills_terms_facts', 'terms that were reviewed do not change');
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER bills_share_of_draft BEFORE INSERT OR UPDATE OR DELETE ON bills_fundingshare
    FOR EACH ROW EXECUTE FUNCTION bills_part_of_draft();
CREATE TRIGGER bills_window_of_draft BEFORE INSERT OR UPDATE OR DELETE ON bills_offerwindow
    FOR EACH ROW EXECUTE FUNCTION bills_part_of_draft();
CREATE TRIGGER bills_limit_of_draft BEFORE INSERT OR UPDATE OR DELETE ON bills_offerlimit
    FOR EACH ROW EXECUTE FUNCTION bills_part_of_draft();
