"""How names and numbers look to those who need not know them."""

from __future__ import annotations

STAR = "*"


def mask_name(name: str | None) -> str:
    """张伟 → 张*, 欧阳修文 → 欧***, 阿卜杜拉·买买提 → 阿***·***, John Smith → J*** S****."""
    text = (name or "").strip()
    if not text:
        return ""
    if " " in text:
        return " ".join(part[0] + STAR * (len(part) - 1) for part in text.split())
    if "·" in text:
        first, *others = text.split("·")
        return "·".join([first[:1] + STAR * (len(first) - 1), *(STAR * len(part) for part in others)])
    return text[0] + STAR * max(len(text) - 1, 1)


def mask_phone(phone: str | None) -> str:
    """13812345678 → 138****5678; shorter numbers keep less, never more than half."""
    text = (phone or "").strip()
    if len(text) < 7:
        return STAR * len(text)
    head = 3 if len(text) >= 11 else 1
    tail = 4 if len(text) >= 11 else 2
    return text[:head] + STAR * (len(text) - head - tail) + text[-tail:]


def mask_id(number: str | None) -> str:
    """Only the last four; of a short number nothing."""
    text = (number or "").strip()
    if len(text) < 8:
        return STAR * len(text)
    return STAR * (len(text) - 4) + text[-4:]


def mask_account(number: str | None) -> str:
    """A bank account by its last four digits, as the bank prints it."""
    text = (number or "").strip()
    return f"{STAR * 4} {text[-4:]}" if len(text) >= 8 else STAR * len(text)
