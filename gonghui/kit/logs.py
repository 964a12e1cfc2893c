"""Structured logs: one JSON line an event, with the request id and without personal data."""

import logging
import os
import sys

import structlog

from gonghui.kit.actions import request_id


def _add_request_id(_logger, _name, event: dict) -> dict:
    if current := request_id.get():
        event["request_id"] = current
    return event


SHARED = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _add_request_id,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure(_settings: dict | None = None) -> None:
    """Our own loggers and the standard library's, through one formatter."""
    plain = os.environ.get("GONGHUI_LOG", "json") == "plain"
    renderer = (
        structlog.dev.ConsoleRenderer() if plain else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=SHARED))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("GONGHUI_LOG_LEVEL", "INFO"))
    logging.getLogger("django.server").setLevel("WARNING")
    logging.getLogger("procrastinate").setLevel("WARNING")
    logging.getLogger("httpx").setLevel("WARNING")
