"""附件 beside a question: who may add and fetch one, what a file is, and what stays."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import QuestionPaper
from gonghui.opsdesk.models.papers import PAPER_MAX_MB, PAPERS_MAX
from gonghui.opsdesk.tests.stage import asked, confirmed, escalated, taken

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00IEND\xaeB`\x82"


def papers() -> list[tuple[int, str]]:
    rows = QuestionPaper.objects.unscoped("test").order_by("id")
    return list(rows.values_list("place", "media_type"))


def add(stage, row, who="factory_admin", content=PDF):
    return actions.attach_paper(stage.actor(who), question_id=row.pk, content=content)


@pytest.mark.parametrize("who", ["factory_admin", "operator", "city_admin", "province_admin", "team"])
def test_asker_desk_and_team_put_papers_beside_a_question(stage, who):
    row = escalated(stage).question
    paper = add(stage, row, who)
    assert papers() == [(1, "application/pdf")]
    assert bytes(QuestionPaper.objects.visible_to(stage.actor("factory_admin")).get().content) == PDF
    assert paper.name == f"{row.number} 附件 1.pdf"


@pytest.mark.parametrize(
    "who", ["sister_admin", "reviewer", "mei", "stranger", "anonymous", "finance_officer"]
)
def test_nobody_else_adds_or_sees_a_paper(stage, client, who):
    row = taken(stage)
    paper = add(stage, row)
    with pytest.raises(DomainError) as refused:
        add(stage, row, who, PNG)
    assert (refused.value.code, papers()) == ("not_found", [(1, "application/pdf")])
    assert not QuestionPaper.objects.visible_to(stage.actor(who)).exists()
    stage.cast.sign_in(client, who)
    assert client.get(reverse("admin:opsdesk_paper", args=[paper.pk])).status_code in (302, 403, 404)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "opsdesk_paper_unknown"),
        (b"%PDF-1.4 without an end", "opsdesk_paper_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "opsdesk_paper_unknown"),
        (PDF.replace(b"1 0", b" " * (PAPER_MAX_MB * 2**20)), "opsdesk_paper_too_large"),
    ],
)
def test_file_that_is_not_what_we_take_is_refused(stage, content, code):
    row = asked(stage)
    with pytest.raises(DomainError) as refused:
        add(stage, row, content=content)
    assert (refused.value.code, papers()) == (code, [])


def test_same_file_again_is_the_same_paper_and_a_seventh_is_refused(stage):
    row = asked(stage)
    first = add(stage, row)
    assert add(stage, row, "operator").pk == first.pk
    for nth in range(PAPERS_MAX - 1):
        add(stage, row, content=PDF + b"%d" % nth)
    with pytest.raises(DomainError) as refused:
        add(stage, row, content=PNG)
    assert (refused.value.code, len(papers())) == ("opsdesk_papers_many", PAPERS_MAX)


def test_question_that_is_over_takes_no_paper(stage):
    row = confirmed(stage)
    with pytest.raises(DomainError) as refused:
        add(stage, row)
    assert (refused.value.code, papers()) == ("opsdesk_paper_late", [])
    with pytest.raises(DatabaseError), transaction.atomic():
        QuestionPaper.objects.create(
            question=row, place=1, author_id=row.asker_id, content=PDF, media_type="application/pdf", digest="x", size=1
        )  # fmt: skip


def test_paper_stays_as_it_was_and_is_sealed(stage):
    paper = add(stage, asked(stage))
    for change in ("UPDATE opsdesk_questionpaper SET digest = 'y'", "DELETE FROM opsdesk_questionpaper"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM opsdesk_questionpaper WHERE id = %s", [paper.pk])
        assert b"%PDF" not in bytes(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_papers_from_eight_sides_at_once_stay_within_their_number(stage):
    row = asked(stage)
    calls = [lambda nth=nth: add(stage, row, content=PDF + b"%d" % (nth // 2)) for nth in range(8)]
    at_once(*calls)
    assert sorted(papers()) == [(place, "application/pdf") for place in (1, 2, 3, 4)]


def test_paper_is_added_and_fetched_on_the_page_of_the_question(stage, client, django_assert_max_num_queries):
    row = taken(stage)
    page = reverse("admin:opsdesk_question", args=[row.pk])
    asker = stage.cast.sign_in(client, "factory_admin")
    for given, status in (({}, 422), ({"paper": SimpleUploadedFile("张三的截图.png", b"no picture")}, 422)):
        refused = asker.post(page, {"verb": "attach"} | given)
        assert (refused.status_code, papers()) == (status, [])
    done = asker.post(page, {"verb": "attach", "paper": SimpleUploadedFile("张三的截图.png", PNG)})
    assert done["Location"] == f"{page}#papers"
    shown = asker.get(page).content.decode()
    paper = QuestionPaper.objects.unscoped("test").get()
    assert (paper.name in shown, "张三" in shown) == (True, False)
    file = asker.get(reverse("admin:opsdesk_paper", args=[paper.pk]))
    assert (file.content, file["Content-Type"], file["X-Content-Type-Options"]) == (
        PNG,
        "image/png",
        "nosniff",
    )
    assert file["Content-Disposition"].startswith("attachment;")
