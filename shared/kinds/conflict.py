"""A conflict: two people wrote one field without seeing each other. Only the server makes it.

The desk decides by a change to `decision` and `value`; either writer may set `status` to open. Its id, village and
household follow from the record it is about. Whoever may not see that record's field may not see the two values either:
they are secret here when the field is secret there, which no single mark on these fields can say (`shared.sync.answer`).
"""

from shared.fields import PERSONAL, UUID, Choice, Code, Datetime, Label, Object, Text
from shared.kind import Form

STATUSES = {
    "quiet": Label("静默", "Quiet"),
    "open": Label("待处理", "Open"),
    "seen": Label("已查看", "Seen"),
    "decided": Label("已裁定", "Decided"),
}
DECISIONS = {
    "losing": Label("采用被替换的值", "The losing value"),
    "standing": Label("保留现有的值", "The standing value"),
    "other": Label("另填一个值", "Another value"),
}


class Conflict(Form):
    class Meta(Form.Meta):
        name = "conflict"
        label = Label("分歧", "Conflict")
        title = "field"
        made_by_server = True

    about = Text("表单", "Kind", length=64)
    record = Code(
        "记录编号", "Record", UUID, Label("应为记录编号", "must be a record's id"), indexed=True
    )  # of the kind `about`
    field = Text("字段", "Field", length=64)
    losing = Object("被替换的值", "Losing value", sensitivity=PERSONAL)
    losing_stamp = Text("被替换值的时间戳", "Losing stamp", length=64)
    losing_by = Text("被替换值的填写人", "Losing value by", length=100)
    standing = Object("现有的值", "Standing value", sensitivity=PERSONAL)
    standing_by = Text("现有值的填写人", "Standing value by", length=100)
    status = Choice("处理状态", "Status", STATUSES, indexed=True)
    decision = Choice("裁定", "Decision", DECISIONS)
    value = Object("裁定的值", "Value decided", sensitivity=PERSONAL)
    decided_by = Text("裁定人", "Decided by", length=100)
    decided_at = Datetime("裁定时间", "Decided at")
