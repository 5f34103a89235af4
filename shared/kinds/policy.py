"""The township's settings, by version: thresholds are data, because every year and every province moves them.

The whole township shares them. The version in force on a day is the newest whose `effective_from` is not after it; an
old record keeps the version of its day. What has no field of its own is an entry of `overrides`.
"""

from shared.fields import Choice, Date, Integer, Label, Object, Text
from shared.kind import DESK_ROLES, Form
from shared.kinds.choices import PRESETS


class Policy(Form):
    class Meta(Form.Meta):
        name = "policy"
        label = Label("规则设置", "Policy")
        title = "name"
        writers = DESK_ROLES
        shared = True

    name = Text("名称", "Name", length=100, required=True)
    version = Text("版本", "Version", length=64, required=True)
    preset = Choice("预设方案", "Preset", PRESETS)
    effective_from = Date("生效日期", "Effective from", required=True)
    minimum_minutes = Integer("走访最少分钟数", "Minimum minutes of a visit", low=0, high=240)
    contact_visits_a_month = Integer("每月联户次数", "Contact visits a month", low=0, high=31)
    overrides = Object("其他设置", "Other settings")
    # The preset's whole text as it was when this version was put in force: a phone with an older app judges alike.
    content = Object("预设方案全文", "Text of the preset", widget="hidden")
    remark = Text("备注", "Remark")
