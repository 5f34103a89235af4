"""Lists of codes that more than one kind uses, and the pattern of a telephone number.

A code is our own English word and never changes its meaning; its label may. A list only grows: the categories of 2018,
of 2021-25 and of 2026 stand in one list, and a preset says which of them a campaign asks for, so old records keep their
words. A code that is missing here is kept and warned about, never refused.
"""

from shared.fields import Label

CATEGORIES = {
    "registered_poor": Label("贫困户", "Registered poor"),
    "removed": Label("剔除户", "Removed from the register"),
    "key": Label("重点户", "Key household"),
    "low_allowance": Label("低保户", "Low allowance"),
    "disabled": Label("残疾户", "Disabled member"),
    "borderline": Label("边缘户", "Borderline"),
    "general": Label("一般农户", "General"),
    # 2021-25
    "exited_poor": Label("脱贫户", "Exited poverty"),
    "unstable_exited": Label("脱贫不稳定户", "Exited, unstable"),
    "borderline_at_risk": Label("边缘易致贫户", "Borderline, at risk"),
    "sudden_hardship": Label("突发严重困难户", "Sudden hardship"),
    "special_support": Label("特困供养户", "Special support"),
    # 2026: one umbrella term for any rural household at risk
    "anti_poverty_target": Label("防止返贫致贫对象", "Anti-poverty target"),
}

PRESETS = {
    "five_campaigns_2018": Label("2018 五大活动", "2018 five campaigns"),
    "monitoring_2021": Label("2021-25 防返贫监测", "2021-25 monitoring"),
    "normal_help_2026": Label("2026 常态化帮扶", "2026 normal help"),
}

TIERS = {
    "household": Label("户", "Household"),
    "village": Label("村屯", "Village"),
    "township": Label("乡镇", "Township"),
    "county": Label("县", "County"),
}

VISIT_MODES = {
    "home": Label("入户", "At home"),
    "field": Label("田间", "In the field"),
    "phone": Label("电话", "By phone"),
    "not_home": Label("家中无人", "Nobody home"),
}

ENTRY_MODES = {
    "live": Label("现场填写", "On the spot"),
    "retro": Label("事后补录", "Afterwards"),
}

PHONE = (r"1[3-9][0-9]{9}", Label("应为11位手机号", "must be a mobile number of 11 digits"))
