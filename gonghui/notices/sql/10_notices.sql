-- Words with placeholders, once for every channel and for the preview. The name goes in last: what it holds is never filled.
CREATE FUNCTION notices_fill(p_text text, p_person bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN strpos(p_text, '{') = 0 THEN p_text ELSE replace(replace(replace(p_text,
        '{union}', COALESCE((SELECT u.name FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
                              WHERE m.person_id = p_person AND m.status IN ('active', 'transferring', 'retained')), '工会')),
        '{today}', to_char(now() AT TIME ZONE 'Asia/Shanghai', 'FMMM"月"FMDD"日"')),
        '{name}', COALESCE((SELECT p.name FROM members_person p WHERE p.id = p_person), '')) END
$$;

-- When this person's quiet hours end, if it is within them; else null. Nobody's own hours: 22:00-8:00 in China.
CREATE FUNCTION notices_quiet_until(p_person bigint, p_at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT t.is_on THEN NULL
        WHEN t.s < t.e AND t.at::time >= t.s AND t.at::time < t.e THEN (t.at::date + t.e) AT TIME ZONE 'Asia/Shanghai'
        WHEN t.s > t.e AND t.at::time >= t.s THEN (t.at::date + 1 + t.e) AT TIME ZONE 'Asia/Shanghai'
        WHEN t.s > t.e AND t.at::time < t.e THEN (t.at::date + t.e) AT TIME ZONE 'Asia/Shanghai'
    END FROM (SELECT COALESCE(q.starts, '22:00') AS s, COALESCE(q.ends, '08:00') AS e, COALESCE(q.is_on, true) AS is_on,
                     p_at AT TIME ZONE 'Asia/Shanghai' AS at
                FROM (VALUES (p_person)) one (id) LEFT JOIN notices_quiethours q ON q.person_id = one.id) t
$$;

-- A template that was sent to review keeps its words; it goes its ways only.
CREATE FUNCTION notices_template_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,checker_id,answer,updated_at}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN RETURN OLD; END IF;
        PERFORM kit_refuses('template_stays', 'a template that was reviewed stays');
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('template_as_reviewed', 'the words of a template stay as they were reviewed');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'draft>submitted', 'submitted>draft', 'submitted>approved', 'submitted>refused', 'approved>retired']) THEN
        PERFORM kit_refuses('template_way', format('a template cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF OLD.checker_id IS NOT NULL AND NEW.checker_id IS DISTINCT FROM OLD.checker_id THEN
        PERFORM kit_refuses('template_checker_stays', 'who reviewed it stays on record');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notices_template_guard BEFORE UPDATE OR DELETE ON notices_template
    FOR EACH ROW EXECUTE FUNCTION notices_template_guard();

-- What a send says, to whom and by what never changes; it goes its ways only, and a template in use was reviewed.
CREATE FUNCTION notices_send_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{state,recipients,checker_id,decided_at,answer,updated_at}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.template_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM notices_template t WHERE t.id = NEW.template_id AND t.state = 'approved') THEN
            PERFORM kit_refuses('send_of_a_reviewed_template', 'a send uses a template that was reviewed');
        END IF;
        IF NEW.needs_two AND NEW.state <> 'proposed' THEN
            PERFORM kit_refuses('send_way', 'a send that needs a second person begins as proposed');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('send_facts', 'what was sent to whom does not change');
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'proposed>waiting', 'proposed>declined', 'proposed>stopped', 'waiting>sending', 'waiting>done', 'waiting>paused',
        'waiting>stopped', 'sending>paused', 'sending>done', 'sending>stopped', 'paused>sending', 'paused>stopped',
        'done>sending']) THEN
        PERFORM kit_refuses('send_way', format('a send cannot go from %s to %s', OLD.state, NEW.state));
    END IF;
    IF OLD.checker_id IS NOT NULL AND NEW.checker_id IS DISTINCT FROM OLD.checker_id THEN
        PERFORM kit_refuses('send_checker_stays', 'who released it stays on record');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notices_send_guard BEFORE INSERT OR UPDATE ON notices_send
    FOR EACH ROW EXECUTE FUNCTION notices_send_guard();

-- What went out, or may have, is over: it never goes out again.
CREATE FUNCTION notices_delivery_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kit_refuses('delivery_over', 'what went out to somebody never goes out to them again');
    RETURN NULL;
END $$;
CREATE TRIGGER notices_delivery_over BEFORE UPDATE ON notices_delivery FOR EACH ROW
    WHEN (OLD.state IN ('done', 'unsure') AND NEW.state IS DISTINCT FROM OLD.state
          OR OLD.send_id <> NEW.send_id OR OLD.person_id <> NEW.person_id OR OLD.channel <> NEW.channel)
    EXECUTE FUNCTION notices_delivery_over();

-- The balance of WeChat messages is the sum of its entries, by the tables' owner alone.
CREATE FUNCTION notices_quota_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE notices_wechatquota SET balance = balance + NEW.change, updated_at = now() WHERE id = NEW.quota_id;
    RETURN NULL;
END $$;
CREATE TRIGGER notices_quota_moves AFTER INSERT ON notices_quotaentry
    FOR EACH ROW EXECUTE FUNCTION notices_quota_moves();
CREATE TRIGGER notices_quota_entry_stays BEFORE UPDATE OR DELETE ON notices_quotaentry
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();

CREATE FUNCTION notices_quota_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.balance = 0 OR TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
       AND to_jsonb(NEW) - '{balance,updated_at}'::text[] = to_jsonb(OLD) - '{balance,updated_at}'::text[] THEN
        RETURN NEW;
    END IF;
    PERFORM kit_refuses('wechat_quota_is_its_entries', 'the balance moves with its entries only');
    RETURN NULL;
END $$;
CREATE TRIGGER notices_quota_guard BEFORE INSERT OR UPDATE OR DELETE ON notices_wechatquota
    FOR EACH ROW EXECUTE FUNCTION notices_quota_guard();
