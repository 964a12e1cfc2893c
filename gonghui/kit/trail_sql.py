"""The audit trigger, told by its arguments what the trail must not keep (kit.audit)."""

AUDIT_SQL = r"""
-- Of a column that is hidden, or sealed without the secret of its row, only that there was something.
CREATE OR REPLACE FUNCTION kit_audit_told(p_key text, p_value jsonb, p_hidden text[], p_sealed text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_value IS NULL OR p_value = 'null' THEN p_value
                WHEN p_key = ANY (p_hidden) THEN '"…"'::jsonb
                WHEN p_key = ANY (p_sealed) AND left(p_value #>> '{}', 4) <> '\x02' THEN '"…"'::jsonb
                ELSE p_value END
$$;

CREATE OR REPLACE FUNCTION kit_audit_all_told(p_row jsonb, p_hidden text[], p_sealed text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_row IS NULL THEN NULL ELSE
           (SELECT coalesce(jsonb_object_agg(o.key, kit_audit_told(o.key, o.value, p_hidden, p_sealed)), '{}')
              FROM jsonb_each(p_row) o) END
$$;

-- A row added or removed, without what must not be kept.
CREATE OR REPLACE FUNCTION kit_audit_kept(p_row jsonb, p_hidden text[], p_sealed text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_row - p_hidden - ARRAY(SELECT s FROM unnest(p_sealed) s WHERE left(p_row->>s, 4) <> '\x02')
$$;

-- Nothing but keys has changed: of sealed columns the layout or the key's number, and what is made of them.
CREATE OR REPLACE FUNCTION kit_audit_only_resealed(p_before jsonb, p_after jsonb, p_keyed text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_keyed IS NOT NULL
       AND p_before - p_keyed::text[] = p_after - p_keyed::text[]
       AND NOT EXISTS (
           SELECT FROM unnest(p_keyed::text[]) k
            WHERE p_before->k IS DISTINCT FROM p_after->k
              AND length(p_after->>k) > 66  -- longer than an index
              AND left(p_before->>k, 8) = left(p_after->>k, 8))
$$;

CREATE OR REPLACE FUNCTION kit_audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb; after jsonb; row_id bigint;
    hidden text[] := coalesce(TG_ARGV[0], '{}'); sealed text[] := coalesce(TG_ARGV[1], '{}');
BEGIN
    IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW); END IF;
    row_id := (coalesce(after, before)->>'id')::bigint;
    IF TG_OP = 'UPDATE' THEN
        IF before - 'updated_at' = after - 'updated_at' THEN RETURN NULL; END IF;
        IF current_setting('gonghui.resealing', true) = 'on' AND kit_audit_only_resealed(before, after, TG_ARGV[2]) THEN
            RETURN NULL;
        END IF;
        -- keep only what changed
        SELECT jsonb_object_agg(o.key, kit_audit_told(o.key, o.value, hidden, sealed)),
               jsonb_object_agg(o.key, kit_audit_told(o.key, after->o.key, hidden, sealed)) INTO before, after
          FROM jsonb_each(before) o WHERE after->o.key IS DISTINCT FROM o.value AND o.key <> 'updated_at';
    ELSIF TG_NARGS > 0 THEN
        before := kit_audit_kept(before, hidden, sealed);
        after := kit_audit_kept(after, hidden, sealed);
    END IF;
    INSERT INTO kit_audit (actor_id, channel, request_id, reason, op, table_name, row_id, before, after)
    VALUES (nullif(current_setting('gonghui.actor', true), '')::bigint,
            coalesce(current_setting('gonghui.channel', true), ''),
            coalesce(current_setting('gonghui.request', true), ''),
            coalesce(current_setting('gonghui.reason', true), ''),
            TG_OP, TG_TABLE_NAME, row_id, before, after);
    RETURN NULL;
END $$;
"""

LEAF_SQL = r"""
-- What is fixed of a line: a hash, or the one it had before something was taken out of it (only then is there no nonce).
CREATE OR REPLACE FUNCTION kit_audit_leaf(a kit_audit) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        CASE WHEN a.nonce IS NULL THEN (SELECT r.leaf FROM kit_trailredaction r WHERE r.entry_id = a.id) END,
        encode(sha256(convert_to(jsonb_build_array(
            a.id, (extract(epoch FROM a.at) * 1000000)::bigint, a.actor_id, a.channel, a.request_id, a.reason, a.op,
            a.table_name, a.row_id, a.before, a.after, a.nonce)::text, 'UTF8')), 'hex'))
$$;

CREATE TRIGGER kit_trailblock_rows_stay BEFORE UPDATE OR DELETE ON kit_trailblock
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER kit_trailblock_stays BEFORE TRUNCATE ON kit_trailblock
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER kit_trailredaction_rows_stay BEFORE UPDATE OR DELETE ON kit_trailredaction
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER kit_trailredaction_stays BEFORE TRUNCATE ON kit_trailredaction
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER kit_trailproof_rows_stay BEFORE UPDATE OR DELETE ON kit_trailproof
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
"""
