-- What was sent stays as it was sent: lines are only ever added, totals follow them, states move by their verbs.

-- Ranges of one number stand for equality: no extension is needed.
ALTER TABLE settlement_period ADD CONSTRAINT settlement_periods_do_not_overlap EXCLUDE USING gist (
    int8range(union_id, union_id, '[]') WITH &&,
    int8range(hashtext(cycle)::bigint, hashtext(cycle)::bigint, '[]') WITH &&,
    daterange(starts_on, ends_on, '[)') WITH &&
);

CREATE FUNCTION settlement_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'open' THEN
            PERFORM kit_refuses('settlement_period_stays', 'a period with statements stays');
        END IF;
        RETURN OLD;
    END IF;
    IF to_jsonb(NEW) - '{state,made_at,closed_at,updated_at}'::text[]
       IS DISTINCT FROM to_jsonb(OLD) - '{state,made_at,closed_at,updated_at}'::text[]
       OR (OLD.made_at IS NOT NULL AND NEW.made_at IS DISTINCT FROM OLD.made_at)
       OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at) THEN
        PERFORM kit_refuses('settlement_period_facts', 'the days of a period do not change');
    END IF;
    IF NEW.state <> OLD.state THEN
        IF NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY['open>closing', 'closing>closed']) THEN
            PERFORM kit_refuses('settlement_period_way', format('a period cannot go from %s to %s', OLD.state, NEW.state));
        END IF;
        IF NEW.state = 'closed' AND EXISTS (SELECT FROM settlement_statement WHERE period_id = NEW.id AND state <> 'closed') THEN
            PERFORM kit_refuses('settlement_period_way', 'a period closes when its statements have');
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_period_guard BEFORE UPDATE OR DELETE ON settlement_period
    FOR EACH ROW EXECUTE FUNCTION settlement_period_guard();

CREATE FUNCTION settlement_statement_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' OR NEW.owed_fen <> 0 OR NEW.list_fen <> 0 OR NEW.bill_count <> 0 OR NEW.carried_into_id IS NOT NULL THEN
        PERFORM kit_refuses('settlement_statement_begins', 'a statement begins as an empty draft');
    END IF;
    IF (SELECT state <> 'open' OR union_id <> NEW.union_id FROM settlement_period WHERE id = NEW.period_id) THEN
        PERFORM kit_refuses('settlement_period_closed', 'nothing joins a period whose statements are made');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_statement_begins BEFORE INSERT ON settlement_statement
    FOR EACH ROW EXECUTE FUNCTION settlement_statement_begins();

CREATE FUNCTION settlement_statement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,maker_id,checker_id,sent_at,round,confirmed_by_id,confirmed_at,approved_at,carried_into_id,updated_at}';
        sums text[] := '{bill_count,refund_count,list_fen,merchant_fen,union_fen,employer_fen,points_fen,cash_fen,online_fen,fee_fen,adjusted_fen,returned_fen,owed_fen}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('settlement_statement_stays', 'a statement stays');
    END IF;
    IF pg_trigger_depth() > 1 THEN
        moving := moving || sums;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('settlement_statement_facts', 'the figures of a statement follow its lines');
    END IF;
    IF NEW.carried_into_id IS DISTINCT FROM OLD.carried_into_id
       AND (OLD.carried_into_id IS NOT NULL OR OLD.state NOT IN ('approved', 'closed') OR OLD.owed_fen + OLD.carried_fen >= 0) THEN
        PERFORM kit_refuses('settlement_carried_once', 'a debt is carried once');
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>sent', 'sent>confirmed', 'sent>disputed', 'disputed>sent', 'confirmed>approved', 'approved>paid', 'paid>approved',
        'paid>closed', 'approved>closed']) THEN
        PERFORM kit_refuses('settlement_statement_way', format('a statement cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF NEW.state = 'sent' AND EXISTS (
        SELECT FROM settlement_dispute d JOIN settlement_statementline l ON l.id = d.line_id
         WHERE l.statement_id = NEW.id AND d.state = 'open') THEN
        PERFORM kit_refuses('settlement_disputes_answered', 'an open dispute waits for its answer');
    END IF;
    IF OLD.state = 'draft' AND EXISTS (
        SELECT FROM (VALUES ('union', NEW.union_fen), ('employer', NEW.employer_fen), ('points', NEW.points_fen)) s(payer, fen)
         WHERE s.fen <> (SELECT COALESCE(sum(f.fen - f.returned_fen), 0) FROM settlement_statementfunder f
                          WHERE f.statement_id = NEW.id AND f.payer = s.payer)) THEN
        PERFORM kit_refuses('settlement_funders_add_up', 'what the budgets give is what the lines say');
    END IF;
    IF OLD.state = 'approved' AND NEW.state = 'closed' AND NEW.owed_fen + NEW.carried_fen > 0 THEN
        PERFORM kit_refuses('settlement_statement_way', 'what is owed is paid first');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_statement_guard BEFORE UPDATE OR DELETE ON settlement_statement
    FOR EACH ROW EXECUTE FUNCTION settlement_statement_guard();

-- Lines and what hangs on them stay. Only their own triggers move the accounts' sums.
CREATE TRIGGER settlement_line_stays BEFORE UPDATE OR DELETE ON settlement_statementline
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
CREATE TRIGGER settlement_funder_stays BEFORE UPDATE OR DELETE ON settlement_statementfunder
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
CREATE TRIGGER settlement_sending_stays BEFORE UPDATE OR DELETE ON settlement_sending
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
CREATE TRIGGER settlement_account_stays BEFORE UPDATE OR DELETE ON settlement_statementaccount
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{owed_fen,updated_at}');

CREATE FUNCTION settlement_lines_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh f JOIN settlement_statement s ON s.id = f.statement_id
                WHERE NOT (s.state = 'draft' OR (s.state = 'disputed' AND f.kind = 'adjustment'))) THEN
        PERFORM kit_refuses('settlement_statement_facts', 'what was sent stays as it was sent');
    END IF;
    IF EXISTS (SELECT FROM fresh f JOIN settlement_adjustment a ON a.id = f.adjustment_id
                WHERE a.state <> 'approved' OR a.amount_fen <> f.adjusted_fen OR a.statement_id <> f.statement_id) THEN
        PERFORM kit_refuses('settlement_line_is_one_thing', 'the line of an adjustment says what was approved');
    END IF;
    UPDATE settlement_statement s
       SET bill_count = s.bill_count + d.bills, refund_count = s.refund_count + d.refunds, list_fen = s.list_fen + d.list_fen,
           merchant_fen = s.merchant_fen + d.merchant_fen, union_fen = s.union_fen + d.union_fen,
           employer_fen = s.employer_fen + d.employer_fen, points_fen = s.points_fen + d.points_fen,
           cash_fen = s.cash_fen + d.cash_fen, online_fen = s.online_fen + d.online_fen, fee_fen = s.fee_fen + d.fee_fen,
           adjusted_fen = s.adjusted_fen + d.adjusted_fen, returned_fen = s.returned_fen + d.returned_fen,
           owed_fen = s.owed_fen + d.owed_fen, updated_at = now()
      FROM (SELECT statement_id, count(*) FILTER (WHERE kind = 'bill') AS bills, count(*) FILTER (WHERE kind = 'refund') AS refunds,
                   sum(list_fen) AS list_fen, sum(merchant_fen) AS merchant_fen, sum(union_fen) AS union_fen,
                   sum(employer_fen) AS employer_fen, sum(points_fen) AS points_fen, sum(cash_fen) AS cash_fen,
                   sum(online_fen) AS online_fen, sum(fee_fen) AS fee_fen, sum(adjusted_fen) AS adjusted_fen,
                   -COALESCE(sum(union_fen + employer_fen + points_fen) FILTER (WHERE kind = 'refund'), 0) AS returned_fen,
                   sum(owed_fen) AS owed_fen
              FROM fresh GROUP BY statement_id) d
     WHERE s.id = d.statement_id;
    INSERT INTO settlement_statementaccount AS a (statement_id, account_id, owed_fen, carried_fen)
    SELECT statement_id, account_id, sum(owed_fen), 0 FROM fresh GROUP BY statement_id, account_id ORDER BY account_id
        ON CONFLICT (statement_id, account_id) DO UPDATE SET owed_fen = a.owed_fen + EXCLUDED.owed_fen, updated_at = now();
    RETURN NULL;
END $$;
CREATE TRIGGER settlement_lines_count AFTER INSERT ON settlement_statementline REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_lines_count();

CREATE FUNCTION settlement_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state <> 'draft' FROM settlement_statement WHERE id = NEW.statement_id)
       AND NOT (to_jsonb(NEW) ->> 'carried_fen' = '0' AND pg_trigger_depth() > 1) THEN
        PERFORM kit_refuses('settlement_statement_facts', 'what was sent stays as it was sent');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_funder_of_draft BEFORE INSERT ON settlement_statementfunder
    FOR EACH ROW EXECUTE FUNCTION settlement_of_draft();
CREATE TRIGGER settlement_account_of_draft BEFORE INSERT ON settlement_statementaccount
    FOR EACH ROW EXECUTE FUNCTION settlement_of_draft();

-- What was carried over is what the accounts carry.
CREATE FUNCTION settlement_carried_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.carried_fen <> (SELECT COALESCE(sum(carried_fen), 0) FROM settlement_statementaccount WHERE statement_id = NEW.id)
       OR NEW.carried_fen <> (SELECT COALESCE(sum(owed_fen + carried_fen), 0) FROM settlement_statement WHERE carried_into_id = NEW.id) THEN
        PERFORM kit_refuses('settlement_carried_adds_up', 'what is carried is what was left');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER settlement_carried_adds_up AFTER INSERT ON settlement_statement DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_carried_adds_up();
