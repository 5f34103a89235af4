"""A problem in the ledger: what was found, where, and who answers for it by when.

Its state is no field: it follows from the `problem_step` records, so two people moving a problem never conflict.
The household, if there is one, is the envelope's; a village road has none.
"""

from shared.fields import ONCE, PERSONAL, UNION, Choice, Date, Datetime, Label, List, Photos, Text
from shared.kind import RuledForm
from shared.kinds.choices import TIERS

SOURCES = {
    "visit": Label("入户走访", "Visit"),
    "contact_visit": Label("联户走访", "Contact visit"),
    "cleanup_check": Label("环境检查", "Clean-up check"),
    "research": Label("大调研", "Research visit"),
    "online": Label("村群反映", "Village chat group"),
    "upper": Label("上级交办", "From above"),
}
PROBLEM_CATEGORIES = {
    "two_worries": Label("吃穿", "Food and clothing"),
    "education": Label("义务教育", "Compulsory education"),
    "medical": Label("基本医疗", "Medical care"),
    "house": Label("住房", "House"),
    "water": Label("饮水", "Water"),
    "job_income": Label("就业增收", "Work and income"),
    "policy": Label("政策未落实", "Policy not carried out"),
    "register": Label("错评漏评错退", "Wrong or missed inclusion, wrong exit"),
    "book_cards": Label("一册两卡", "Book and cards"),
    "env": Label("环境卫生", "Environment"),
    "infra": Label("路电网", "Road, power, net"),
    "money": Label("项目资金", "Projects and money"),
    "service": Label("干部作风", "Cadres' conduct"),
    "dispute": Label("矛盾纠纷", "Dispute"),
    "other": Label("其他", "Other"),
}


class Problem(RuledForm):
    class Meta(RuledForm.Meta):
        name = "problem"
        label = Label("问题", "Problem")
        title = "description"
        numbered = "number_text"

    number_text = Text(
        "问题编号", "Number", length=40, widget="given"
    )  # a phone shows a temporary one until it has this
    source = Choice("问题来源", "Source", SOURCES, required=True)
    category = Choice("问题类别", "Category", PROBLEM_CATEGORIES, required=True)
    description = Text("问题描述", "Description", sensitivity=PERSONAL, required=True)
    found_at = Datetime("发现时间", "Found at", merge=ONCE, required=True)
    found_by = Text("发现人", "Found by", length=100)
    photos = Photos("照片", "Photos")

    tier = Choice("解决层级", "Tier", TIERS)
    responsible_unit = Text("责任单位", "Responsible unit", length=200)
    responsible_person = Text("责任人", "Responsible person", length=100)
    helpers = List("协办人", "Helpers", merge=UNION)
    measures = Text("整改措施", "Measures", sensitivity=PERSONAL)
    due_date = Date("整改期限", "Due date")
    original_due = Date("原定期限", "Original due date")
    remark = Text("备注", "Remark", sensitivity=PERSONAL)
