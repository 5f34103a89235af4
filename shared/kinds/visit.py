"""A visit to a household: who came, how long they sat, the six checks, what people know and think.

Each check has a status and a note of its own, each question an answer of its own, so two visitors of one joint visit
may fill in different halves. When it began is evidence: the first word stands. Its counted length, and whether it is
complete, short or overlapping, follow from these fields (`shared.rules`) and are not entered; a short visit is kept.
"""

from shared.fields import (
    ONCE,
    PERSONAL,
    SECRET,
    UNION,
    Boolean,
    Choice,
    Choices,
    Datetime,
    Label,
    Link,
    List,
    Number,
    Object,
    Photos,
    Text,
)
from shared.kind import ANY, DESK_ROLES, RuledForm
from shared.kinds.choices import ENTRY_MODES, VISIT_MODES

PURPOSES = {
    "campaign": Label("大走访", "Campaign"),
    "party_link": Label("党员联户", "Party link"),
    "help_contact": Label("结对帮扶", "Help contact"),
    "recheck": Label("回头看", "Recheck"),
}
VISITOR_ROLES = {
    "resident_team": Label("驻村工作队", "Resident team"),
    "village_cadre": Label("村组干部", "Village cadre"),
    "party_member": Label("党员", "Party member"),
    "applicant": Label("入党积极分子", "Applicant"),
    "help_contact": Label("帮扶联系人", "Help contact"),
    "township_cadre": Label("乡镇干部", "Township cadre"),
    "county_leader": Label("县领导", "County leader"),
}
CLOCK_FLAGS = {  # the gravest that applies, gravest last
    "drift": Label("时钟被改动", "Clock was changed"),
    "reboot": Label("途中重启", "Restarted during the visit"),
    "auto_closed": Label("超时自动结束", "Closed by itself"),
}
SHORT_REVIEWS = {
    "accepted": Label("认可", "Accepted"),
    "declined": Label("不认可", "Not accepted"),
}
CHECK_STATUSES = {
    "ok": Label("正常", "Fine"),
    "issue": Label("有问题", "Issue"),
    "not_applicable": Label("不适用", "Not applicable"),
}
KNOWLEDGE = {  # 2, 1, 0 points
    "knows": Label("知道", "Knows"),
    "partly": Label("知道一些", "Partly"),
    "not": Label("不知道", "Does not know"),
}
OPINIONS = {  # the first two count as satisfied
    "very": Label("非常满意", "Very satisfied"),
    "yes": Label("满意", "Satisfied"),
    "fair": Label("一般", "Fair"),
    "no": Label("不满意", "Not satisfied"),
    "not_asked": Label("未问", "Not asked"),
}


class Visit(RuledForm):
    class Meta(RuledForm.Meta):
        name = "visit"
        label = Label("走访", "Visit")
        title = "started_at"
        reserved = {"short_review": {ANY: DESK_ROLES}, "joined_into": {ANY: DESK_ROLES}}

    campaign = Link("走访活动", "Campaign", to="campaign")
    purposes = Choices("走访目的", "Purposes", PURPOSES, required=True)
    mode = Choice("走访方式", "Mode", VISIT_MODES, required=True)
    entry_mode = Choice("填写方式", "Entered", ENTRY_MODES, merge=ONCE)

    # The wall clock dates a visit, the monotonic clock measures it (seconds since boot), the boot id joins the two.
    started_at = Datetime("开始时间", "Started at", merge=ONCE, required=True, indexed=True)
    ended_at = Datetime("结束时间", "Ended at", required=True)
    started_mono = Number("开始单调时钟(秒)", "Monotonic start (s)", low=0, merge=ONCE, widget="hidden")
    ended_mono = Number("结束单调时钟(秒)", "Monotonic end (s)", low=0, widget="hidden")
    boot_id = Text("开机编号", "Boot id", length=64, merge=ONCE, widget="hidden")
    pauses = List("暂停", "Pauses", of_objects=True, widget="hidden")
    # ... each {"from", "to": moments, "from_mono", "to_mono": seconds since boot, where the phone knows them}
    clock_flag = Choice("时钟标记", "Clock flag", CLOCK_FLAGS, widget="hidden")
    short_reason = Text("时间不足原因", "Why it was short", length=500)
    short_review = Choice("时间不足的认定", "The township on a short visit", SHORT_REVIEWS)  # the desk's to say

    participants = List("走访人员", "Visitors", merge=UNION, required=True)
    visitor_roles = Choices("走访人员身份", "Visitors' roles", VISITOR_ROLES)
    respondent = Link("受访人", "Respondent", to="member", sensitivity=PERSONAL)
    family_changes = Text("家庭变化", "Changes in the family", sensitivity=PERSONAL)
    # Whether, never how much: so no secret, and a party member may answer it.
    income_changed = Boolean("收入有变化", "Income has changed", sensitivity=SECRET)

    # The six checks. Whether an answer is needed depends on the mode, so none is required here.
    guarantees_status = Choice("看两不愁三保障", "Basic guarantees", CHECK_STATUSES, sensitivity=PERSONAL)
    guarantees_note = Text("两不愁三保障说明", "About the guarantees", sensitivity=PERSONAL)
    policies_status = Choice("看政策落实", "Policies carried out", CHECK_STATUSES, sensitivity=PERSONAL)
    policies_note = Text("政策落实说明", "About the policies", sensitivity=PERSONAL)
    documents_status = Choice("看一册两卡", "Book and cards", CHECK_STATUSES, sensitivity=PERSONAL)
    documents_note = Text("一册两卡说明", "About the book and cards", sensitivity=PERSONAL)
    morale_status = Choice("看精神面貌", "Morale", CHECK_STATUSES, sensitivity=PERSONAL)
    morale_note = Text("精神面貌说明", "About morale", sensitivity=PERSONAL)
    awareness_status = Choice("看知晓率", "Awareness", CHECK_STATUSES, sensitivity=PERSONAL)
    awareness_note = Text("知晓情况说明", "About awareness", sensitivity=PERSONAL)
    satisfaction_status = Choice("看满意度", "Satisfaction", CHECK_STATUSES, sensitivity=PERSONAL)
    satisfaction_note = Text("满意情况说明", "About satisfaction", sensitivity=PERSONAL)

    awareness_helper = Choice("知道帮扶人是谁", "Knows the helper's name", KNOWLEDGE, sensitivity=PERSONAL)
    awareness_register = Choice(
        "知道为何纳入或未纳入", "Knows why in or out of the register", KNOWLEDGE, sensitivity=PERSONAL
    )
    awareness_policies = Choice("知道享受了哪些政策", "Knows the policies received", KNOWLEDGE, sensitivity=PERSONAL)
    awareness_income = Choice("知道主要收入来源", "Knows the main income", KNOWLEDGE, sensitivity=PERSONAL)
    awareness_standard = Choice("知道脱贫标准的含义", "Knows what the standard means", KNOWLEDGE, sensitivity=PERSONAL)

    satisfaction_helper = Choice("对帮扶人", "With the helper", OPINIONS, sensitivity=PERSONAL)
    satisfaction_team = Choice("对驻村工作队", "With the resident team", OPINIONS, sensitivity=PERSONAL)
    satisfaction_committees = Choice("对村两委", "With the village committees", OPINIONS, sensitivity=PERSONAL)
    satisfaction_policies = Choice("对政策落实", "With policy delivery", OPINIONS, sensitivity=PERSONAL)
    satisfaction_environment = Choice("对村庄环境", "With the village environment", OPINIONS, sensitivity=PERSONAL)

    requests = Text("困难和诉求", "Difficulties and requests", sensitivity=PERSONAL)
    money_views = Text("对扶贫资金和项目的意见", "Views on money and projects", sensitivity=PERSONAL)
    register_clues = Text("错评漏评线索", "Clues of wrong or missed inclusion", sensitivity=PERSONAL)
    promises = Text("答应办理的事项", "Measures promised", sensitivity=PERSONAL)
    found_problems = List("发现的问题", "Problems found", merge=UNION, widget="links")  # ids of problems
    summary = Text("走访小结", "Summary", sensitivity=PERSONAL)
    # All optional: a photo, a fix or a signature is never the measure of a visit.
    signed = Boolean("受访人已签字", "Respondent signed")
    photos = Photos("照片", "Photos")
    location = Object("位置", "Location", sensitivity=PERSONAL)  # one fix: {"lat", "lon", "accuracy_m"}
    joined_into = Link("并入的走访", "Joined into", to="visit", widget="hidden")  # the same visit, entered twice
    edit_reason = Text("事后修改原因", "Why changed afterwards", length=500)  # asked for 72 hours after the visit
    remark = Text("备注", "Remark", sensitivity=PERSONAL)
