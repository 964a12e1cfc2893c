"""What a claimant is told. Plain words, the same at both doors; free of Django."""

from __future__ import annotations

from typing import Any

# answer → (HTTP status, title, what happened and what to do next)
WORDS: dict[str, tuple[int, str, str]] = {
    "won": (200, "抢到了", "券码 {code}。已放进“我的票”，届时出示即可。"),
    "held": (
        200,
        "抢到了，请尽快确认",
        "券码 {code}。请到“我的票”确认并补全同行人，逾时名额会让给候补的人。",
    ),
    "waiting": (
        200,
        "已进入候补",
        "名额已抢完，您排在候补第 {place} 位。有人退票会按顺序补上，并给您发消息。",
    ),
    "already": (200, "您已经有票了", "券码 {code}。这次投放的限领次数已用完，请到“我的票”查看。"),
    "sold_out": (200, "已经抢完", "名额和候补都满了。有人退票时会重新放出，可以稍后再来看看。"),
    "too_few": (200, "剩余名额不够", "现在只剩 {remaining} 个名额，您要 {seats} 个。可以减少人数再试。"),
    "spent": (200, "这次的票已经退回", "您之前抢到的票或候补已经退回或过期。请刷新页面，重新取得抢票资格。"),
    "not_open": (200, "还没有开始", "开放时间是 {opens}。页面会倒计时，到点再点即可。"),
    "paused": (200, "发放暂停了", "{reason}已经领到的仍然有效，照常使用。恢复后再来即可。"),
    "closed": (200, "已经结束", "这次投放已经结束。请到首页看看接下来的活动。"),
    "cancelled": (200, "活动已取消", "主办方取消了这次活动，请留意消息里的说明。"),
    "not_grab": (200, "不是抢票场次", "这一场不用抢，请在活动页查看参加方式。"),
    "too_many": (422, "人数超出限制", "超过了每次最多的人数，请减少同行人后再试。"),
    "key_conflict": (409, "请重新进入", "这次提交与另一次抢票冲突。请刷新页面后再试。"),
    "unknown": (404, "没有这一场", "没有找到这一场。请返回活动页重新进入。"),
    "try_again": (503, "请稍后再试", "系统正忙，这次没有得到结果。请再点一次：如果已经抢到，会直接告诉您。"),
    "bad_pass": (403, "资格凭证无效", "请刷新页面，重新取得抢票资格。"),
    "pass_expired": (403, "资格凭证已过期", "在页面停留太久了。请刷新页面，重新取得抢票资格。"),
    "not_yours": (403, "资格凭证不属于您", "凭证与当前登录的账号不符。请退出后用本人账号重新登录。"),
    "other_pool": (403, "资格凭证不属于这一场", "请回到这一场的页面再点一次。"),
    "malformed": (400, "请求有误", "提交的内容不完整。请刷新页面后再试。"),
    "too_large": (413, "请求过大", "提交的内容过长。请刷新页面后再试。"),
    "not_found": (404, "没有这个地址", "请检查链接，或返回首页。"),
    "wrong_method": (405, "不支持的操作", "请从页面上操作。"),
}


class Facts(dict[str, Any]):
    """Texts may name facts an answer does not have."""

    def __missing__(self, key: str) -> str:
        return ""


def words(answer: str, **facts: Any) -> tuple[str, str]:
    """Title and message. A sold-out answer with seats left is about the size of the party."""
    if answer == "sold_out" and facts.get("remaining"):
        answer = "too_few"
    elif answer == "won" and facts.get("held"):
        answer = "held"
    _status, title, message = WORDS[answer]
    return title, message.format_map(Facts(facts))


def why_paused(reason: str) -> str:
    """The organiser's words as the first sentence of an answer."""
    return f"主办方说：{reason.rstrip('。')}。" if reason else ""


def status(answer: str) -> int:
    return WORDS[answer][0]
