-- The number an office gave an offer in its sheets is the offer's for good, and belongs to the union the offer is of.
CREATE FUNCTION bills_offer_key_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM bills_offerterms t JOIN benefits_offer o ON o.id = t.offer_id
                   WHERE t.id = NEW.terms_id AND o.union_id = NEW.union_id) THEN
        RAISE EXCEPTION 'the number of an offer belongs to the union of the offer' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bills_offer_key_fits BEFORE INSERT ON bills_offerkey
    FOR EACH ROW EXECUTE FUNCTION bills_offer_key_fits();

CREATE TRIGGER bills_offer_key_stays BEFORE UPDATE OR DELETE ON bills_offerkey
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
