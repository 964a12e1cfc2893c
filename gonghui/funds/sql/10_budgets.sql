-- What a CHECK on one row cannot say about budgets: it stands under its parent, its facts stay once submitted, and it closes
-- only when nothing hangs on it.

CREATE FUNCTION funds_budget_stands_under() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE own text; above text; parent funds_budget;
BEGIN
    SELECT path INTO own FROM orgs_union WHERE id = NEW.union_id;
    IF NEW.parent_id IS NULL THEN
        SELECT u.path INTO above FROM funds_fundsource s JOIN orgs_union u ON u.id = s.union_id WHERE s.id = NEW.source_id;
    ELSE
        SELECT * INTO parent FROM funds_budget WHERE id = NEW.parent_id;
        SELECT path INTO above FROM orgs_union WHERE id = parent.union_id;
        IF parent.source_id <> NEW.source_id THEN
            PERFORM kit_refuses('funds_budget_source_of_parent', 'a budget keeps the source of the one above it');
        END IF;
        IF NEW.starts_on < parent.starts_on OR NEW.ends_on > parent.ends_on THEN
            PERFORM kit_refuses('funds_budget_within_parent', 'a budget lies within the dates of the one above it');
        END IF;
    END IF;
    IF NOT starts_with(own, above) THEN
        PERFORM kit_refuses('funds_budget_on_its_path', 'a union takes from its own path only');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER funds_budget_stands_under
    BEFORE INSERT OR UPDATE OF union_id, parent_id, source_id, starts_on, ends_on ON funds_budget
    FOR EACH ROW EXECUTE FUNCTION funds_budget_stands_under();

CREATE FUNCTION funds_budget_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            PERFORM kit_refuses('funds_budget_stays', 'only a draft is thrown away');
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.union_id, NEW.parent_id, NEW.source_id, NEW.name, NEW.category, NEW.starts_on, NEW.ends_on, NEW.resolution, NEW.maker_id)
       IS DISTINCT FROM
       (OLD.union_id, OLD.parent_id, OLD.source_id, OLD.name, OLD.category, OLD.starts_on, OLD.ends_on, OLD.resolution, OLD.maker_id)
    OR (NEW.amount_fen <> OLD.amount_fen AND (OLD.state, NEW.state) <> ('adjusting', 'approved'))
    OR (OLD.state <> 'submitted' AND (NEW.checker_id, NEW.account_id) IS DISTINCT FROM (OLD.checker_id, OLD.account_id))
    THEN
        PERFORM kit_refuses('funds_budget_facts', 'the facts of a submitted budget do not change');
    END IF;
    IF (OLD.state, NEW.state) NOT IN (('submitted', 'draft'), ('submitted', 'approved'), ('approved', 'adjusting'),
                                      ('adjusting', 'approved'), ('approved', 'closed')) AND OLD.state <> NEW.state THEN
        PERFORM kit_refuses('funds_budget_way', 'not a way a budget goes');
    END IF;
    IF NEW.state = 'closed' AND OLD.state <> 'closed' AND (
           EXISTS (SELECT FROM funds_budget c WHERE c.parent_id = NEW.id AND c.state IN ('approved', 'adjusting'))
           OR EXISTS (SELECT FROM funds_commitment c WHERE c.budget_id = NEW.id AND c.state = 'reserved')) THEN
        PERFORM kit_refuses('funds_budget_nothing_hangs_on', 'something hangs on this budget');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER funds_budget_facts BEFORE UPDATE OR DELETE ON funds_budget
    FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION funds_budget_facts();

-- A commitment and a receipt are what they were; only a commitment's state moves on.
CREATE TRIGGER funds_receipt_stays BEFORE UPDATE OR DELETE ON funds_fundreceipt
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER funds_commitment_stays BEFORE DELETE ON funds_commitment
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER funds_commitment_facts BEFORE UPDATE ON funds_commitment FOR EACH ROW
    WHEN ((OLD.budget_id, OLD.purpose, OLD.amount_fen, OLD.account_id) IS DISTINCT FROM
          (NEW.budget_id, NEW.purpose, NEW.amount_fen, NEW.account_id)
          OR (OLD.state = 'released' AND NEW.state <> 'released'))
    EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER funds_change_stays BEFORE UPDATE OR DELETE ON funds_budgetchange FOR EACH ROW
    WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION kit_row_stays();
