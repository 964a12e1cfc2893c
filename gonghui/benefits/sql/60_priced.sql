-- A voucher of a priced offer is used on a bill; a bill that ends gives it back. Everything else as in 20_vouchers.sql.

CREATE OR REPLACE FUNCTION benefits_voucher_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.pool_id, NEW.release_id, NEW.person_id, NEW.seats, NEW.nth, NEW.code, NEW.serial, NEW.claim_key)
       IS DISTINCT FROM
       (OLD.pool_id, OLD.release_id, OLD.person_id, OLD.seats, OLD.nth, OLD.code, OLD.serial, OLD.claim_key) THEN
        RAISE EXCEPTION 'what a voucher says does not change' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'held>confirmed', 'held>returned', 'held>expired', 'held>voided',
        'confirmed>exchanged', 'confirmed>redeemed', 'confirmed>returned', 'confirmed>expired', 'confirmed>voided',
        'confirmed>no_show', 'exchanged>redeemed', 'exchanged>voided', 'exchanged>no_show', 'no_show>redeemed'])
       AND NOT (OLD.state || '>' || NEW.state = 'redeemed>confirmed' AND EXISTS (
            SELECT FROM benefits_release r JOIN benefits_offer o ON o.id = r.offer_id
             WHERE r.id = NEW.release_id AND o.is_priced))
    THEN
        RAISE EXCEPTION 'a voucher cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
