-- What was sent to be signed is what is signed, and stays: recalling it first clears `sent_at`. The last day may come
-- earlier (a renewal), and an account left open is entered later.
CREATE FUNCTION partners_terms_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.partner_id, NEW.union_id, NEW.concession, NEW.concession_permille, NEW.starts_on, NEW.cycle, NEW.silent_days, NEW.fee_bp)
       IS DISTINCT FROM
       (OLD.partner_id, OLD.union_id, OLD.concession, OLD.concession_permille, OLD.starts_on, OLD.cycle, OLD.silent_days, OLD.fee_bp)
    THEN
        PERFORM kit_refuses('partner_agreement_terms_stay', 'the terms sent to be signed stay');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partners_terms_stay BEFORE UPDATE ON partners_agreement
    FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL) EXECUTE FUNCTION partners_terms_stay();
