"""Which colour a state has: of the members' pages, of the console."""

CHIPS = {
    "open": "amber", "answered": "blue", "escalated": "amber", "agreed": "green", "accepted": "green", "upheld": "green",
    "partly": "green", "rejected": "", "withdrawn": "", "lapsed": "",
}  # fmt: skip
CONSOLE = {
    "open": "info", "answered": "info", "escalated": "warning", "agreed": "success", "accepted": "success",
    "upheld": "success", "partly": "success", "rejected": "default", "withdrawn": "default", "lapsed": "default",
}  # fmt: skip
