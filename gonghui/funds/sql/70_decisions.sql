-- A decision stays as it was taken; once it took effect, or went back, nothing of it moves.

CREATE TRIGGER funds_decision_stays BEFORE DELETE ON funds_decision FOR EACH ROW EXECUTE FUNCTION kit_row_stays();
CREATE TRIGGER funds_decision_ends BEFORE UPDATE ON funds_decision FOR EACH ROW
    WHEN (OLD.state <> 'pending'
          OR to_jsonb(NEW) - '{state,ended_at,reason,objector_id,updated_at}'::text[]
             IS DISTINCT FROM to_jsonb(OLD) - '{state,ended_at,reason,objector_id,updated_at}'::text[])
    EXECUTE FUNCTION kit_row_stays();
