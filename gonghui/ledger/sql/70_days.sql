-- What was published of a day stays, and so does what it can be proven from.

CREATE TRIGGER ledger_day_totals_stay BEFORE UPDATE OR DELETE ON ledger_day_totals
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER ledger_days_totals_stay BEFORE TRUNCATE ON ledger_day_totals
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER ledger_day_tree_stays BEFORE UPDATE OR DELETE ON ledger_day_tree
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER ledger_day_trees_stay BEFORE TRUNCATE ON ledger_day_tree
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_day_totals, ledger_day_tree FROM PUBLIC, CURRENT_USER;
