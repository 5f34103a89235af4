"""What looks odd in the words of a household (DOMAIN 4.9): plain sentences for whoever may mend them. It warns and never blocks.

Two valid changes may merge into an odd whole, and neither writer is at fault. Fields that a reader may not see are simply absent here, and
what is absent is never called odd. Promises: pure; a sentence names no person and repeats no number. Leaves to others: a visit's own
oddities (`visits`), and numbers doubled between households (`doubled_numbers`, which needs them all).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shared.fields import Label
from shared.moments import day_of, milliseconds
from shared.rules import identity
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.policy import Policies
from shared.rules.visits import Judged

_AT_MOST = {"poverty_causes": 2, "risk_causes": 5, "needs": 3}
_MUCH_LAND = {"paddy_mu": 100, "dry_mu": 100, "forest_mu": 200, "orchard_mu": 200, "pond_mu": 100}
_SCHOOL = frozenset({None, "", "not_enrolled", "preschool"})
_NO_LABOUR = frozenset({"none", "lost"})
_MALE = frozenset({"son", "son_in_law", "grandson", "maternal_grandson", "father", "father_in_law", "grandfather"})
_FEMALE = frozenset(
    {"daughter", "daughter_in_law", "granddaughter", "maternal_granddaughter", "mother", "mother_in_law", "grandmother"}
)
_ELDERS = frozenset({"father", "mother", "father_in_law", "mother_in_law", "grandfather", "grandmother"})
_YOUNGER = frozenset({"son", "daughter", "grandson", "granddaughter", "maternal_grandson", "maternal_granddaughter"})

SAYS = {
    "too_many": Label("选得太多，请只留主要的", "Too many are chosen; keep the main ones"),
    "main_cause": Label("主要致贫原因不在致贫原因之中", "The main cause is not among the causes"),
    "risk_note": Label("选了其他风险，请写明", "Another risk is chosen; say which"),
    "much_land": Label("面积特别大，请核对单位是否为亩", "An unusually large area; is it in mu"),
    "no_phone": Label("没有电话，请写明原因", "No phone; say why"),
    "no_notice": Label("填了敏感信息，还没有记录告知时间", "Sensitive facts are held, and no time is noted when the household was told"),
    "no_head": Label("没有户主", "No member is the head"),
    "two_heads": Label("不止一个户主", "More than one member is the head"),
    "head_elsewhere": Label("户主一栏指的不是本户户主", "The head named is not this household's head"),
    "couple": Label("户主与配偶性别相同，请核对", "Head and spouse are of the same sex; check"),
    "left_unsaid": Label("已移除但没有销户原因，仍算应访户", "Removed without a reason to leave; it still counts among those to be visited"),
    "left_undated": Label("有销户原因，没有销户日期", "It left, and no day is given"),
    "illness": Label("致贫原因有因病，但没有人生病", "Illness is a cause, and nobody is ill"),
    "disability": Label("致贫原因有因残，但没有残疾人", "Disability is a cause, and nobody is disabled"),
    "disabled_category": Label("残疾户，但没有残疾成员", "A disabled household, and no member is disabled"),
    "allowance_category": Label("低保户，但没有成员享受低保", "A low-allowance household, and no member receives it"),
    "no_support": Label("全户无劳动力，也没有人享受低保", "Nobody can work, and nobody receives the allowance"),
    "one_phone": Label("两人电话相同，务工地却不同", "Two members with one phone work in different places"),
    "identity": Label("身份证号校验不对，请核对", "The identity number's check character does not fit"),
    "birth": Label("出生日期与身份证号不符", "The date of birth differs from the identity number's"),
    "sex": Label("性别与身份证号不符", "The sex differs from the identity number's"),
    "no_identity": Label("没有身份证号，请写明原因", "No identity number; say why"),
    "young_labour": Label("不满16岁应为无劳动力", "Under sixteen, labour should be none"),
    "idle": Label("16至59岁、健康、不在校，却无劳动力，请问明", "Sixteen to fifty-nine, healthy, not at school, yet without labour; ask"),
    "student_worker": Label("在校生有务工记录，请核对", "A student with a work record; check"),
    "skilled_idle": Label("技能劳动力没有务工，请问明", "Skilled, and without work; ask"),
    "certificate": Label("健康状况有残疾，没有残疾证号", "Disabled, and no certificate number"),
    "certificate_of": Label("残疾证号与身份证号不符", "The certificate does not belong to the identity number"),
    "not_disabled": Label("有残疾证，健康状况没有残疾", "A certificate, and health says nothing of it"),
    "uninsured": Label("没有参加医疗保险", "Without medical insurance"),
    "relation_sex": Label("与户主关系和性别不符", "The relation does not fit the sex"),
    "relation_age": Label("与户主关系和年龄不符", "The relation does not fit the age"),
    "work_months": Label("有务工地点，没有务工月数", "A place of work, and no months"),
    "child_respondent": Label("受访人不满16岁，应有大人在场", "The respondent is under sixteen; an adult should be there"),
    "often": Label("这户本月走访次数已多，注意不要打扰", "This household was visited often this month; do not disturb it"),
    "household_no": Label("同村有相同的户编号", "Another household of the village has this number"),
    "identity_twice": Label("同一身份证号出现两次", "The same identity number stands twice"),
}  # fmt: skip


def _found(code: str, *fields: str) -> Finding:
    return Finding(code, SAYS[code], fields)


def household_findings(household: Entry, members: Sequence[Entry]) -> list[Finding]:
    """What looks odd in a household as a whole. `members` are all of it that are known; those who left are passed over."""
    values = household.values
    active = [member for member in members if member.values.get("status") in (None, "active")]
    found = [_found("too_many", name) for name, most in _AT_MOST.items() if len(values.get(name) or ()) > most]
    found += [_found("much_land", name) for name, most in _MUCH_LAND.items() if (values.get(name) or 0) > most]
    causes = values.get("poverty_causes") or ()
    if values.get("main_poverty_cause") and causes and values["main_poverty_cause"] not in causes:
        found.append(_found("main_cause", "main_poverty_cause"))
    if "other" in (values.get("risk_causes") or ()) and not values.get("risk_note"):
        found.append(_found("risk_note", "risk_note"))
    if not values.get("phone") and not values.get("no_phone_reason") and "head_name" in values:
        found.append(_found("no_phone", "no_phone_reason"))
    if values.get("left_reason") and not values.get("left_on"):
        found.append(_found("left_undated", "left_on"))
    if not values.get("notice_at") and (causes or any(_is_sensitive(member) for member in active)):
        found.append(_found("no_notice", "notice_at"))
    return found + (_family_findings(values, active) if active else [])


def _is_sensitive(member: Entry) -> bool:
    return any(member.values.get(name) for name in ("identity", "health", "disability_cert"))


def _family_findings(values: Mapping[str, Any], members: Sequence[Entry]) -> list[Finding]:
    found = []
    heads = [member for member in members if member.values.get("relation") == "head"]
    if not heads:
        found.append(_found("no_head"))
    elif len(heads) > 1:
        found.append(_found("two_heads"))
    elif values.get("head_member") and values["head_member"] != heads[0].id:
        found.append(_found("head_elsewhere", "head_member"))
    spouses = [member for member in members if member.values.get("relation") == "spouse"]
    if any(_both(head, spouse, "sex") for head in heads for spouse in spouses):
        found.append(_found("couple", "sex"))
    found += _needs_findings(values, members)
    phones: dict[str, set[str]] = {}
    for member in members:
        place = member.values.get("work_place")
        if member.values.get("phone") and place and place != "none":
            phones.setdefault(member.values["phone"], set()).add(place)
    if any(len(places) > 1 for places in phones.values()):
        found.append(_found("one_phone", "phone"))
    if all(labour in _NO_LABOUR for labour in (m.values.get("labour") for m in members)):
        classes = [member.values.get("low_allowance_class") for member in members]
        if any(classes) and all(one in (None, "none") for one in classes):
            found.append(_found("no_support", "low_allowance_class"))
    return found


def _both(one: Entry, other: Entry, name: str) -> bool:
    return bool(one.values.get(name)) and one.values.get(name) == other.values.get(name)


def _needs_findings(values: Mapping[str, Any], members: Sequence[Entry]) -> list[Finding]:
    """Causes and categories that no member bears out; said only where the members' health or allowance is known."""
    found = []
    causes, categories = values.get("poverty_causes") or (), values.get("categories") or ()
    health = [member.values["health"] for member in members if member.values.get("health")]
    if len(health) == len(members):
        conditions = {condition for one in health for condition in one}
        if "illness" in causes and not conditions & {"chronic", "serious"}:
            found.append(_found("illness", "poverty_causes"))
        if "disability" in causes and "disabled" not in conditions:
            found.append(_found("disability", "poverty_causes"))
        if "disabled" in categories and "disabled" not in conditions:
            found.append(_found("disabled_category", "categories"))
    classes = [member.values["low_allowance_class"] for member in members if member.values.get("low_allowance_class")]
    if len(classes) == len(members) and "low_allowance" in categories and set(classes) == {"none"}:
        found.append(_found("allowance_category", "categories"))
    return found


# --- one member --------------------------------------------------------------------------------------------------------


def member_findings(member: Entry, today: str, head: Entry | None = None) -> list[Finding]:
    """What looks odd in one member's line. `head` is the head of the household, where known."""
    values = member.values
    if values.get("status") not in (None, "active"):
        return []
    return [
        *_identity_findings(values),
        *_work_findings(values, today),
        *_health_findings(values),
        *_relation_findings(values, today, head),
    ]


def _identity_findings(values: Mapping[str, Any]) -> list[Finding]:
    number = values.get("identity")
    if not number:
        kind = values.get("id_type")
        asked = kind in ("none", "other") and not values.get("no_identity_reason")
        return [_found("no_identity", "no_identity_reason")] if asked else []
    if not identity.is_valid(number):
        return [_found("identity", "identity")]
    found = []
    born = identity.birth_date(number).isoformat()
    told = values.get("birth_date") or values.get("birth_month")
    if told and not born.startswith(told):
        found.append(_found("birth", "birth_date" if values.get("birth_date") else "birth_month"))
    if values.get("sex") and values["sex"] != identity.sex(number):
        found.append(_found("sex", "sex"))
    return found


def age_of(values: Mapping[str, Any], today: str) -> int | None:
    """Whole years on a day, by the date or month of birth or the identity number; None when none of them tells."""
    born = values.get("birth_date") or (f"{values['birth_month']}-01" if values.get("birth_month") else None)
    if born is None and values.get("identity") and identity.is_valid(values["identity"]):
        born = identity.birth_date(values["identity"]).isoformat()
    if born is None or born > today:
        return None
    start, now = date.fromisoformat(born), date.fromisoformat(today)
    return now.year - start.year - ((now.month, now.day) < (start.month, start.day))


def _work_findings(values: Mapping[str, Any], today: str) -> list[Finding]:
    found = []
    age, labour, works = age_of(values, today), values.get("labour"), values.get("work_place") not in (None, "none")
    at_school = values.get("school_stage") not in _SCHOOL
    if age is not None and age < 16 and labour not in (None, "none"):
        found.append(_found("young_labour", "labour"))
    if (
        age is not None
        and 16 <= age < 60
        and labour in _NO_LABOUR
        and values.get("health") == ["healthy"]
        and not at_school
    ):
        found.append(_found("idle", "labour"))
    if at_school and (works or (values.get("work_months") or 0) > 0):
        found.append(_found("student_worker", "work_place", "school_stage"))
    if labour == "skilled" and values.get("work_place") == "none":
        found.append(_found("skilled_idle", "work_place"))
    if works and values.get("work_months") == 0:
        found.append(_found("work_months", "work_months"))
    return found


def _health_findings(values: Mapping[str, Any]) -> list[Finding]:
    found = []
    health, certificate = values.get("health"), values.get("disability_cert")
    if health is not None and "disabled" in health and not certificate:
        found.append(_found("certificate", "disability_cert"))
    if certificate and health is not None and "disabled" not in health:
        found.append(_found("not_disabled", "health"))
    if certificate and values.get("identity") and not certificate.startswith(values["identity"]):
        found.append(_found("certificate_of", "disability_cert"))
    if values.get("medical_ins") == "none":
        found.append(_found("uninsured", "medical_ins"))
    return found


def _relation_findings(values: Mapping[str, Any], today: str, head: Entry | None) -> list[Finding]:
    found = []
    relation, sex = values.get("relation"), values.get("sex")
    if (relation in _MALE and sex == "female") or (relation in _FEMALE and sex == "male"):
        found.append(_found("relation_sex", "relation", "sex"))
    own = age_of(values, today)
    heads = age_of(head.values, today) if head else None
    if own is not None and heads is not None:
        older = relation in _ELDERS and own <= heads
        if older or (relation in _YOUNGER and own >= heads):
            found.append(_found("relation_age", "relation", "birth_date"))
    return found


# --- a visit among others ----------------------------------------------------------------------------------------------


def visit_oddities(
    told: Judged, visits: Iterable[Entry], members: Iterable[Entry], policies: Policies
) -> list[Finding]:
    """Of a judged visit: why it does not count, what is worth a look, who answered, and whether the household is visited too often.

    `visits` are its household's, `members` too.
    """
    values, day = told.entry.values, told.day
    if not day or told.why == ("mode",):
        return [] if day else told.findings()
    rules = policies.of(values, day).visit
    respondent = next((member for member in members if member.id == values.get("respondent")), None)
    age = age_of(respondent.values, day) if respondent else None
    found = told.findings()
    if age is not None and age < rules.respondent_age:
        found.append(_found("child_respondent", "respondent"))
    same_month = [
        v for v in visits if _came(v, rules.modes) and day_of(milliseconds(v.values["started_at"]))[:7] == day[:7]
    ]
    if len(same_month) > rules.visits_a_month and _came(told.entry, rules.modes):
        found.append(_found("often", "started_at"))
    return found


def _came(visit: Entry, modes: Iterable[str]) -> bool:
    return bool(visit.values.get("started_at")) and visit.values.get("mode") in tuple(modes)


def doubled_numbers(households: Iterable[Entry], members: Iterable[Entry]) -> dict[str, Finding]:
    """Record id to finding, for household numbers that stand twice in a village and identity numbers that stand twice at all."""
    numbers = {h.id: (h.village, h.values["household_no"]) for h in households if h.values.get("household_no")}
    people = {
        m.id: m.values["identity"]
        for m in members
        if m.values.get("identity") and m.values.get("status") in (None, "active")
    }
    return _twice(numbers, "household_no", "household_no") | _twice(people, "identity_twice", "identity")


def _twice(numbers: Mapping[str, Any], code: str, field: str) -> dict[str, Finding]:
    counts = Counter(numbers.values())
    return {id_: _found(code, field) for id_, number in numbers.items() if counts[number] > 1}
