"""A small kind with every merge rule, for the tests of the laws; no real kind has just these fields."""

from shared.fields import ONCE, REVIEW, UNION, Label, List, Text
from shared.kind import Form, Kind


class Sample(Form):
    class Meta(Form.Meta):
        name = "sample"
        label = Label("样品", "Sample")

    remark = Text("备注", "Remark")
    status = Text("状态", "Status", merge=REVIEW)
    started = Text("开始", "Started", merge=ONCE)
    people = List("参加人", "People", merge=UNION)


SAMPLE = Kind.of(Sample)
