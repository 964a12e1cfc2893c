"""The operators' desk is of staff alone, who do not leave while they are staff."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import WORK, lies_open, stays

stays("opsdesk.Question", _("运营提问"), WORK)
stays("opsdesk.CaseAward", _("运营案例"), WORK)
stays("opsdesk.QuestionPaper", _("运营提问的附件"), WORK)
stays("opsdesk.AnswerMark", _("对答复的评价"), WORK)
stays("opsdesk.BroadcastRecipient", _("工作通知的收件人"), WORK)
stays("opsdesk.DigestRead", _("五问五答的阅读"), WORK)
stays("opsdesk.GroupPick", _("工作通知的分组"), WORK)
lies_open("opsdesk.Question", "pinyin", "grams", because=WORK)
lies_open("opsdesk.Answer", "pinyin", "grams", because=WORK)
