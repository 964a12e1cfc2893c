"""The API root: sign-in by session or bearer token, refusals as `application/problem+json`."""

from __future__ import annotations

import json
from functools import cache

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from gonghui import __version__
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, SIGN_IN_FIRST, DomainError
from gonghui.portal.api import routers
from gonghui.portal.api.schemas import REFUSALS, Problem

PROBLEM = "application/problem+json"


class Session(APIKeyCookie):
    """The browser's own session; writes need the CSRF token as pages do."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None):
        # With a token beside it that nobody holds, the actor is nobody: then the session opens nothing either.
        is_own = request.user.is_authenticated and request.actor.user_id == request.user.pk
        return request.user if key and is_own and not request.user.is_staff else None


class Bearer(HttpBearer):
    """A mini-program's token; `config.actors` has already asked who holds it."""

    def authenticate(self, request: HttpRequest, token: str):
        return request.actor.user_id


class Api(NinjaAPI):
    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict | None = None):
        """Built once a language: it takes half a second and is the same for every reader."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return self._schema(prefix, get_language())

    @cache  # noqa: B019  there is one, for ever
    def _schema(self, prefix: str, language: str | None):
        schema = super().get_openapi_schema(path_prefix=prefix)
        schema["components"]["schemas"]["Problem"] = Problem.model_json_schema(mode="serialization")
        shape = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for path in schema["paths"].values():
            for operation in path.values():
                for status in REFUSALS.keys() & operation["responses"].keys():
                    operation["responses"][status]["content"] = shape
        return schema


api = Api(
    title=_("工惠开放接口"),
    version=__version__,
    description=_(
        "小程序和城市应用所需的一切：预告、抢票、我的票、消息、评价、优惠、健康关爱、商城。错误一律为 application/problem+json。"
    ),
    auth=[Bearer(), Session()],
    urls_namespace="api",
    docs_url="/docs",
)


def problem(request: HttpRequest, error: DomainError, errors: list[dict] | None = None) -> HttpResponse:
    body = {
        "type": f"{request.build_absolute_uri('/api/v1/docs')}#{error.code}",
        "title": error.message,
        "status": error.status,
        "code": error.code,
        "detail": error.advice,
        "clause": error.clause,
        "errors": errors or [],
    }
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=error.status, content_type=PROBLEM)


@api.exception_handler(DomainError)
def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    return problem(request, error)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"at": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors]
    return problem(request, DomainError(BAD_INPUT, detail="; ".join(e["at"] for e in errors)), errors)


@api.exception_handler(Http404)
def missing(request: HttpRequest, _error: Http404) -> HttpResponse:
    return problem(request, DomainError(NOT_FOUND))


@api.exception_handler(HttpError)
def refused_by_framework(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Sign-in missing, CSRF failed, body unreadable."""
    if error.status_code == 401:
        return problem(request, DomainError(SIGN_IN_FIRST))
    reply = problem(request, DomainError(BAD_INPUT, detail=str(error)))
    reply.status_code = error.status_code
    return reply


for prefix, router in routers:
    api.add_router(prefix, router)
