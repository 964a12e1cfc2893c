-- A provider's coupons are drafted by one and approved by another; CHECK payment_stock_maker_is_not_checker compares the two.
-- Rows of before that have no maker; none is added to them.
CREATE FUNCTION payments_stock_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.maker_id IS NULL OR NEW.state <> 'draft' THEN
            PERFORM kit_refuses('payment_stock_begins_as_a_draft', 'a stock begins as a draft of somebody');
        END IF;
    ELSIF NEW.maker_id IS DISTINCT FROM OLD.maker_id
          OR OLD.checker_id IS NOT NULL AND NEW.checker_id IS DISTINCT FROM OLD.checker_id
          OR (NEW.union_id, NEW.name, NEW.face_fen, NEW.threshold_fen, NEW.total, NEW.key)
             IS DISTINCT FROM (OLD.union_id, OLD.name, OLD.face_fen, OLD.threshold_fen, OLD.total, OLD.key) THEN
        PERFORM kit_refuses('payment_stock_stays', 'a stock stays as it was drafted');
    ELSIF NEW.state <> OLD.state
          AND OLD.state || '>' || NEW.state NOT IN ('draft>pending', 'draft>rejected', 'pending>active') THEN
        PERFORM kit_refuses('payment_stock_way', 'a stock goes from draft to approval to the provider');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_stock_by_two BEFORE INSERT OR UPDATE ON payments_externalstock
    FOR EACH ROW EXECUTE FUNCTION payments_stock_by_two();
