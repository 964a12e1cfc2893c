from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "gonghui.feedback"
    label = "feedback"
    verbose_name = _("评价")

    def ready(self) -> None:
        from gonghui.audiences.behaviours import Behaviour, register

        register(Behaviour("rated", _("评价过"), table="feedback_rating", at="created_at"))
