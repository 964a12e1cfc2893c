-- What was said to administrators stays as it was said; each moment of a recipient is written once.

CREATE FUNCTION opsdesk_broadcast_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{recipients_count,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM kit_refuses('broadcast_stays', 'a broadcast stays');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.supersedes_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM opsdesk_broadcast b WHERE b.id = NEW.supersedes_id AND b.union_id = NEW.union_id) THEN
            PERFORM kit_refuses('broadcast_corrects_its_own', 'a correction is of a broadcast of the same union');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
       OR (OLD.recipients_count > 0 AND NEW.recipients_count <> OLD.recipients_count) THEN
        PERFORM kit_refuses('broadcast_facts', 'the words of a broadcast do not change: correct it by another');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_broadcast_guard BEFORE INSERT OR UPDATE OR DELETE ON opsdesk_broadcast
    FOR EACH ROW EXECUTE FUNCTION opsdesk_broadcast_guard();

CREATE TRIGGER opsdesk_broadcastgroup_stays BEFORE UPDATE OR DELETE ON opsdesk_broadcastgroup
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');

CREATE FUNCTION opsdesk_recipient_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.broadcast_id <> OLD.broadcast_id OR NEW.user_id <> OLD.user_id
       OR (OLD.told_at IS NOT NULL AND NEW.told_at IS DISTINCT FROM OLD.told_at)
       OR (OLD.read_at IS NOT NULL AND NEW.read_at IS DISTINCT FROM OLD.read_at)
       OR (OLD.acknowledged_at IS NOT NULL AND NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at)
       OR (OLD.reminded_at IS NOT NULL AND NEW.reminded_at IS DISTINCT FROM OLD.reminded_at) THEN
        PERFORM kit_refuses('recipient_moments_stay', 'a moment is written once and stays');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opsdesk_recipient_guard BEFORE UPDATE OR DELETE ON opsdesk_broadcastrecipient
    FOR EACH ROW EXECUTE FUNCTION opsdesk_recipient_guard();
