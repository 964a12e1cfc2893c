"""Jobs about jobs, about forms that were sent, keys and the audit trail."""

from __future__ import annotations

from datetime import timedelta

import structlog
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import ATTEMPTS_MAX, periodic

SEALER = Actor.system("sealing the audit trail")
PROVER = Actor.system("the nightly reading of the audit trail")
log = structlog.get_logger("gonghui.jobs")
SENT_FOR = timedelta(days=7)
"""Nobody sends a page again that was drawn before that."""
RESEALS_FOR = timedelta(minutes=9)
SILENT_S = 30  # a worker beats every ten seconds


@periodic("* * * * *", pass_context=True)
async def rescue_jobs(context: JobContext, timestamp: int) -> None:
    """What a killed worker held goes to another; its locks would keep all that follow waiting for ever."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=SILENT_S):
        try:
            await rescue(jobs, job)
        except ConnectorException:  # it ended meanwhile, or the database is away: the next minute looks again
            log.exception("job_not_rescued", task=job.task_name, job=job.id)


async def rescue(jobs, job: Job) -> None:
    """Once more from the start: every job may run twice. One that kills its worker again and again is given up."""
    if job.attempts + 1 >= ATTEMPTS_MAX:
        await jobs.finish_job(job, Status.FAILED, delete_job=False)
        log.error("job_given_up", task=job.task_name, job=job.id)
        return
    try:
        await jobs.retry_job(job)
    except UniqueViolation:  # its successor waits already under the same queueing lock
        await jobs.finish_job(job, Status.ABORTED, delete_job=False)
        return
    log.warning("job_rescued", task=job.task_name, job=job.id)


@periodic("50 18 * * *")
def forget_sent_forms(timestamp: int) -> None:
    """02:50 in China."""
    from gonghui.kit.models import SentForm

    SentForm.objects.unscoped("keys nobody sends again").filter(at__lt=clock.now() - SENT_FOR).delete()


@periodic("*/10 * * * *", lock="kit.resealing")
def reseal_under_current_keys(timestamp: int) -> None:
    """After a rotation only; ten minutes at a time, so that a worker that stops loses little."""
    from gonghui.kit.resealing import reseal_all

    reseal_all(until=clock.now() + RESEALS_FOR)


@periodic("* * * * *", lock="kit.trail")
def seal_trail(timestamp: int) -> None:
    from gonghui.kit import trail

    trail.seal_trail(SEALER)


@periodic("20 20 * * *", lock="kit.trail.proof")
def prove_trail(timestamp: int) -> None:
    """04:20 in China, every night."""
    from gonghui.kit import trail

    if trail.prove_trail(PROVER).wrong:
        log.error("trail_disagrees")
