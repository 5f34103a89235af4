"""A clean-up check: one walk through a household, a hamlet or a village with the rubric in hand.

E1 to E7 are the household's items, W1 to W8 the village's; each score is a field of its own. The total, and whether it
is a pass, follow from the items, the red lines and the rubric's version, and are not entered.
"""

from shared.fields import ONCE, Boolean, Choice, Choices, Datetime, Label, Link, Number, Photos, Text
from shared.kind import RuledForm

TARGETS = {
    "household": Label("农户", "Household"),
    "hamlet": Label("屯", "Hamlet"),
    "village": Label("村", "Village"),
}
RED_LINES = {
    "open_dump": Label("露天垃圾堆", "Open dump"),
    "burning": Label("焚烧垃圾或秸秆", "Burning rubbish or straw"),
    "sewage": Label("污水横流路面", "Sewage over the road"),
    "open_latrine": Label("露天粪坑", "Open latrine"),
}


def _score(zh: str, en: str, full: int) -> Number:
    """An item of the rubric. The full mark is the default version's; another may set others, so it only hints."""
    return Number(zh, en, low=0, high=100, hint=Label(f"满分{full}", f"of {full}"))


class CleanupCheck(RuledForm):
    class Meta(RuledForm.Meta):
        name = "cleanup_check"
        label = Label("环境检查", "Clean-up check")
        title = "checked_at"

    target = Choice("检查对象", "Target", TARGETS, required=True)
    hamlet = Text("屯名", "Hamlet", length=100)  # when the target is a hamlet
    rubric_version = Text("评分标准版本", "Rubric version", length=64, required=True)
    checker = Text("检查人", "Checker", length=100, required=True)
    checked_at = Datetime("检查时间", "Checked at", merge=ONCE, required=True, indexed=True)

    e1_house = _score("清洁房屋", "House clean and tidy", 20)
    e2_yard = _score("清扫庭院", "Yard swept", 20)
    e3_weeds = _score("清除杂草", "Weeds cleared", 15)
    e4_rubbish = _score("清运垃圾", "Rubbish carried off", 20)
    e5_kitchen = _score("厨房整洁", "Kitchen", 10)
    e6_toilet = _score("户厕干净", "Toilet works, no smell", 10)
    e7_animals = _score("畜禽圈养", "Animals penned", 5)

    w1_rules = _score("保洁制度", "Rules, rota, compact", 9)
    w2_cleaners = _score("保洁队伍", "Cleaners and tools", 8)
    w3_bins = _score("垃圾收运", "Bins and collection", 18)
    w4_stacks = _score("乱堆乱放", "Wood, sand, straw stacked", 15)
    w5_roads = _score("村道巷道", "Roads and lanes", 10)
    w6_ditches = _score("沟塘污水", "Ditches, ponds, sewage", 15)
    w7_toilets = _score("公厕和户厕", "Public and household toilets", 15)
    w8_yards = _score("抽查庭院", "Sampled yards", 10)

    red_lines = Choices("红线问题", "Red lines", RED_LINES)
    prior = Link("上次检查", "Check before", to="cleanup_check")
    rebound = Boolean("反弹", "Rebound")
    photos_before = Photos("整治前照片", "Photos before")
    photos = Photos("整治后照片", "Photos after")  # how it stands at this check; beside it how it stood before
    remark = Text("备注", "Remark")
