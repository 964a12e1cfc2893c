from django.db import migrations

GUARD_SQL = """
CREATE FUNCTION feedback_survey_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND
       (NEW.union_id, NEW.code, NEW.version, NEW.title, NEW.questions)
       IS DISTINCT FROM (OLD.union_id, OLD.code, OLD.version, OLD.title, OLD.questions) THEN
        RAISE EXCEPTION 'a published survey does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER feedback_survey_guard BEFORE UPDATE ON feedback_survey
    FOR EACH ROW EXECUTE FUNCTION feedback_survey_guard();

CREATE FUNCTION feedback_rating_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.subject_type, NEW.subject_id, NEW.person_id, NEW.voucher_id, NEW.score, NEW.comment)
       IS DISTINCT FROM (OLD.subject_type, OLD.subject_id, OLD.person_id, OLD.voucher_id, OLD.score, OLD.comment) THEN
        RAISE EXCEPTION 'what a member said does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER feedback_rating_guard BEFORE UPDATE ON feedback_rating
    FOR EACH ROW EXECUTE FUNCTION feedback_rating_guard();

CREATE TRIGGER feedback_response_guard BEFORE UPDATE ON feedback_response
    FOR EACH ROW EXECUTE FUNCTION kit_append_only();
"""

UNDO_SQL = """
DROP FUNCTION feedback_survey_guard() CASCADE;
DROP FUNCTION feedback_rating_guard() CASCADE;
DROP TRIGGER feedback_response_guard ON feedback_response;
"""


def define_satisfaction(apps, _editor):
    apps.get_model("feedback", "MetricDefinition").objects.create(
        code="satisfaction",
        version=1,
        name="满意度",
        text="评 4 分及以上的人数占全部评价人数的比例",
        at_least=4,
        answers_min=10,
    )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("kit", "0001_initial")]

    operations = [
        migrations.RunSQL(GUARD_SQL, UNDO_SQL),
        migrations.RunPython(define_satisfaction, migrations.RunPython.noop),
    ]
