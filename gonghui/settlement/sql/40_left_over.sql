-- What a statement leaves for the next one: a debt of the merchant, or a payment the bank gave back after the period was closed.
CREATE FUNCTION settlement_is_left_over(s settlement_statement) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN s.owed_fen + s.carried_fen < 0 THEN s.state IN ('approved', 'closed')
                ELSE s.owed_fen + s.carried_fen > 0 AND s.state = 'closed' AND NOT EXISTS (
                     SELECT FROM settlement_payout p WHERE p.statement_id = s.id AND p.state IN ('made', 'sent', 'paid')) END
$$;

-- Whole, though all but what is carried stands in 10_statements.sql: both files are what landed migrations run.
CREATE OR REPLACE FUNCTION settlement_statement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
       AND (OLD.carried_into_id IS NOT NULL OR NOT settlement_is_left_over(OLD)) THEN
        PERFORM kit_refuses('settlement_carried_once', 'what is left over is carried once');
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
