"""What a member said goes when they are forgotten, and changes in no other way."""

from django.db import migrations

GUARD_SQL = """
CREATE OR REPLACE FUNCTION feedback_rating_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.subject_type, NEW.subject_id, NEW.person_id, NEW.voucher_id, NEW.bill_id, NEW.score)
       IS DISTINCT FROM
       (OLD.subject_type, OLD.subject_id, OLD.person_id, OLD.voucher_id, OLD.bill_id, OLD.score)
       OR NEW.comment NOT IN (OLD.comment, '') THEN
        RAISE EXCEPTION 'what a member said does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_ratings_of_bills"), ("kit", "0004_audit_hides")]

    operations = [migrations.RunSQL(GUARD_SQL, migrations.RunSQL.noop)]
