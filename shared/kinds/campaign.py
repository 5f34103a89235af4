"""A visit campaign: which households must be visited, between which days, by which rule.

The whole township shares it. Its roster is no field: it is the households of the must-visit categories as the log has
them at `frozen_at`, plus dated additions, thousands of ids that would only repeat what the log already holds.
"""

from shared.fields import ONCE, REVIEW, Boolean, Choice, Choices, Date, Datetime, Integer, Label, Text
from shared.kind import DESK_ROLES, Form
from shared.kinds.choices import CATEGORIES, PRESETS

STATES = {
    "draft": Label("草稿", "Draft"),
    "roster_frozen": Label("名册已锁定", "Roster frozen"),
    "running": Label("进行中", "Running"),
    "closing": Label("收尾", "Closing"),
    "closed": Label("已结束", "Closed"),
}


class Campaign(Form):
    class Meta(Form.Meta):
        name = "campaign"
        label = Label("走访活动", "Campaign")
        title = "name"
        writers = DESK_ROLES
        shared = True

    name = Text("活动名称", "Name", length=100, required=True)
    preset = Choice("预设方案", "Preset", PRESETS)
    starts_on = Date("开始日期", "Starts on", required=True)
    ends_on = Date("结束日期", "Ends on")
    state = Choice("活动状态", "State", STATES, merge=REVIEW)
    must_visit = Choices("必访类别", "Must-visit categories", CATEGORIES, required=True)
    strict = Boolean("时间不足不计入", "Short visits do not count")
    minimum_minutes = Integer("最少分钟数", "Minimum minutes", low=0, high=240)
    frozen_at = Datetime("名册锁定时间", "Roster frozen at", merge=ONCE)
    remark = Text("备注", "Remark")
