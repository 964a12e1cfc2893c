-- Stock is taken by the line and given back by the order, whoever writes: the CHECK of the product says "never more than there is",
-- the CHECK of the line "never back twice".

CREATE FUNCTION mall_order_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE fixed text[] := '{id,key,basket_key,shop_id,person_id,receiver,phone,address,created_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('mall_order_stays', 'an order stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'created' THEN
            PERFORM kit_refuses('mall_order_way', 'an order begins as created');
        END IF;
        RETURN NEW;
    END IF;
    IF (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(NEW)) WHERE key = ANY (fixed))
       IS DISTINCT FROM
       (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (fixed))
       OR (OLD.bill_id IS NOT NULL AND NEW.bill_id IS DISTINCT FROM OLD.bill_id)
       OR (OLD.tracking_no <> '' AND NEW.tracking_no <> OLD.tracking_no) THEN
        PERFORM kit_refuses('mall_order_facts', 'the facts of an order do not change');
    END IF;
    IF NEW.bill_id IS DISTINCT FROM OLD.bill_id AND NOT EXISTS (
        SELECT FROM bills_bill b JOIN mall_shop s ON s.store_id = b.store_id
         WHERE b.id = NEW.bill_id AND s.id = NEW.shop_id AND b.person_id = NEW.person_id) THEN
        PERFORM kit_refuses('mall_order_bill', 'the bill is of another shop or another person');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'created>points_held', 'created>cancelled', 'points_held>paid', 'points_held>cancelled', 'paid>to_ship',
        'paid>refund_requested', 'paid>refunded', 'to_ship>shipped', 'to_ship>refund_requested', 'to_ship>refunded',
        'refund_requested>to_ship', 'refund_requested>refunded', 'shipped>delivered', 'shipped>returned',
        'delivered>completed', 'delivered>returned']) THEN
        PERFORM kit_refuses('mall_order_way', format('an order cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mall_order_guard BEFORE INSERT OR UPDATE OR DELETE ON mall_mallorder
    FOR EACH ROW EXECUTE FUNCTION mall_order_guard();

-- Nothing of it was sent: every piece is on the shelf again.
CREATE FUNCTION mall_order_unsent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mall_orderline SET restocked = quantity WHERE order_id = NEW.id AND restocked < quantity;
    RETURN NULL;
END $$;
CREATE TRIGGER mall_order_unsent AFTER UPDATE OF state ON mall_mallorder
    FOR EACH ROW WHEN (NEW.state IN ('cancelled', 'refunded') AND OLD.state <> NEW.state)
    EXECUTE FUNCTION mall_order_unsent();

CREATE FUNCTION mall_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('mall_line_stays', 'a line stays with its order');
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.restocked := 0;
        IF NOT EXISTS (SELECT FROM mall_mallorder o JOIN mall_product p ON p.shop_id = o.shop_id
                        WHERE o.id = NEW.order_id AND o.state = 'created' AND p.id = NEW.product_id AND p.state = 'listed') THEN
            PERFORM kit_refuses('mall_line_of_its_shop', 'a line is of a product its shop has on the shelf');
        END IF;
    ELSIF to_jsonb(NEW) - '{restocked,updated_at}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{restocked,updated_at}'::text[]
          OR NEW.restocked < OLD.restocked THEN
        PERFORM kit_refuses('mall_line_facts', 'the facts of a line do not change');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mall_line_guard BEFORE INSERT OR UPDATE OR DELETE ON mall_orderline
    FOR EACH ROW EXECUTE FUNCTION mall_line_guard();

CREATE FUNCTION mall_line_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE mall_product SET stock = stock - NEW.quantity, updated_at = now() WHERE id = NEW.product_id;
    ELSE
        UPDATE mall_product SET stock = stock + NEW.restocked - OLD.restocked, updated_at = now() WHERE id = NEW.product_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mall_line_takes_stock AFTER INSERT ON mall_orderline
    FOR EACH ROW EXECUTE FUNCTION mall_line_stock();
CREATE TRIGGER mall_line_gives_stock AFTER UPDATE OF restocked ON mall_orderline
    FOR EACH ROW WHEN (NEW.restocked <> OLD.restocked) EXECUTE FUNCTION mall_line_stock();

CREATE FUNCTION mall_after_sale_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('mall_after_sale_stays', 'an after-sale stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'applied' OR NEW.quantity > (SELECT quantity FROM mall_orderline WHERE id = NEW.line_id) THEN
            PERFORM kit_refuses('mall_after_sale_way', 'an after-sale begins as applied, of no more than was bought');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.line_id, NEW.quantity, NEW.wanted, NEW.reason) IS DISTINCT FROM (OLD.line_id, OLD.quantity, OLD.wanted, OLD.reason)
       OR (OLD.refund_id IS NOT NULL AND NEW.refund_id IS DISTINCT FROM OLD.refund_id) THEN
        PERFORM kit_refuses('mall_after_sale_facts', 'the facts of an after-sale do not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'applied>agreed', 'applied>refused', 'applied>withdrawn', 'refused>withdrawn', 'agreed>withdrawn', 'refused>appealed',
        'appealed>agreed', 'appealed>dismissed', 'agreed>received', 'received>refunded', 'received>replaced']) THEN
        PERFORM kit_refuses('mall_after_sale_way', format('an after-sale cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mall_after_sale_guard BEFORE INSERT OR UPDATE OR DELETE ON mall_aftersale
    FOR EACH ROW EXECUTE FUNCTION mall_after_sale_guard();
