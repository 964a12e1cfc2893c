"""The member's pages and the hospital's desk."""

from collections.abc import Callable

from django.urls import URLPattern, re_path

from gonghui.kit.identifiers import ROW_ID
from gonghui.wellbeing import desk_views, views

PLAN, PLACE = f"(?P<plan_id>{ROW_ID})", f"(?P<enrolment_id>{ROW_ID})"


def page(route: str, view: Callable, name: str) -> URLPattern:
    return re_path(rf"^health{route}/?$", view, name=name)


urlpatterns = [
    page("", views.plans, "health"),
    page("/desk", desk_views.desk, "health_desk"),
    page("/desk/look", desk_views.look, "health_desk_look"),
    page("/desk/attend", desk_views.check_in, "health_desk_attend"),
    page(f"/{PLAN}", views.plan, "health_plan"),
    page(f"/{PLAN}/apply", views.apply, "health_apply"),
    page(f"/places/{PLACE}", views.place, "health_place"),
    page(f"/places/{PLACE}/pay", views.pay, "health_pay"),
    page(f"/places/{PLACE}/dates", views.dates, "health_dates"),
    page(f"/places/{PLACE}/book", views.book, "health_book"),
    page(f"/places/{PLACE}/cancel", views.cancel, "health_cancel"),
]
