"""Writes of this app: campaigns, codes, introductions and their rewards."""

from gonghui.referrals.actions.campaigns import CampaignTerms, draft_campaign, end_campaign, start_campaign
from gonghui.referrals.actions.introductions import (
    NoPlaceLeft,
    clear_referral,
    note_invitation,
    qualify,
    reward,
    reward_waiting,
    show_code,
    void_referral,
    void_those_who_left,
    void_what_came_to_nothing,
)

__all__ = [
    "CampaignTerms",
    "NoPlaceLeft",
    "clear_referral",
    "draft_campaign",
    "end_campaign",
    "note_invitation",
    "qualify",
    "reward",
    "reward_waiting",
    "show_code",
    "start_campaign",
    "void_referral",
    "void_those_who_left",
    "void_what_came_to_nothing",
]
