"""Error pages in words: what happened and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    facts = {"status": status, "title": title, "advice": advice}
    return render(request, "kit/error.html", facts, status=status)


def bad_request(request: HttpRequest, exception=None) -> HttpResponse:
    return _page(request, 400, _("这个请求我们看不懂。"), _("请返回上一页，刷新后再试。"))


def forbidden(request: HttpRequest, exception=None) -> HttpResponse:
    return _page(request, 403, _("您没有权限打开这一页。"), _("如果工作需要，请联系上级工会管理员授权。"))


def not_found(request: HttpRequest, exception=None) -> HttpResponse:
    return _page(request, 404, _("没有找到这一页。"), _("它可能已经下线。请检查链接，或回到首页。"))


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, _("系统出了点问题，已经记录下来。"), _("您刚才的操作没有生效，请稍后再试。"))
