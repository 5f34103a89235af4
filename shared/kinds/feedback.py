"""A suggestion, a complaint or thanks, about this app or about the work: every app of a public office owes its users a place for it.

It is no problem of the ledger: nobody gets a deadline by it. The township's desk writes its answer beside it and the writer reads it on the
phone. It travels as every record does, so whoever holds the village sees it; the page says so before one writes.
"""

from shared.fields import ONCE, PERSONAL, Choice, Datetime, Label, Text
from shared.kind import ANY, DESK_ROLES, Form

SORTS = {
    "suggestion": Label("建议", "Suggestion"),
    "complaint": Label("投诉", "Complaint"),
    "entered_twice": Label("重复填表", "Entered twice"),
    "praise": Label("表扬", "Praise"),
}
ABOUT = {
    "app": Label("这个应用", "This app"),
    "work": Label("走访和帮扶工作", "Visits and help"),
}


class Feedback(Form):
    class Meta(Form.Meta):
        name = "feedback"
        label = Label("意见和投诉", "Feedback")
        title = "text"
        reserved = {"reply": {ANY: DESK_ROLES}}

    sort = Choice("类型", "Sort", SORTS, required=True)
    about = Choice("关于", "About", ABOUT)
    text = Text("内容", "Words", sensitivity=PERSONAL, required=True)
    said_at = Datetime("提出时间", "Said at", merge=ONCE, required=True)
    said_by = Text("提出人", "By", length=100, merge=ONCE)
    reply = Text("答复", "Reply", sensitivity=PERSONAL)
