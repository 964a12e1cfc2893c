-- What was reviewed is what is sold: a product's facts change in a draft only; stock moves at any time, never below zero.

CREATE FUNCTION mall_product_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,checker_id,maker_id,reason,stock,updated_at}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            PERFORM kit_refuses('mall_product_way', 'a product begins as a draft');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('mall_product_facts', 'a product that was handed in does not change');
    END IF;
    IF NEW.shop_id <> OLD.shop_id OR (OLD.state <> 'draft' AND NEW.maker_id <> OLD.maker_id) THEN
        PERFORM kit_refuses('mall_product_facts', 'a product stays with its shop and its maker');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>submitted', 'submitted>listed', 'submitted>draft', 'listed>down', 'down>listed', 'down>draft']) THEN
        PERFORM kit_refuses('mall_product_way', format('a product cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mall_product_guard BEFORE INSERT OR UPDATE ON mall_product
    FOR EACH ROW EXECUTE FUNCTION mall_product_guard();
