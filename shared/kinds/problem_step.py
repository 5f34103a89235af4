"""One step of a problem in the ledger: written once, never changed.

A problem's state is a fold over its steps in stamp order, which says of each step whether it was legal in its place.
The third gate is the step `satisfied` with the household's `answer`: yes closes the problem, no sends it back, so there
is no step named closed. The village and household are the envelope's, the same as the problem's.
"""

from shared.fields import ONCE, PERSONAL, Choice, Date, Datetime, Label, Link, List, Text
from shared.kind import COUNTY_ROLES, DESK_ROLES, Form
from shared.kinds.choices import TIERS

STEPS = {
    "reported": Label("上报", "Reported"),
    "accepted": Label("受理", "Accepted"),
    "assigned": Label("交办", "Assigned"),
    "started": Label("开始整改", "Started"),
    "fixed": Label("整改完成", "Fixed"),
    "verified": Label("核验通过", "Verified"),
    "gate_failed": Label("核验未通过", "Not let go"),
    "satisfied": Label("群众评价", "Household asked"),
    "explained": Label("解释答复", "Explained"),
    "escalated": Label("上交", "Escalated"),
    "extended": Label("延期", "Extended"),
    "duplicate": Label("重复", "Duplicate"),
    "rejected": Label("不予受理", "Rejected"),
    "reopened": Label("重新打开", "Reopened"),
}
# Sorting the ledger is the work of a township's two desk staff; every other step is open to all who write the kind.
# Whoever signs for a tier must belong to it: a cadre's word is the village's, and no claim makes it the township's.
DESK_STEPS = frozenset({"accepted", "assigned", "explained", "extended", "duplicate", "rejected"})

ANSWERS = {
    "yes": Label("满意", "Yes"),
    "no": Label("不满意", "No"),
    "unreachable": Label("联系不上", "Unreachable"),
}
METHODS = {
    "home": Label("入户", "At home"),
    "phone": Label("电话", "By phone"),
    "witness": Label("村级见证", "Village witness"),  # after three times unreachable
    "representatives": Label("村民代表", "Three villagers' representatives"),  # when there is no household
}


class ProblemStep(Form):
    class Meta(Form.Meta):
        name = "problem_step"
        write_once = True
        reserved = {
            "step": dict.fromkeys(DESK_STEPS, DESK_ROLES),
            "by_tier": {"township": DESK_ROLES, "county": COUNTY_ROLES},
        }
        label = Label("问题办理", "Problem step")
        title = "step"

    problem = Link("问题", "Problem", to="problem", merge=ONCE, required=True, indexed=True)
    step = Choice("办理环节", "Step", STEPS, merge=ONCE, required=True)
    at = Datetime("办理时间", "At", merge=ONCE, required=True)
    by_name = Text("办理人", "By", length=100, merge=ONCE)
    by_tier = Choice("办理人所在层级", "Tier of who takes the step", TIERS, merge=ONCE)
    # assigned, escalated, extended
    tier = Choice("解决层级", "Tier", TIERS, merge=ONCE)
    unit = Text("责任单位", "Unit", length=200, merge=ONCE)
    person = Text("责任人", "Person", length=100, merge=ONCE)
    due_date = Date("整改期限", "Due date", merge=ONCE)
    reason = Text("原因", "Reason", merge=ONCE, sensitivity=PERSONAL)
    # fixed
    proof_note = Text("整改情况", "Proof", merge=ONCE, sensitivity=PERSONAL)
    # satisfied
    answer = Choice("群众是否满意", "Household's answer", ANSWERS, merge=ONCE)
    method = Choice("询问方式", "How asked", METHODS, merge=ONCE)
    witnesses = List("见证人或村民代表", "Witnesses or representatives", merge=ONCE, sensitivity=PERSONAL)
    # duplicate
    duplicate_of = Link("重复于", "Duplicate of", to="problem", merge=ONCE)
