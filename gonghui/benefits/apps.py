from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenefitsConfig(AppConfig):
    name = "gonghui.benefits"
    label = "benefits"
    verbose_name = _("权益")

    def ready(self) -> None:
        from gonghui.audiences.behaviours import Behaviour, register
        from gonghui.benefits import conditions, union_endings
        from gonghui.benefits.actions.releases import RELEASE_ROAD
        from gonghui.benefits.outcomes import register_outcomes
        from gonghui.funds.actions.decisions import roads
        from gonghui.orgs import endings

        conditions.when_reviewed.append(union_endings.require_not_suspended)
        endings.hindrances.append(union_endings.require_nothing_goes_out)
        endings.staying.append(union_endings.STAYING)
        roads["release"] = RELEASE_ROAD
        register_outcomes()
        register(
            Behaviour(
                "claimed", _("领过券"), table="benefits_voucher", at="claimed_at", where="state <> 'voided'"
            )
        )
        register(
            Behaviour(
                "redeemed", _("用过券"), table="benefits_voucher", at="settled_at", where="state = 'redeemed'"
            )
        )
