-- A bill's facts never change and add up: the parts of a line are its list price, the lines are the bill. What goes back is
-- counted from the refunds' rows here, never written by hand, and never more than was there.

CREATE FUNCTION bills_bill_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('bills_bill_stays', 'a bill stays');
    END IF;
    IF to_jsonb(NEW) - '{state,settled_at,payment_id,refunded_fen,updated_at}'::text[]
       IS DISTINCT FROM to_jsonb(OLD) - '{state,settled_at,payment_id,refunded_fen,updated_at}'::text[]
       OR (OLD.payment_id IS NOT NULL AND NEW.payment_id IS DISTINCT FROM OLD.payment_id)
       OR (NEW.refunded_fen <> OLD.refunded_fen AND pg_trigger_depth() < 2) THEN
        PERFORM kit_refuses('bills_bill_facts', 'the facts of a bill do not change');
    END IF;
    IF NEW.state <> OLD.state THEN
        IF NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY['held>settled', 'held>cancelled', 'settled>refunded']) THEN
            PERFORM kit_refuses('bills_bill_way', format('a bill cannot go from %s to %s', OLD.state, NEW.state));
        END IF;
        IF NEW.state = 'refunded' AND NEW.refunded_fen <> NEW.list_fen THEN
            PERFORM kit_refuses('bills_bill_way', 'a bill is refunded when all of it is');
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bills_bill_guard BEFORE UPDATE OR DELETE ON bills_bill
    FOR EACH ROW EXECUTE FUNCTION bills_bill_guard();

-- An ended bill frees its vouchers for another one.
CREATE FUNCTION bills_bill_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bills_billoffer SET is_live = false WHERE bill_id = NEW.id AND is_live;
    RETURN NULL;
END $$;

CREATE TRIGGER bills_bill_ended AFTER UPDATE OF state ON bills_bill
    FOR EACH ROW WHEN (NEW.state IN ('cancelled', 'refunded') AND OLD.state <> NEW.state)
    EXECUTE FUNCTION bills_bill_ended();

-- Lines and parts: only their counters of refunds move, and only from the refunds' own triggers.
CREATE TRIGGER bills_line_stays BEFORE UPDATE OR DELETE ON bills_billline
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{refunded_fen,refunded_quantity}');
CREATE TRIGGER bills_part_stays BEFORE UPDATE OR DELETE ON bills_billpart
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{refunded_fen}');
CREATE TRIGGER bills_offer_stays BEFORE UPDATE OR DELETE ON bills_billoffer
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{is_live}');
CREATE TRIGGER bills_refund_line_stays BEFORE UPDATE OR DELETE ON bills_refundline
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
CREATE TRIGGER bills_refund_part_stays BEFORE UPDATE OR DELETE ON bills_refundpart
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
CREATE FUNCTION bills_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.payment_refund_id IS NOT NULL AND NEW.payment_refund_id IS DISTINCT FROM OLD.payment_refund_id
       OR to_jsonb(NEW) - '{payment_refund_id,updated_at}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{payment_refund_id,updated_at}'::text[] THEN
        PERFORM kit_refuses('bills_billrefund_stays', 'this stays as it was written');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bills_refund_stays BEFORE UPDATE OR DELETE ON bills_billrefund
    FOR EACH ROW EXECUTE FUNCTION bills_refund_guard();

-- Sums. Lines of one statement, then parts of one statement: whatever is added later can no longer add up.
CREATE FUNCTION bills_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM bills_bill b JOIN bills_billline l ON l.bill_id = b.id
                WHERE b.id IN (SELECT bill_id FROM fresh) GROUP BY b.id HAVING sum(l.list_fen) <> b.list_fen) THEN
        PERFORM kit_refuses('bills_lines_add_up', 'the lines are the bill');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bills_lines_add_up AFTER INSERT ON bills_billline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bills_lines_add_up();

CREATE FUNCTION bills_parts_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM bills_billline l JOIN bills_billpart p ON p.line_id = l.id
                WHERE l.id IN (SELECT line_id FROM fresh) GROUP BY l.id HAVING sum(p.fen) <> l.list_fen) THEN
        PERFORM kit_refuses('bills_parts_add_up', 'the parts of a line are its list price');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bills_parts_add_up AFTER INSERT ON bills_billpart REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bills_parts_add_up();

CREATE FUNCTION bills_bill_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE on_lines bigint; on_parts bigint; worker bigint; with_points bigint;
BEGIN
    SELECT COALESCE(sum(list_fen), 0) INTO on_lines FROM bills_billline WHERE bill_id = NEW.id;
    SELECT COALESCE(sum(p.fen), 0), COALESCE(sum(p.fen) FILTER (WHERE p.payer = 'worker'), 0),
           COALESCE(sum(p.fen) FILTER (WHERE p.payer = 'points'), 0)
      INTO on_parts, worker, with_points
      FROM bills_billpart p JOIN bills_billline l ON l.id = p.line_id WHERE l.bill_id = NEW.id;
    IF on_lines <> NEW.list_fen OR on_parts <> NEW.list_fen THEN
        PERFORM kit_refuses('bills_bill_whole', 'lines and parts add up to the bill');
    END IF;
    IF worker <> NEW.due_fen OR with_points <> NEW.points * 100 THEN
        PERFORM kit_refuses('bills_bill_whole', 'what the worker and the points pay is what the bill says');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bills_bill_whole AFTER INSERT ON bills_bill DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION bills_bill_whole();

-- Refunds: of the bill's own lines and parts, counted on them; CHECKs there say "at most once".
CREATE FUNCTION bills_refund_line_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh f JOIN bills_billrefund r ON r.id = f.refund_id JOIN bills_billline l ON l.id = f.line_id
                WHERE l.bill_id <> r.bill_id) THEN
        PERFORM kit_refuses('bills_refund_of_its_bill', 'a refund is of lines of its bill');
    END IF;
    UPDATE bills_billline l SET refunded_fen = l.refunded_fen + f.list_fen, refunded_quantity = l.refunded_quantity + f.quantity
      FROM fresh f WHERE l.id = f.line_id;
    UPDATE bills_bill b SET refunded_fen = b.refunded_fen + back.list_fen
      FROM (SELECT r.bill_id, sum(f.list_fen) AS list_fen FROM fresh f JOIN bills_billrefund r ON r.id = f.refund_id
             GROUP BY r.bill_id) back
     WHERE b.id = back.bill_id;
    RETURN NULL;
END $$;
CREATE TRIGGER bills_refund_line_counts AFTER INSERT ON bills_refundline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bills_refund_line_counts();

CREATE FUNCTION bills_refund_part_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh f JOIN bills_refundline r ON r.id = f.refund_line_id JOIN bills_billpart p ON p.id = f.part_id
                WHERE p.line_id <> r.line_id) THEN
        PERFORM kit_refuses('bills_refund_of_its_line', 'a refund is of parts of its line');
    END IF;
    UPDATE bills_billpart p SET refunded_fen = p.refunded_fen + f.fen FROM fresh f WHERE p.id = f.part_id;
    RETURN NULL;
END $$;
CREATE TRIGGER bills_refund_part_counts AFTER INSERT ON bills_refundpart REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bills_refund_part_counts();

-- Points go back whole, so the fen of a broken point may wait; a line that is back is back to the fen.
CREATE FUNCTION bills_refund_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE listed bigint; worker bigint; with_points bigint; bill bills_bill;
BEGIN
    SELECT * INTO bill FROM bills_bill WHERE id = NEW.bill_id;
    IF bill.state NOT IN ('settled', 'refunded') THEN
        PERFORM kit_refuses('bills_refund_of_settled', 'only what was settled is refunded');
    END IF;
    SELECT COALESCE(sum(list_fen), 0) INTO listed FROM bills_refundline WHERE refund_id = NEW.id;
    SELECT COALESCE(sum(f.fen) FILTER (WHERE p.payer = 'worker'), 0), COALESCE(sum(f.fen) FILTER (WHERE p.payer = 'points'), 0)
      INTO worker, with_points
      FROM bills_refundpart f JOIN bills_refundline l ON l.id = f.refund_line_id JOIN bills_billpart p ON p.id = f.part_id
     WHERE l.refund_id = NEW.id;
    IF listed <> NEW.list_fen OR worker <> NEW.worker_fen OR with_points <> NEW.points * 100 THEN
        PERFORM kit_refuses('bills_refund_whole', 'lines and parts add up to the refund');
    END IF;
    IF EXISTS (SELECT FROM bills_billline l JOIN bills_billpart p ON p.line_id = l.id
                WHERE l.id IN (SELECT line_id FROM bills_refundline WHERE refund_id = NEW.id)
                GROUP BY l.id
               HAVING sum(p.refunded_fen) > l.refunded_fen
                   OR l.refunded_fen - sum(p.refunded_fen) >= 100 * GREATEST(count(*) FILTER (WHERE p.payer = 'points'), 1)
                   OR (l.refunded_fen = l.list_fen AND sum(p.refunded_fen) <> l.list_fen)
                   OR (bool_and(p.payer <> 'points') AND sum(p.refunded_fen) <> l.refunded_fen)) THEN
        PERFORM kit_refuses('bills_refund_whole', 'what went back of a line is what its funders got back');
    END IF;
    IF bill.refunded_fen = bill.list_fen AND bill.state <> 'refunded' THEN
        PERFORM kit_refuses('bills_refund_whole', 'a bill all of which went back is refunded');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bills_refund_whole AFTER INSERT ON bills_billrefund DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION bills_refund_whole();
