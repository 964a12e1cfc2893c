-- Disputes, adjustments, batches and payouts: facts stay, states move by their verbs. A closed period takes nothing in.

-- TG_ARGV[0]: what may move. TG_ARGV[1]: the ways.
CREATE FUNCTION settlement_ways() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR to_jsonb(NEW) - TG_ARGV[0]::text[] IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV[0]::text[] THEN
        PERFORM kit_refuses(TG_TABLE_NAME || '_stays', 'this stays as it was written');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (TG_ARGV[1]::text[]) THEN
        PERFORM kit_refuses(TG_TABLE_NAME || '_way', format('it cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_dispute_ways BEFORE UPDATE OR DELETE ON settlement_dispute FOR EACH ROW
    EXECUTE FUNCTION settlement_ways('{state,answer,answerer_id,answered_at,adjustment_id,updated_at}', '{open>stands,open>adjusted}');
CREATE TRIGGER settlement_adjustment_ways BEFORE UPDATE OR DELETE ON settlement_adjustment FOR EACH ROW
    EXECUTE FUNCTION settlement_ways('{state,checker_id,updated_at}', '{proposed>approved,proposed>rejected}');
CREATE TRIGGER settlement_batch_ways BEFORE UPDATE OR DELETE ON settlement_payoutbatch FOR EACH ROW
    EXECUTE FUNCTION settlement_ways('{state,checker_id,approved_at,updated_at}',
                                     '{made>approved,made>cancelled,approved>done}');
CREATE TRIGGER settlement_payout_ways BEFORE UPDATE OR DELETE ON settlement_payout FOR EACH ROW
    EXECUTE FUNCTION settlement_ways('{state,bank_number,note,ended_at,updated_at}',
                                     '{made>sent,made>cancelled,sent>paid,sent>bounced,paid>bounced}');

-- What a payout pays is the whole of an approved statement.
CREATE FUNCTION settlement_payout_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_statement WHERE id = NEW.statement_id AND state = 'approved'
                      AND owed_fen + carried_fen = NEW.amount_fen) THEN
        PERFORM kit_refuses('settlement_payout_of_approved', 'what is paid is what was approved');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_payout_begins BEFORE INSERT ON settlement_payout
    FOR EACH ROW EXECUTE FUNCTION settlement_payout_begins();

CREATE FUNCTION settlement_dispute_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_statementline l JOIN settlement_statement s ON s.id = l.statement_id
                    WHERE l.id = NEW.line_id AND s.state IN ('sent', 'disputed')) THEN
        PERFORM kit_refuses('settlement_dispute_of_sent', 'a line is disputed while the merchant is asked');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_dispute_begins BEFORE INSERT ON settlement_dispute
    FOR EACH ROW EXECUTE FUNCTION settlement_dispute_begins();

-- The cycle and union a partner was settled by at a moment: of the nearest agreement in its chain that had begun.
CREATE FUNCTION settlement_is_closed(p_partner bigint, p_at timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE day date := (p_at AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_period WHERE state = 'closed' AND starts_on <= day AND day < ends_on) THEN
        RETURN false;
    END IF;
    RETURN EXISTS (
        WITH RECURSIVE chain(id, step) AS (
            SELECT p_partner, 0
             UNION ALL
            SELECT p.parent_id, c.step + 1 FROM partners_partner p JOIN chain c ON p.id = c.id WHERE p.parent_id IS NOT NULL
        ), settled_by AS (
            SELECT a.union_id, a.cycle FROM chain c JOIN partners_agreement a ON a.partner_id = c.id
             WHERE a.state <> 'draft' AND a.starts_on <= day ORDER BY c.step, a.starts_on DESC, a.id DESC LIMIT 1
        )
        SELECT FROM settled_by b JOIN settlement_period p ON p.union_id = b.union_id AND p.cycle = b.cycle
         WHERE p.state = 'closed' AND p.starts_on <= day AND day < p.ends_on);
END $$;

CREATE FUNCTION settlement_bill_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.settled_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.settled_at IS DISTINCT FROM NEW.settled_at)
       AND settlement_is_closed(NEW.partner_id, NEW.settled_at) THEN
        PERFORM kit_refuses('settlement_period_closed', 'the books of that day are closed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_bill_in_time BEFORE INSERT OR UPDATE OF settled_at ON bills_bill
    FOR EACH ROW EXECUTE FUNCTION settlement_bill_in_time();

CREATE FUNCTION settlement_refund_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF settlement_is_closed((SELECT partner_id FROM bills_bill WHERE id = NEW.bill_id), NEW.at) THEN
        PERFORM kit_refuses('settlement_period_closed', 'the books of that day are closed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_refund_in_time BEFORE INSERT ON bills_billrefund
    FOR EACH ROW EXECUTE FUNCTION settlement_refund_in_time();
