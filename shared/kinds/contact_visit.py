"""A party member's call on a linked household, twice a month.

What counts for the month (home, distinct Shanghai dates, late or not, exempt or not) follows from these fields and the
link, and is never entered. A `visit` whose purposes include the party link counts too, so no call is entered as both.
"""

from shared.fields import (
    ONCE,
    PERSONAL,
    UNION,
    Boolean,
    Choice,
    Choices,
    Datetime,
    Label,
    Link,
    List,
    Number,
    Photos,
    Text,
)
from shared.kind import RuledForm
from shared.kinds.choices import ENTRY_MODES, VISIT_MODES

TOPICS = {
    "policy": Label("宣讲政策", "Policy explained"),
    "difficulty": Label("解决困难", "A difficulty"),
    "production": Label("生产就业", "Production and work"),
    "study": Label("子女上学", "Schooling"),
    "health": Label("看病就医", "Health"),
    "environment": Label("环境卫生", "Environment"),
    "other": Label("其他", "Other"),
}


class ContactVisit(RuledForm):
    class Meta(RuledForm.Meta):
        name = "contact_visit"
        label = Label("联户走访", "Contact visit")
        title = "started_at"

    link = Link("联户关系", "Party link", to="party_link", required=True)
    mode = Choice("走访方式", "Mode", VISIT_MODES, required=True)
    entry_mode = Choice("填写方式", "Entered", ENTRY_MODES, merge=ONCE)
    started_at = Datetime("开始时间", "Started at", merge=ONCE, required=True, indexed=True)
    ended_at = Datetime("结束时间", "Ended at")
    started_mono = Number("开始单调时钟(秒)", "Monotonic start (s)", low=0, merge=ONCE, widget="hidden")
    ended_mono = Number("结束单调时钟(秒)", "Monotonic end (s)", low=0, widget="hidden")
    boot_id = Text("开机编号", "Boot id", length=64, merge=ONCE, widget="hidden")
    participants = List("走访人员", "Visitors", merge=UNION, required=True)
    topics = Choices("走访内容", "Topics", TOPICS, sensitivity=PERSONAL)
    summary = Text("走访小结", "Summary", sensitivity=PERSONAL)
    needs_followup = Boolean("需要跟进", "Needs follow-up")
    found_problems = List("发现的问题", "Problems found", merge=UNION, widget="links")  # ids of problems
    photos = Photos("照片", "Photos")
    remark = Text("备注", "Remark", sensitivity=PERSONAL)
