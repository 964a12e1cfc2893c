-- 工惠日: what reviewed offers and running series follow only gets further dates; nobody follows the day of a union beside theirs.
CREATE FUNCTION bills_benefit_day_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{name,days,ended_at,updated_at}';
BEGIN
    IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving AND NEW.days @> OLD.days THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM bills_offerwindow w JOIN bills_offerterms t ON t.id = w.terms_id
                WHERE w.benefit_day_id = OLD.id AND t.state <> 'draft')
       OR EXISTS (SELECT 1 FROM bills_releaseseries WHERE benefit_day_id = OLD.id AND state = 'reviewed') THEN
        PERFORM kit_refuses('bills_benefit_day_followed', 'days that reviewed offers and series follow only get further dates');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bills_benefit_day_guard BEFORE UPDATE ON bills_benefitday
    FOR EACH ROW EXECUTE FUNCTION bills_benefit_day_guard();

CREATE FUNCTION bills_benefit_day_reaches(p_day bigint, p_path text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM bills_benefitday d JOIN orgs_union u ON u.id = d.union_id
                    WHERE d.id = p_day AND starts_with(p_path, u.path)) THEN
        PERFORM kit_refuses('bills_benefit_day_of_line', 'a day is followed by its own union and those below it');
    END IF;
END $$;

CREATE FUNCTION bills_window_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM bills_benefit_day_reaches(NEW.benefit_day_id, (
        SELECT u.path FROM bills_offerterms t JOIN benefits_offer o ON o.id = t.offer_id JOIN orgs_union u ON u.id = o.union_id
         WHERE t.id = NEW.terms_id));
    RETURN NEW;
END $$;

CREATE TRIGGER bills_window_day BEFORE INSERT OR UPDATE OF benefit_day_id ON bills_offerwindow
    FOR EACH ROW WHEN (NEW.benefit_day_id IS NOT NULL) EXECUTE FUNCTION bills_window_day();

CREATE FUNCTION bills_series_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM bills_benefit_day_reaches(NEW.benefit_day_id, (
        SELECT u.path FROM benefits_release r JOIN orgs_union u ON u.id = r.union_id WHERE r.id = NEW.template_id));
    RETURN NEW;
END $$;

CREATE TRIGGER bills_series_day BEFORE INSERT OR UPDATE OF benefit_day_id ON bills_releaseseries
    FOR EACH ROW WHEN (NEW.benefit_day_id IS NOT NULL) EXECUTE FUNCTION bills_series_day();

-- Whoever keeps an offer as it was read asks for the version of its row: a change of the days it follows makes a new one.
CREATE FUNCTION bills_benefit_day_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bills_offerterms SET updated_at = now()
     WHERE id IN (SELECT terms_id FROM bills_offerwindow WHERE benefit_day_id = NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER bills_benefit_day_told AFTER UPDATE ON bills_benefitday
    FOR EACH ROW EXECUTE FUNCTION bills_benefit_day_told();
