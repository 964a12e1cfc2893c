-- Totals of an account move with its transfers and with nothing else; the CHECKs on the table refuse the overdraft.

CREATE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION ledger_account_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.debits_pending, NEW.debits_posted, NEW.credits_pending, NEW.credits_posted) <> (0, 0, 0, 0) THEN
        RAISE EXCEPTION 'an account begins empty' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ledger_account_opened BEFORE INSERT ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_opened();
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses('an account of the ledger stays');
CREATE TRIGGER ledger_accounts_stay BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses('accounts of the ledger stay');

-- Depth 0 is a statement somebody wrote; the transfers' own trigger works at depth 1.
CREATE TRIGGER ledger_account_totals
    BEFORE UPDATE OF debits_pending, debits_posted, credits_pending, credits_posted ON ledger_account
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger_refuses('totals move with transfers only');
CREATE TRIGGER ledger_account_facts
    BEFORE UPDATE OF ledger, kind, name, union_id, person_id, within_id, expires_at ON ledger_account FOR EACH ROW
    WHEN ((OLD.ledger, OLD.kind, OLD.name, OLD.union_id, OLD.person_id, OLD.within_id, OLD.expires_at) IS DISTINCT FROM
          (NEW.ledger, NEW.kind, NEW.name, NEW.union_id, NEW.person_id, NEW.within_id, NEW.expires_at))
    EXECUTE FUNCTION ledger_refuses('what an account is does not change');

-- People close and open accounts and set limits; totals are proven by the transfers.
CREATE TRIGGER ledger_account_audit AFTER UPDATE OF closed_at, limited ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION kit_audit_row();
