-- A window is for stores of its own offer: asked when the draft goes to its reviewer, as stores may still be missing before.
CREATE FUNCTION bills_windows_at_own_stores() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM bills_offerwindow w CROSS JOIN unnest(w.store_ids) AS named(store_id)
                WHERE w.terms_id = NEW.id AND NOT EXISTS (
                      SELECT 1 FROM bills_offerstore s WHERE s.terms_id = NEW.id AND s.store_id = named.store_id)) THEN
        PERFORM kit_refuses('bills_window_own_stores', 'a window is for stores of its own offer');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bills_windows_at_own_stores BEFORE UPDATE OF state ON bills_offerterms
    FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'reviewed') EXECUTE FUNCTION bills_windows_at_own_stores();
