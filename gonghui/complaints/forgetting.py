"""A complaint stays when its member is forgotten; one that is open is settled first."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import Hindrance, Leaving, hinders, stays

stays("complaints.Complaint", _("投诉"), _("裁定要有据可查：说过的话不改不删，只不再显示是谁"))
stays("complaints.ComplaintLine", _("投诉的项目"), _("裁定要有据可查"))
stays("complaints.ComplaintEntry", _("投诉里说过的话"), _("裁定要有据可查：说过的话不改不删，只不再显示是谁"))


@hinders
def complaints_open(leaving: Leaving):
    model = apps.get_model("complaints.Complaint")
    own = model.objects.unscoped("of one who wants to go").filter(bill__person_id=leaving.person_id)
    if leaving.person_id and own.filter(closed_at=None).exists():
        yield Hindrance("complaints", _("您的一件投诉还在处理。"), _("请等它了结，或在“我的投诉”里撤回。"))
