"""附件 beside a question: by its asker, the desk that answers it, or the team that mends."""

from __future__ import annotations

import hashlib

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.papers import paper_kind
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.thread import locked_question
from gonghui.opsdesk.models import QuestionPaper
from gonghui.opsdesk.models.papers import PAPER_MAX_MB, PAPERS_MAX
from gonghui.opsdesk.scopes import ANSWER, MEND

WHY = "held by its own verb"


@action
def attach_paper(actor: Actor, *, question_id: int, content: bytes) -> QuestionPaper:
    """What the file is, its bytes say. The same file again is the same paper."""
    row = locked_question(question_id)
    path, is_asker = row.union.path, row.asker_id == actor.user_id
    require(actor.user_id and (is_asker or actor.may(ANSWER, path) or actor.may(MEND, path)), NOT_FOUND)
    digest = hashlib.sha256(content).hexdigest()
    papers = QuestionPaper.objects.unscoped(WHY).filter(question=row)
    if same := papers.filter(digest=digest).first():
        return same
    require(row.is_open, errors.PAPER_LATE)
    require(len(content) <= PAPER_MAX_MB * 2**20, errors.PAPER_TOO_LARGE, limit_mb=PAPER_MAX_MB)
    kind = paper_kind(content)
    require(kind, errors.PAPER_UNKNOWN)
    place = papers.count() + 1
    require(place <= PAPERS_MAX, errors.PAPERS_MANY, most=PAPERS_MAX)
    return QuestionPaper.objects.create(
        question=row, place=place, author_id=actor.user_id, content=content, media_type=kind, digest=digest, size=len(content)
    )  # fmt: skip
