"""For those who run it: is it alive, is it ready, what does it count."""

from __future__ import annotations

import hmac
import ipaddress
import os

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from gonghui.audiences.queries import count_overdue
from gonghui.kit import trail
from gonghui.ledger.proving import last_proof

JOB_STATES = "SELECT status::text, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1"
OLDEST_JOB = (
    "SELECT coalesce(extract(epoch FROM now() - min(coalesce(scheduled_at, now()))), 0) FROM procrastinate_jobs"
    " WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
)


# Whoever comes through a proxy on this machine looks as if they were on it.
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Via")


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> HttpResponse:
    """The database answers and has this version's tables."""
    problems = _problems()
    warnings = [] if problems else _warnings()
    body = {"status": "not_ready" if problems else "ready", "problems": problems, "warnings": warnings}
    return JsonResponse(body, status=503 if problems else 200, json_dumps_params={"ensure_ascii": False})


def _problems() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return ["数据库表结构不是当前版本：请运行 gonghui migrate。"]
    except DatabaseError:
        return ["连不上数据库：请运行 gonghui doctor 查看原因。"]
    return []


def _warnings() -> list[str]:
    """What somebody has to look at while the pages go on being served."""
    found = []
    if (proof := last_proof()) and proof.wrong:
        found.append("账本自动核对发现不一致：请运行 gonghui ledger verify。")
    if (read := trail.last_proof()) and read.wrong:
        found.append("审计记录自动核对发现不一致：请运行 gonghui trail verify。")
    if late := count_overdue():
        found.append(f"有 {late} 个受众超过约定的更新时间：请看后台任务是否在运行、受众页面上写的原因。")
    return found


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text of the job queue; the gate's own counters are put before it by `config.asgi`."""
    if not _may_scrape(request):
        return HttpResponse(
            "metrics are for this machine or for bearers of GONGHUI_METRICS_TOKEN\n", status=403
        )
    registry = CollectorRegistry()
    jobs = Gauge("gonghui_jobs", "Jobs in the queue by state", ["state"], registry=registry)
    oldest = Gauge("gonghui_jobs_oldest_seconds", "Age of the oldest job that is due", registry=registry)
    late = Gauge("gonghui_audiences_overdue", "Audiences older than their rule allows", registry=registry)
    late.set(count_overdue())
    with connection.cursor() as cursor:
        for state in ("todo", "doing", "failed"):
            jobs.labels(state)
        cursor.execute(JOB_STATES)
        for state, count in cursor.fetchall():
            jobs.labels(state).set(count)
        cursor.execute(OLDEST_JOB)
        oldest.set(float(cursor.fetchone()[0]))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    token = os.environ.get("GONGHUI_METRICS_TOKEN", "")
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
