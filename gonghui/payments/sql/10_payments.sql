-- refunded_fen follows the refunds that were not refused; CHECK payment_refunded_at_most_once refuses what is too much.
CREATE FUNCTION payments_count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.payment_id, NEW.amount_fen, NEW.key, NEW.out_refund_no)
           IS DISTINCT FROM (OLD.payment_id, OLD.amount_fen, OLD.key, OLD.out_refund_no) THEN
            RAISE EXCEPTION 'a refund keeps its payment, amount and numbers' USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.state <> 'requested' AND NEW.state <> OLD.state THEN
            RAISE EXCEPTION 'a refund is settled once' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.state = 'failed' AND OLD.state = 'requested' THEN
            UPDATE payments_payment SET refunded_fen = refunded_fen - NEW.amount_fen WHERE id = NEW.payment_id;
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state = 'failed' THEN
        RAISE EXCEPTION 'a refund begins requested' USING ERRCODE = 'check_violation';
    END IF;
    UPDATE payments_payment SET refunded_fen = refunded_fen + NEW.amount_fen
     WHERE id = NEW.payment_id AND state = 'succeeded';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a payment that succeeded is refunded' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_refund_counts BEFORE INSERT OR UPDATE ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_count_refund();
CREATE TRIGGER payments_refund_stays BEFORE DELETE ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();

CREATE FUNCTION payments_keep_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.key, NEW.person_id, NEW.union_id, NEW.amount_fen, NEW.method, NEW.purpose, NEW.out_trade_no)
       IS DISTINCT FROM (OLD.key, OLD.person_id, OLD.union_id, OLD.amount_fen, OLD.method, OLD.purpose, OLD.out_trade_no)
       OR (OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS DISTINCT FROM OLD.transaction_id) THEN
        RAISE EXCEPTION 'a payment keeps who, what for, how much and its numbers' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'succeeded' AND NEW.state <> 'succeeded' THEN
        RAISE EXCEPTION 'a payment that succeeded stays so' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_keeps BEFORE UPDATE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_keep_payment();
CREATE TRIGGER payments_payment_stays BEFORE DELETE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();

CREATE TRIGGER payments_notification_append_only BEFORE UPDATE OR DELETE ON payments_notification
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER payments_notification_whole BEFORE TRUNCATE ON payments_notification
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER payments_couponevent_append_only BEFORE UPDATE OR DELETE ON payments_couponevent
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER payments_couponevent_whole BEFORE TRUNCATE ON payments_couponevent
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
