import django.db.models.functions.datetime
from django.db import migrations, models

AUDIT_SQL = """
CREATE FUNCTION kit_audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb; after jsonb; row_id bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW); END IF;
    row_id := (coalesce(after, before)->>'id')::bigint;
    IF TG_OP = 'UPDATE' THEN
        IF before - 'updated_at' = after - 'updated_at' THEN RETURN NULL; END IF;
        -- keep only what changed
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, after->o.key) INTO before, after
          FROM jsonb_each(before) o WHERE after->o.key IS DISTINCT FROM o.value AND o.key <> 'updated_at';
    END IF;
    INSERT INTO kit_audit (actor_id, channel, request_id, reason, op, table_name, row_id, before, after)
    VALUES (nullif(current_setting('gonghui.actor', true), '')::bigint,
            coalesce(current_setting('gonghui.channel', true), ''),
            coalesce(current_setting('gonghui.request', true), ''),
            coalesce(current_setting('gonghui.reason', true), ''),
            TG_OP, TG_TABLE_NAME, row_id, before, after);
    RETURN NULL;
END $$;

CREATE FUNCTION kit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER kit_audit_rows_stay BEFORE UPDATE OR DELETE ON kit_audit
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
CREATE TRIGGER kit_audit_stays BEFORE TRUNCATE ON kit_audit
    FOR EACH STATEMENT EXECUTE FUNCTION kit_append_only();
"""

UNDO_SQL = "DROP FUNCTION kit_audit_row() CASCADE; DROP FUNCTION kit_append_only() CASCADE;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("actor_id", models.BigIntegerField(null=True)),
                ("channel", models.TextField(default="", db_default="")),
                ("request_id", models.TextField(default="", db_default="")),
                ("reason", models.TextField(default="", db_default="")),
                ("op", models.TextField()),
                ("table_name", models.TextField()),
                ("row_id", models.BigIntegerField(null=True)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
            ],
            options={
                "verbose_name": "审计记录",
                "verbose_name_plural": "审计记录",
                "db_table": "kit_audit",
                "indexes": [models.Index(fields=["table_name", "row_id", "id"], name="kit_audit_row")],
            },
        ),
        migrations.RunSQL(AUDIT_SQL, UNDO_SQL),
    ]
