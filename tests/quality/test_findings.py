"""What looks odd in a household (DOMAIN 4.9): a table of named cases a clerk could read. Each is told in a sentence and none blocks."""

from typing import Any

import pytest

from server.warnings import list_warnings
from shared.kinds import KINDS
from shared.rules.entry import Entry
from shared.rules.policy import Policies
from shared.rules.quality import (
    SAYS,
    age_of,
    doubled_numbers,
    household_findings,
    member_findings,
    visit_oddities,
)
from shared.rules.visits import judge_all
from tests.sync.world import TOWN, V1, World, new_id, on_sqlite

TODAY = "2018-09-03"
FINE = {
    "head_name": "农大山",
    "phone": "13800001234",
    "categories": ["general"],
    "notice_at": "2018-09-01T08:00:00+08:00",
}


def home(**more: Any) -> Entry:
    return Entry("household", "h", V1, None, {**FINE, **more})


def person(**more: Any) -> Entry:
    return Entry("member", more.pop("id", "m"), V1, "h", {"name": "某", **more})


HEAD = person(id="head", relation="head", sex="male", birth_date="1970-05-01", labour="ordinary", health=["healthy"])

HOUSEHOLDS: list[tuple[str, Entry, list[Entry], set[str]]] = [
    ("没有不对 / nothing odd", home(), [HEAD], set()),
    ("没有登记成员的不说家庭 / a family not entered yet is not called odd", home(categories=["disabled"]), [], set()),
    ("帮扶需求超过三项 / more than three needs", home(needs=["job", "skill", "loan", "water"]), [HEAD], {"too_many"}),
    ("致贫原因超过两项 / more than two causes", home(poverty_causes=["land", "water", "skill"]), [HEAD], {"too_many"}),
    ("主要原因不在原因里 / the main cause is none of them", home(poverty_causes=["land"], main_poverty_cause="water"), [HEAD],
     {"main_cause"}),
    ("其他风险没写明 / another risk unsaid", home(risk_causes=["other"]), [HEAD], {"risk_note"}),
    ("水田一百亩可以 / a hundred mu of paddy pass", home(paddy_mu=100), [HEAD], set()),
    ("水田一百零一亩要核对 / a hundred and one are asked about", home(paddy_mu=101), [HEAD], {"much_land"}),
    ("林地二百亩可以 / two hundred mu of forest pass", home(forest_mu=200), [HEAD], set()),
    ("没电话没原因 / no phone and no reason", home(phone=None), [HEAD], {"no_phone"}),
    ("没电话有原因 / no phone, and why", home(phone=None, no_phone_reason="没有手机"), [HEAD], set()),
    ("没告知就填了健康 / health before anyone was told", home(notice_at=None), [HEAD], {"no_notice"}),
    ("没有户主 / nobody is the head", home(), [person(relation="son", sex="male")], {"no_head"}),
    ("两个户主 / two heads", home(), [HEAD, person(relation="head", sex="male")], {"two_heads"}),
    ("户主指错 / the head named is another", home(head_member="x"), [HEAD], {"head_elsewhere"}),
    ("夫妻同性 / head and spouse of one sex", home(), [HEAD, person(relation="spouse", sex="male")], {"couple"}),
    ("因病致贫没人生病 / illness is a cause and nobody is ill", home(poverty_causes=["illness"]), [HEAD], {"illness"}),
    ("因病致贫有人生病 / somebody is", home(poverty_causes=["illness"]), [HEAD, person(relation="spouse", sex="female",
     health=["chronic"])], set()),
    ("健康不全知道就不说 / not all health is known, so nothing is said", home(poverty_causes=["illness"]),
     [HEAD, person(relation="spouse", sex="female")], set()),
    ("因残致贫没人残疾 / disability is a cause and nobody is disabled", home(poverty_causes=["disability"]), [HEAD], {"disability"}),
    ("残疾户没人残疾 / a disabled household without", home(categories=["disabled"]), [HEAD], {"disabled_category"}),
    ("低保户没人低保 / a low-allowance household without", home(categories=["low_allowance"]),
     [person(relation="head", low_allowance_class="none")], {"allowance_category"}),
    ("全户无劳动力没低保 / nobody can work and nobody has the allowance", home(),
     [person(relation="head", labour="lost", low_allowance_class="none")], {"no_support"}),
    ("两人同电话在两地务工 / one phone, two places of work", home(),
     [HEAD, person(relation="son", phone="13800000000", work_place="county"),
      person(id="n", relation="daughter", phone="13800000000", work_place="other_province")], {"one_phone"}),
    ("有销户原因没日期 / it left on no day", home(left_reason="moved"), [HEAD], {"left_undated"}),
    ("去世的成员不看 / who died is passed over", home(), [HEAD, person(relation="head", status="died")], set()),
]  # fmt: skip

MEMBERS: list[tuple[str, Entry, set[str]]] = [
    ("没有不对 / nothing odd", HEAD, set()),
    ("身份证校验不对 / a wrong check character", person(identity="451422196205174013"), {"identity"}),
    ("没证件没原因 / no paper and no reason", person(id_type="none"), {"no_identity"}),
    ("不满十六岁有劳动力 / labour at fifteen", person(birth_date="2002-09-04", labour="ordinary"), {"young_labour"}),
    ("十六岁生日当天可以 / on the sixteenth birthday it may be", person(birth_date="2002-09-03", labour="ordinary"), set()),
    ("健康青年无劳动力 / healthy, forty, without labour", person(birth_date="1978-01-01", labour="none", health=["healthy"]), {"idle"}),
    ("六十岁可以 / at sixty it is right", person(birth_date="1958-09-03", labour="none", health=["healthy"]), set()),
    ("在校可以 / at school it is right", person(birth_date="2000-01-01", labour="none", health=["healthy"], school_stage="senior_3"),
     set()),
    ("在校有务工 / a student who works", person(school_stage="grade_8", work_place="county", work_months=3), {"student_worker"}),
    ("有技能没务工 / skilled without work", person(labour="skilled", work_place="none"), {"skilled_idle"}),
    ("务工零个月 / a place of work and no months", person(work_place="county", work_months=0), {"work_months"}),
    ("残疾没有证号 / disabled without a certificate", person(health=["disabled"]), {"certificate"}),
    ("有残疾证没写残疾 / a certificate and no word", person(health=["healthy"], disability_cert="45142219620517401241"), {"not_disabled"}),
    ("残疾证是别人的 / another's certificate",
     person(health=["disabled"], disability_cert="45142219630823352041", identity="451422196205174011"), {"certificate_of", "identity"}),
    ("没参加医保 / uninsured", person(medical_ins="none"), {"uninsured"}),
    ("儿子写成女 / a son who is female", person(relation="son", sex="female"), {"relation_sex"}),
    ("父亲比户主小 / a father younger than the head", person(relation="father", sex="male", birth_date="1980-01-01"), {"relation_age"}),
    ("儿子比户主大 / a son older than the head", person(relation="son", sex="male", birth_date="1960-01-01"), {"relation_age"}),
    ("迁出的不看 / who moved out is passed over", person(status="moved_out", identity="451422196205174013"), set()),
]  # fmt: skip


def english(case: tuple[Any, ...]) -> str:
    return str(case[0]).partition(" / ")[2]


@pytest.mark.parametrize("case", HOUSEHOLDS, ids=english)
def test_a_household_is_asked_about(case: tuple[str, Entry, list[Entry], set[str]]) -> None:
    _, household, members, expected = case
    assert {finding.code for finding in household_findings(household, members)} == expected


@pytest.mark.parametrize("case", MEMBERS, ids=english)
def test_a_member_is_asked_about(case: tuple[str, Entry, set[str]]) -> None:
    _, member, expected = case
    assert {finding.code for finding in member_findings(member, TODAY, HEAD)} == expected


def test_every_sentence_is_said_in_both_languages_and_is_reached_by_a_field_that_exists() -> None:
    assert all(says.zh and says.en.isascii() for says in SAYS.values())
    told = [f for _, home_, members, _ in HOUSEHOLDS for f in household_findings(home_, members)]
    names = {name for kind in ("household", "member", "visit") for name in KINDS[kind].fields}
    assert {name for finding in told for name in finding.fields} <= names


def test_what_a_party_member_may_not_see_is_never_called_odd() -> None:
    seen = {name: value for name, value in HEAD.values.items() if name not in KINDS["member"].secrets}
    household = home(categories=["disabled", "low_allowance"], notice_at=None)
    assert household_findings(household, [Entry("member", "head", V1, "h", seen)]) == []


def test_an_age_is_read_from_whatever_tells_it() -> None:
    assert [
        age_of(values, TODAY)
        for values in ({"birth_date": "2000-09-04"}, {"birth_month": "2000-09"}, {}, {"birth_date": "2019-01-01"})
    ] == [17, 18, None, None]


def test_doubled_numbers_are_found_within_a_village_and_across_all() -> None:
    homes = [
        Entry("household", id_, village, None, {"household_no": "7"})
        for id_, village in (("a", "1"), ("b", "1"), ("c", "2"))
    ]
    people = [Entry("member", id_, "1", "h", {"identity": "451422196205174011", **more})
              for id_, more in (("x", {}), ("y", {}), ("z", {"status": "died"}))]  # fmt: skip
    found = doubled_numbers(homes, people)
    assert {id_: finding.code for id_, finding in found.items()} == {
        "a": "household_no", "b": "household_no", "x": "identity_twice", "y": "identity_twice",
    }  # fmt: skip


def test_a_child_alone_and_a_fifth_visit_in_a_month_are_told() -> None:
    def call(day: int, **more: Any) -> Entry:
        started = f"2018-09-{day:02}T09:00:00+08:00"
        ended = f"2018-09-{day:02}T09:40:00+08:00"
        return Entry("visit", f"v{day}", V1, "h", {"mode": "home", "started_at": started, "ended_at": ended, **more})

    visits = [call(day) for day in (1, 2, 3, 4)] + [call(5, respondent="child")]
    child = person(id="child", birth_date="2010-01-01")
    now = 1_540_000_000_000
    told = {
        judged.entry.id: {f.code for f in visit_oddities(judged, visits, [child], Policies())}
        for judged in judge_all(visits, Policies(), now=now)
    }
    assert {"child_respondent", "often"} <= told["v5"]
    assert "often" not in {
        f.code
        for j in judge_all(visits[:4], Policies(), now=now)
        for f in visit_oddities(j, visits[:4], [], Policies())
    }


@on_sqlite
def test_the_desk_finds_it_all_in_one_list_and_nothing_was_refused(world: World) -> None:
    wei, one, two, visit = world.cadre("韦敏"), new_id(), new_id(), new_id()
    wei.take(
        wei.change("household", one, {"household_no": "7", "head_name": "甲", "needs": ["job", "skill", "loan", "water"]}),
        wei.change("household", two, {"household_no": "7", "head_name": "乙"}),
        wei.change("visit", visit, {"mode": "home", "started_at": "2018-09-03T08:00:00+08:00",
                                    "ended_at": "2018-09-03T08:10:00+08:00"}, household=one),
    )  # fmt: skip
    told = {(w["code"], w["id"]) for w in list_warnings(world.service.database, TOWN)}
    assert told >= {("too_many", one), ("household_no", one), ("household_no", two), ("visit_short_unexplained", visit)}
    assert all(w["says"]["zh"] and w["says"]["en"] for w in list_warnings(world.service.database, TOWN))
