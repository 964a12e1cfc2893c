"""Which colour a state has."""

QUESTIONS = {
    "asked": "warning", "taken": "info", "asked_back": "info", "escalated": "info", "fixed": "warning", "answered": "success",
    "confirmed": "success", "digested": "success", "closed": "default",
}  # fmt: skip
ESCALATIONS = {
    "received": "warning", "working": "info", "fixed": "success", "told": "success", "returned": "default",
}  # fmt: skip
DIGESTS = {"draft": "info", "submitted": "warning", "published": "success", "discarded": "default"}
CASES = {"submitted": "warning", "awarded": "success", "passed": "default", "withdrawn": "default"}
