-- No stock with a budget behind it is ordered from the provider before its money is set aside, and none loses it afterwards.
CREATE FUNCTION bills_stock_is_covered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM bills_stockfunding f WHERE f.stock_id = NEW.id AND f.commitment_id IS NULL) THEN
        PERFORM kit_refuses('bills_stock_is_covered', 'the money of a stock is set aside before it is ordered');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bills_stock_is_covered BEFORE UPDATE OF state ON payments_externalstock
    FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'pending') EXECUTE FUNCTION bills_stock_is_covered();

CREATE FUNCTION bills_stock_funding_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kit_refuses('bills_stock_funding_stays', 'what pays for a stock stays as it was');
END $$;
CREATE TRIGGER bills_stock_funding_stays BEFORE UPDATE ON bills_stockfunding
    FOR EACH ROW WHEN ((OLD.stock_id, OLD.budget_id) IS DISTINCT FROM (NEW.stock_id, NEW.budget_id)
                       OR OLD.commitment_id IS NOT NULL AND NEW.commitment_id IS DISTINCT FROM OLD.commitment_id)
    EXECUTE FUNCTION bills_stock_funding_stays();
