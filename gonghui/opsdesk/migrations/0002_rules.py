"""What the tables alone cannot say of broadcasts, questions, escalations and digests; the text is in gonghui/opsdesk/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION opsdesk_broadcast_guard() CASCADE;
DROP TRIGGER opsdesk_broadcastgroup_stays ON opsdesk_broadcastgroup;
DROP FUNCTION opsdesk_recipient_guard() CASCADE;
DROP FUNCTION opsdesk_question_guard() CASCADE;
DROP FUNCTION opsdesk_question_said() CASCADE;
DROP TRIGGER opsdesk_questionentry_stays ON opsdesk_questionentry;
DROP FUNCTION opsdesk_question_entry_guard() CASCADE;
DROP FUNCTION opsdesk_answer_guard() CASCADE;
DROP FUNCTION opsdesk_escalation_guard() CASCADE;
DROP TRIGGER opsdesk_releasenote_stays ON opsdesk_releasenote;
DROP FUNCTION opsdesk_digest_guard() CASCADE;
DROP FUNCTION opsdesk_digest_five() CASCADE;
DROP FUNCTION opsdesk_digest_entry_guard() CASCADE;
"""


def text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(SQL.glob("*.sql")))


class Migration(migrations.Migration):
    dependencies = [("opsdesk", "0001_operators_desk"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL(text(), UNDO)]
