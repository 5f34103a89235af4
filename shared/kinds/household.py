"""A household: the master sheet of one family, as the register and the help book have it.

Two people may answer any line of it separately. Only what decides who must be visited, and how, waits for the desk when
they disagree: the categories and the poverty status. Bank accounts are never asked for. What names an illness or a
disability is secret; the categories are not, because whoever visits must know why.
"""

from shared.fields import (
    PERSONAL,
    REVIEW,
    SECRET,
    Boolean,
    Choice,
    Choices,
    Code,
    Date,
    Datetime,
    Integer,
    Label,
    Link,
    List,
    Number,
    Text,
)
from shared.kind import ANY, DESK_ROLES, Form
from shared.kinds.choices import CATEGORIES, PHONE

POOR_TYPES = {
    "general": Label("一般贫困户", "General"),
    "low_allowance": Label("低保贫困户", "Low allowance"),
    "five_guarantee": Label("五保(特困)贫困户", "Five guarantees"),
}
EXIT_STATUSES = {
    "not": Label("未脱贫", "Not exited"),
    "planned": Label("预脱贫", "Planned"),
    "exited": Label("已脱贫", "Exited"),
    "returned": Label("返贫", "Returned to poverty"),
}
POVERTY_CAUSES = {
    "illness": Label("因病", "Illness"),
    "disability": Label("因残", "Disability"),
    "schooling": Label("因学", "Schooling"),
    "disaster": Label("因灾", "Disaster"),
    "land": Label("缺土地", "Lack of land"),
    "water": Label("缺水", "Lack of water"),
    "skill": Label("缺技术", "Lack of skill"),
    "labour": Label("缺劳力", "Lack of labour"),
    "capital": Label("缺资金", "Lack of capital"),
    "transport": Label("交通条件落后", "Poor transport"),
    "motivation": Label("自身发展动力不足", "Lack of motivation"),
    "other": Label("其他", "Other"),
}
RISK_CAUSES = {
    "illness": Label("因病", "Illness"),
    "schooling": Label("因学", "Schooling"),
    "disability": Label("因残", "Disability"),
    "disaster": Label("因灾", "Disaster"),
    "unstable_work": Label("务工就业不稳", "Unstable work"),
    "house": Label("住房", "House"),
    "water": Label("饮水", "Water"),
    "labour": Label("缺劳力", "Lack of labour"),
    "other": Label("其他", "Other"),
}
RESETTLEMENTS = {
    "central": Label("集中安置", "Central"),
    "scattered": Label("分散安置", "Scattered"),
}
HOUSE_STATUSES = {
    "none": Label("无房", "None"),
    "new": Label("新建房", "New"),
    "existing": Label("原有房", "Existing"),
}
HOUSE_STRUCTURES = {
    "steel_concrete": Label("钢混", "Steel and concrete"),
    "brick_concrete": Label("砖混", "Brick and concrete"),
    "brick_wood": Label("砖木", "Brick and wood"),
    "earth_wood": Label("土木", "Earth and wood"),
    "wood": Label("木结构", "Wood"),
}
HOUSE_SAFETY = {
    "A": Label("A级", "Grade A"),
    "B": Label("B级", "Grade B"),
    "C": Label("C级", "Grade C"),
    "D": Label("D级", "Grade D"),
}
WATER_SOURCES = {
    "well": Label("水井", "Well"),
    "tank": Label("水柜", "Tank"),
    "cellar": Label("水窖", "Cellar"),
    "spring": Label("山泉水", "Spring"),
    "piped": Label("自来水", "Piped"),
    "other": Label("其他", "Other"),
}
ELECTRICITY = {
    "mains": Label("生活用电已接入电网", "Mains"),
    "own": Label("自发电", "Own supply"),
    "none": Label("未通电", "None"),
}
TV_OR_NET = {
    "tv": Label("能看电视", "Television"),
    "net": Label("能上网", "Internet"),
    "both": Label("电视和上网都有", "Both"),
    "none": Label("都没有", "Neither"),
}
ROADS = {
    "paved": Label("硬化路", "Paved"),
    "gravel": Label("砂石路", "Gravel"),
    "dirt": Label("泥土路", "Dirt"),
    "path": Label("不通车", "Path, no motor traffic"),
}
TOILETS = {
    "flush": Label("水冲式卫生厕所", "Flush"),
    "sanitary_dry": Label("卫生旱厕", "Sanitary dry"),
    "pit": Label("普通旱厕", "Pit"),
    "shared": Label("公共厕所", "Shared"),
    "none": Label("无厕所", "None"),
}
LEFT_REASONS = {  # without one of these a household stays among those to be visited
    "moved": Label("整户迁出", "Moved away"),
    "died_out": Label("整户消亡", "Died out"),
    "merged": Label("并入他户", "Merged into another"),
}
HELP = {
    "industry": Label("发展产业", "Own production"),
    "job": Label("务工就业", "A job"),
    "skill": Label("技能培训", "Training"),
    "loan": Label("资金信贷", "Loan"),
    "schooling": Label("教育资助", "Schooling"),
    "medical": Label("医疗救助", "Medical aid"),
    "house": Label("住房改造", "House repair"),
    "relocation": Label("易地搬迁", "Resettlement"),
    "water": Label("饮水", "Water"),
    "road": Label("道路", "Road"),
    "relief": Label("社会兜底", "Social relief"),
    "other": Label("其他", "Other"),
}


class Household(Form):
    class Meta(Form.Meta):
        is_household = True
        name = "household"
        label = Label("农户", "Household")
        title = "head_name"
        reserved = {"joined_into": {ANY: DESK_ROLES}}

    household_no = Code(
        "户编号",
        "Household number",
        r"[0-9A-Za-z-]{1,32}",
        Label("应为1到32位数字、字母或横线", "must be 1 to 32 digits, letters or hyphens"),
        sensitivity=PERSONAL,
        required=True,
    )
    hamlet = Text("屯", "Hamlet", length=100, sensitivity=PERSONAL)
    address = Text("住址", "Address", length=200, sensitivity=PERSONAL)
    door_no = Text("门牌号", "Door number", length=40, sensitivity=PERSONAL)
    # The roster gives a name long before the members are entered.
    head_name = Text("户主姓名", "Head's name", length=100, sensitivity=PERSONAL, required=True)
    head_member = Link("户主", "Head of household", to="member", sensitivity=PERSONAL)
    phone = Code("联系电话", "Phone", *PHONE, sensitivity=PERSONAL)
    no_phone_reason = Text("无电话原因", "Why no phone", length=200, sensitivity=PERSONAL)

    categories = Choices("户类别", "Categories", CATEGORIES, merge=REVIEW, sensitivity=PERSONAL, required=True)
    category_basis = Text("类别认定依据", "Basis of the categories", length=500, sensitivity=PERSONAL)
    category_list_version = Text("类别名单版本", "Version of the category list", length=64)
    poor_type = Choice("贫困户属性", "Type of poor household", POOR_TYPES, merge=REVIEW, sensitivity=PERSONAL)
    exit_status = Choice("是否脱贫", "Exit status", EXIT_STATUSES, merge=REVIEW, sensitivity=PERSONAL)
    exit_year = Integer("脱贫时间", "Year of exit", low=2014, high=2020, sensitivity=PERSONAL)
    # Secret: a cause may be an illness or a disability. Kept to choose the help that fits.
    poverty_causes = Choices(
        "致贫原因", "Causes of poverty", POVERTY_CAUSES, sensitivity=SECRET, hint=Label("最多两项", "at most two")
    )
    main_poverty_cause = Choice("主要致贫原因", "Main cause of poverty", POVERTY_CAUSES, sensitivity=SECRET)
    risk_causes = Choices(
        "返(致)贫风险", "Risks of poverty", RISK_CAUSES, sensitivity=SECRET, hint=Label("最多五项", "at most five")
    )
    risk_note = Text("风险说明", "About the risks", sensitivity=SECRET)

    relocated = Boolean("易地搬迁", "Resettled", sensitivity=PERSONAL)
    resettlement_type = Choice("安置方式", "Kind of resettlement", RESETTLEMENTS, sensitivity=PERSONAL)
    house_status = Choice("住房", "House", HOUSE_STATUSES, sensitivity=PERSONAL)
    house_structure = Choice("住房结构", "House structure", HOUSE_STRUCTURES, sensitivity=PERSONAL)
    house_safety = Choice("住房安全等级", "House safety grade", HOUSE_SAFETY, sensitivity=PERSONAL)
    house_area_m2 = Number("住房面积(平方米)", "House area (m²)", low=0, high=1000, sensitivity=PERSONAL)
    water_source = Choice("饮水来源", "Water source", WATER_SOURCES)
    water_safe = Boolean("饮水安全", "Water is safe")
    water_litres_ok = Boolean("每人每天35升以上", "At least 35 litres a person a day")
    water_fetch_minutes = Integer("取水时间(分钟)", "Minutes to fetch water", low=0, high=1440)
    water_supply_rate = Number("供水保证率(%)", "Water supply rate (%)", low=0, high=100)
    electricity = Choice("用电", "Electricity", ELECTRICITY)
    tv_or_net = Choice("电视/上网", "Television or internet", TV_OR_NET)
    road_type = Choice("入户路", "Road to the house", ROADS)
    road_width_m = Number("入户路宽(米)", "Road width (m)", low=0, high=20)
    toilet_type = Choice("厕所", "Toilet", TOILETS)

    # Unusual areas (over 100 mu, forest and orchard 200) only warn.
    paddy_mu = Number("水田(亩)", "Paddy (mu)", low=0, high=10_000)
    dry_mu = Number("旱地(亩)", "Dry land (mu)", low=0, high=10_000)
    forest_mu = Number("林地(亩)", "Forest (mu)", low=0, high=10_000)
    orchard_mu = Number("果园(亩)", "Orchard (mu)", low=0, high=10_000)
    pond_mu = Number("水塘(亩)", "Pond (mu)", low=0, high=10_000)
    # Each line carries its count ("猪 3"), so a new count replaces the line: not joined element by element.
    livestock = List("牲畜家禽", "Livestock")
    machines = List("农机", "Machines")
    appliances = List("家电", "Appliances")

    needs = Choices("帮扶需求", "Needs", HELP, sensitivity=PERSONAL, hint=Label("最多三项", "at most three"))
    help_measures = Choices("帮扶措施", "Help measures", HELP, sensitivity=PERSONAL)
    help_contact = Text("帮扶联系人", "Help contact", length=100, sensitivity=PERSONAL)
    left_reason = Choice("销户原因", "Why it left", LEFT_REASONS, merge=REVIEW, sensitivity=PERSONAL)
    left_on = Date("销户日期", "Left on", sensitivity=PERSONAL)
    notice_at = Datetime("告知时间", "Told about data use at")
    source = Text("数据来源", "Source of the data", length=200)
    joined_into = Link("并入的户", "Joined into", to="household", widget="hidden")  # the same family, entered twice
    remark = Text("备注", "Remark", sensitivity=PERSONAL)
