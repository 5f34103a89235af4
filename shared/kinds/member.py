"""A member of a household: one line of the family sheet.

The household itself is the envelope's. What the law calls sensitive is secret: the identity number, health, disability,
insurance and allowance. Prison and religion are never asked for. An odd check character, age or relation only warns.
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
    Integer,
    Label,
    Text,
)
from shared.kind import Form
from shared.kinds.choices import PHONE

SEXES = {
    "male": Label("男", "Male"),
    "female": Label("女", "Female"),
}
IDENTITY_TYPES = {
    "resident": Label("居民身份证", "Resident identity card"),
    "booklet": Label("户口簿", "Household booklet"),
    "other": Label("其他证件", "Other paper"),
    "none": Label("无证件", "None"),
}
RELATIONS = {
    "head": Label("户主", "Head"),
    "spouse": Label("配偶", "Spouse"),
    "son": Label("儿子", "Son"),
    "daughter": Label("女儿", "Daughter"),
    "daughter_in_law": Label("儿媳", "Daughter-in-law"),
    "son_in_law": Label("女婿", "Son-in-law"),
    "grandson": Label("孙子", "Grandson"),
    "granddaughter": Label("孙女", "Granddaughter"),
    "maternal_grandson": Label("外孙", "Daughter's son"),
    "maternal_granddaughter": Label("外孙女", "Daughter's daughter"),
    "father": Label("父亲", "Father"),
    "mother": Label("母亲", "Mother"),
    "father_in_law": Label("岳父或公公", "Father-in-law"),
    "mother_in_law": Label("岳母或婆婆", "Mother-in-law"),
    "grandfather": Label("祖父", "Grandfather"),
    "grandmother": Label("祖母", "Grandmother"),
    "other": Label("其他", "Other"),
}
EDUCATION = {
    "preschool": Label("学龄前", "Preschool"),
    "illiterate": Label("文盲或半文盲", "Illiterate"),
    "primary": Label("小学", "Primary"),
    "junior": Label("初中", "Junior middle"),
    "senior": Label("高中或中专", "Senior middle"),
    "college": Label("大专及以上", "College or above"),
}
SCHOOL_STAGES = {
    "not_enrolled": Label("非在校", "Not enrolled"),
    "preschool": Label("学前教育", "Preschool"),
    "primary": Label("小学", "Primary"),
    "grade_7": Label("七年级", "Grade 7"),
    "grade_8": Label("八年级", "Grade 8"),
    "grade_9": Label("九年级", "Grade 9"),
    "senior_1": Label("高中一年级", "Senior 1"),
    "senior_2": Label("高中二年级", "Senior 2"),
    "senior_3": Label("高中三年级", "Senior 3"),
    "vocational_1": Label("中职一年级", "Vocational 1"),
    "vocational_2": Label("中职二年级", "Vocational 2"),
    "vocational_3": Label("中职三年级", "Vocational 3"),
    "higher_vocational_1": Label("高职一年级", "Higher vocational 1"),
    "higher_vocational_2": Label("高职二年级", "Higher vocational 2"),
    "higher_vocational_3": Label("高职三年级", "Higher vocational 3"),
    "college": Label("大专及以上", "College or above"),
}
HEALTH = {
    "healthy": Label("健康", "Healthy"),
    "chronic": Label("长期慢性病", "Chronic illness"),
    "serious": Label("患有大病", "Serious illness"),
    "disabled": Label("残疾", "Disabled"),
}
DISABILITIES = {  # in the order of the certificate's nineteenth character, 1 to 7
    "sight": Label("视力", "Sight"),
    "hearing": Label("听力", "Hearing"),
    "speech": Label("言语", "Speech"),
    "physical": Label("肢体", "Physical"),
    "intellectual": Label("智力", "Intellectual"),
    "mental": Label("精神", "Mental"),
    "multiple": Label("多重", "Multiple"),
}
DISABILITY_LEVELS = {
    "1": Label("一级", "Level 1"),
    "2": Label("二级", "Level 2"),
    "3": Label("三级", "Level 3"),
    "4": Label("四级", "Level 4"),
}
LABOUR = {
    "ordinary": Label("普通劳动力", "Ordinary"),
    "skilled": Label("技能劳动力", "Skilled"),
    "weak": Label("弱劳动力或半劳动力", "Weak or half"),
    "lost": Label("丧失劳动力", "Lost"),
    "none": Label("无劳动力", "None"),
}
WORK_PLACES = {
    "none": Label("未务工", "Not away for work"),
    "township": Label("乡镇内", "In the township"),
    "county": Label("县内", "In the county"),
    "region": Label("自治区内", "In the region"),
    "other_province": Label("区外", "Another province"),
}
MEDICAL_INSURANCE = {
    "resident": Label("城乡居民医保", "Residents'"),
    "employee": Label("职工医保", "Employees'"),
    "none": Label("未参保", "None"),
}
PENSION_INSURANCE = {
    "resident": Label("城乡居民养老保险", "Residents'"),
    "employee": Label("职工养老保险", "Employees'"),
    "none": Label("未参保", "None"),
}
LOW_ALLOWANCE = {
    "A": Label("A类", "Class A"),
    "B": Label("B类", "Class B"),
    "C": Label("C类", "Class C"),
    "none": Label("无", "None"),
}
POLITICS = {
    "party": Label("中共党员", "Party member"),
    "probationary": Label("中共预备党员", "Probationary member"),
    "applicant": Label("入党积极分子", "Applicant"),
    "league": Label("共青团员", "League member"),
    "other": Label("其他党派", "Another party"),
    "none": Label("群众", "None"),
}
STATUSES = {
    "active": Label("在户", "Active"),
    "moved_out": Label("迁出", "Moved out"),
    "died": Label("死亡", "Died"),
    "married_out": Label("嫁出", "Married out"),
}


class Member(Form):
    class Meta(Form.Meta):
        follows_household = True
        name = "member"
        label = Label("家庭成员", "Member")
        title = "name"

    name = Text("姓名", "Name", length=100, sensitivity=PERSONAL, required=True)
    sex = Choice("性别", "Sex", SEXES, sensitivity=PERSONAL, required=True)
    birth_date = Date("出生日期", "Date of birth", sensitivity=PERSONAL)
    birth_month = Code(
        "出生年月",
        "Month of birth",
        r"[0-9]{4}-(0[1-9]|1[0-2])",
        Label("应为年月，如 1962-05", "must be a month such as 1962-05"),
        sensitivity=PERSONAL,
        hint=Label("不知道日期时填写", "when the day is not known"),
    )
    ethnicity = Text("民族", "Ethnicity", length=20, sensitivity=PERSONAL)
    id_type = Choice("证件类型", "Type of identity paper", IDENTITY_TYPES, sensitivity=PERSONAL)
    # Secret. Purpose: to tell two people of one name apart.
    identity = Code(
        "身份证号",
        "Identity number",
        r"[0-9]{17}[0-9X]",
        Label("应为18位身份证号，末位可为X", "must be 18 characters: digits, the last may be X"),
        sensitivity=SECRET,
    )
    no_identity_reason = Text("无身份证原因", "Why no identity number", length=200, sensitivity=PERSONAL)
    relation = Choice("与户主关系", "Relation to the head", RELATIONS, sensitivity=PERSONAL, required=True)

    education = Choice("文化程度", "Education", EDUCATION, sensitivity=PERSONAL)
    school_stage = Choice("在校状况", "At school", SCHOOL_STAGES, sensitivity=PERSONAL)
    # Secret. Purpose: medical aid and the disability policies a member is entitled to. The certificate's number begins
    # with the identity number.
    health = Choices("健康状况", "Health", HEALTH, sensitivity=SECRET)
    disability_cert = Code(
        "残疾证号",
        "Disability certificate",
        r"[0-9]{17}[0-9X][1-7][1-4]",
        Label("应为20位残疾证号", "must be 20 characters: the identity number, type and level"),
        sensitivity=SECRET,
    )
    disability_type = Choice("残疾类别", "Type of disability", DISABILITIES, sensitivity=SECRET)
    disability_level = Choice("残疾等级", "Level of disability", DISABILITY_LEVELS, sensitivity=SECRET)
    labour = Choice("劳动能力", "Labour", LABOUR, sensitivity=PERSONAL)
    work_place = Choice("务工地点", "Place of work", WORK_PLACES, sensitivity=PERSONAL)
    work_months = Integer("务工月数", "Months of work", low=0, high=12, sensitivity=PERSONAL)
    employer = Text("务工单位", "Employer", length=200, sensitivity=PERSONAL)
    # Secret. Purpose: whether cover and relief that are due have arrived.
    medical_ins = Choice("医疗保险", "Medical insurance", MEDICAL_INSURANCE, sensitivity=SECRET)
    pension_ins = Choice("养老保险", "Pension insurance", PENSION_INSURANCE, sensitivity=SECRET)
    low_allowance_class = Choice("低保类别", "Low allowance class", LOW_ALLOWANCE, sensitivity=SECRET)

    politics = Choice("政治面貌", "Politics", POLITICS, sensitivity=PERSONAL)  # for party links only
    soldier = Boolean("现役军人", "Serving soldier", sensitivity=PERSONAL)
    phone = Code("联系电话", "Phone", *PHONE, sensitivity=PERSONAL)
    status = Choice("成员状态", "Status", STATUSES, merge=REVIEW, sensitivity=PERSONAL)
    remark = Text("备注", "Remark", sensitivity=PERSONAL)
