"""The policy: presets as shipped, a county's own values, values that cannot be used, and which version judges what."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kinds.choices import CATEGORIES
from shared.kinds.cleanup_check import CleanupCheck
from shared.kinds.problem import PROBLEM_CATEGORIES
from shared.kinds.visit import Visit
from shared.rules.entry import Entry
from shared.rules.policy import DEFAULT, PRESETS, Policies, Policy, preset, preset_text, read_policy
from tests.rules.conftest import Shelf
from tests.rules.reading import english, entry_of
from tests.rules.records import campaign, policy

# --- as shipped


def test_the_bulletins_own_numbers_are_the_default() -> None:
    rules = preset()
    assert rules == preset(DEFAULT)
    assert rules.must_visit == {"registered_poor", "removed", "key", "low_allowance", "disabled", "borderline"}
    assert (rules.visit.minimum_minutes, rules.contact.visits_a_month) == (30, 2)
    assert (rules.visit.ask_after_hours, rules.visit.close_after_hours, rules.visit.drift_seconds) == (4, 12, 120)
    assert (rules.visit.retro_days, rules.visit.edit_reason_after_hours, rules.visit.future_minutes) == (7, 72, 10)
    assert (rules.cleanup.pass_mark, rules.cleanup.good_mark, rules.cleanup.rebound_days) == (80, 90, 90)
    assert (rules.problems.climb_days, rules.problems.extensions, rules.problems.reopen_days) == (7, 2, 180)
    assert list(rules.problems.tiers) == ["household", "village", "township", "county"]
    assert rules.problems.three_persons is False
    assert rules.photos.keep_days == 365, "a proposal of ours; the bulletin is silent"
    assert rules.visit.short_visits == "when_accepted", "a short visit counts once the township accepts it"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fits_the_forms(name: str) -> None:
    rules = preset(name)
    assert rules.preset == name
    assert len(rules.checks) == 6
    fields = Visit().fields
    assert all(check.status in fields and check.note in fields for check in rules.checks)
    assert rules.must_visit <= rules.categories.keys() <= CATEGORIES.keys()
    assert set(rules.same_as.values()) <= rules.categories.keys()
    assert rules.problems.categories.keys() == PROBLEM_CATEGORIES.keys()
    for rubric in rules.cleanup.rubrics.values():
        assert sum(item.full for item in rubric.items) == 100
        assert all(item.field in CleanupCheck().fields for item in rubric.items)
    assert rules.problems.days.keys() == rules.problems.tiers.keys()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_written_into_a_record_reads_as_itself(name: str) -> None:
    named = {"preset": name, "version": preset(name).version}
    assert read_policy(named) == (preset(name), [])
    assert read_policy({**named, "content": preset_text(name)}) == (preset(name), [])


@pytest.mark.parametrize("name", PRESETS)
def test_an_app_that_never_heard_of_a_preset_judges_alike_by_its_content(name: str) -> None:
    text = preset_text(name) | {"preset": "rural_2030", "version": "2030.1"}
    found, findings = read_policy({"preset": "rural_2030", "version": "2030.1", "content": text})
    assert findings == []
    assert (found.preset, found.version) == ("rural_2030", "2030.1")
    for part in (
        "must_visit",
        "categories",
        "same_as",
        "visit",
        "checks",
        "documents",
        "contact",
        "cleanup",
        "problems",
        "photos",
    ):
        assert getattr(found, part) == getattr(preset(name), part), part


def test_a_policy_written_before_photographs_had_a_setting_keeps_them_as_the_preset_says() -> None:
    text = preset_text(DEFAULT)
    del text["photos"]
    found, findings = read_policy({"preset": DEFAULT, "version": "2018.1", "content": text})
    assert (found.photos, findings) == (preset().photos, [])


def test_what_a_newer_preset_says_beyond_us_is_named_and_the_rest_holds() -> None:
    text = preset_text("monitoring_2021")
    text["visit"]["minimum_minutes"] = 25
    text["weather"] = {"rain": True}
    found, findings = read_policy({"preset": "rural_2030", "content": text})
    assert found.visit.minimum_minutes == 25
    assert [finding.fields for finding in findings] == [("weather",)]


def test_later_presets_say_only_what_differs() -> None:
    assert preset("monitoring_2021").visit == preset().visit
    assert preset("normal_help_2026").visit.visits_a_month == 2
    assert preset("normal_help_2026").contact == preset().contact
    assert {preset(name).photos.keep_days for name in PRESETS} == {365}
    assert "sudden_hardship" in preset("monitoring_2021").must_visit
    assert preset("normal_help_2026").must_visit == {
        "anti_poverty_target",
        "special_support",
        "low_allowance",
        "disabled",
    }


@pytest.mark.parametrize(
    ("name", "codes", "read"),
    [
        ("five_campaigns_2018", ["exited_poor", "general"], {"registered_poor", "general"}),
        ("monitoring_2021", ["registered_poor", "borderline"], {"exited_poor", "borderline_at_risk"}),
        ("normal_help_2026", ["borderline", "unstable_exited", "sudden_hardship"], {"anti_poverty_target"}),
        ("normal_help_2026", ["unheard_of"], {"unheard_of"}),
        ("five_campaigns_2018", None, set()),
    ],
)  # fmt: skip
def test_a_category_of_other_years_is_read_as_one_of_ours(name: str, codes: list[str] | None, read: set[str]) -> None:
    assert preset(name).read_categories(codes) == read


# --- a county's own values


def leaves(text: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in text.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value  # type: ignore[no-any-return]


def at(text: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        text = text[key]
    return text


SETTINGS = [
    (path, value) for path, value in leaves(preset_text(DEFAULT))
    if path[-1] not in ("zh", "en", "preset", "version") and path[0] != "same_as"
]  # fmt: skip


def another(path: tuple[str, ...], value: Any) -> Any:
    """Some other usable value of a setting."""
    if path == ("visit", "short_visits"):
        return "never"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if path[-1] == "modes":
        return ["field", "phone"]
    if path[:2] == ("cleanup", "rubric_of"):
        return "village" if value == "household" else "household"
    if isinstance(value, str):
        return f"{value}x"
    return value[:-1] or [*value, "phone"]  # a list of modes is never left empty


@pytest.mark.parametrize(("path", "value"), SETTINGS, ids=[".".join(path) for path, _ in SETTINGS])
def test_any_setting_may_be_overridden(path: tuple[str, ...], value: Any) -> None:
    wanted = another(path, value)
    found, findings = read_policy({"overrides": nested(path, wanted)})
    assert findings == []
    assert at(found.content, path) == wanted
    assert found != preset(), "it makes a difference to the rules"
    rest = [(other, was) for other, was in SETTINGS if other != path]
    assert all(at(found.content, other) == was for other, was in rest), "and nothing else does"


def test_a_county_may_add_and_take_out_its_own_words() -> None:
    label = {"zh": "两山户", "en": "Two hills"}
    found, findings = read_policy(
        {"overrides": {
            "categories": {"hills": label, "key": None}, "must_visit": ["hills", "registered_poor"], "same_as": {"old": "hills"},
            "cleanup": {"red_lines": {"dead_pigs": label, "burning": None}}, "problems": {"categories": {"tea": label}},
        }}
    )  # fmt: skip
    assert findings == []
    assert found.must_visit == {"hills", "registered_poor"}
    assert "key" not in found.categories
    assert found.read_categories(["old"]) == {"hills"}
    assert "dead_pigs" in found.cleanup.red_lines
    assert "burning" not in found.cleanup.red_lines
    assert found.problems.categories["tea"].zh == "两山户"


def test_the_forms_own_fields_outrank_the_overrides() -> None:
    found, findings = read_policy(
        {"minimum_minutes": 25, "contact_visits_a_month": 3, "overrides": {"visit": {"minimum_minutes": 40}}}
    )
    assert (found.visit.minimum_minutes, found.contact.visits_a_month, findings) == (25, 3, [])
    assert read_policy({"minimum_minutes": 0})[0].visit.minimum_minutes == 0


def test_a_policy_is_called_by_its_own_name_and_version() -> None:
    found, _ = read_policy({"name": "县里的规则", "version": "县3"})
    assert (found.name.zh, found.version) == ("县里的规则", "县3")


LABEL = {"zh": "好", "en": "good"}
CHECK = {"code": "C1", "field": "guarantees", "label": LABEL, "questions": [LABEL]}
# fmt: off
UNUSABLE: list[tuple[str, Any]] = [
    ("没有这项设置 / a setting nobody knows", {"visit": {"maximum_minutes": 90}}),
    ("没有这张表 / a table nobody knows", {"weather": {"rain": 1}}),
    ("分钟写成文字 / minutes in words", {"visit": {"minimum_minutes": "三十"}}),
    ("分钟是负数 / minutes below nought", {"visit": {"minimum_minutes": -1}}),
    ("分钟带小数 / half a minute", {"visit": {"minimum_minutes": 29.5}}),
    ("分钟是真假 / yes for a number", {"visit": {"minimum_minutes": True}}),
    ("真假写成一 / one for yes", {"problems": {"three_persons": 1}}),
    ("分钟清空 / null for a number", {"visit": {"minimum_minutes": None}}),
    ("数字大得离谱 / a number beyond reason", {"problems": {"climb_days": 10**9}}),
    ("照片一天也不留 / photographs kept for no day at all", {"photos": {"keep_days": 0}}),
    ("照片只留二十九天 / photographs kept for less than phones keep theirs", {"photos": {"keep_days": 29}}),
    ("照片留半天 / photographs kept for half a day", {"photos": {"keep_days": 0.5}}),
    ("短访写法不对 / a word that is none of three", {"visit": {"short_visits": "sometimes"}}),
    ("走访方式不是列表 / one mode where a list stands", {"visit": {"modes": "home"}}),
    ("走访方式一个也没有 / no mode at all", {"visit": {"modes": []}}),
    ("走访方式不认识 / a mode that the form does not have", {"visit": {"modes": ["home", "letter"]}}),
    ("走访方式里有数字 / a number among modes", {"visit": {"modes": ["home", 5]}}),
    ("整张表写成数字 / a number for a table", {"cleanup": 80}),
    ("必访类别不认识 / a must-visit category that is not listed", {"must_visit": ["registered_poor", "unheard_of"]}),
    ("类别没有两种文字 / a category without both languages", {"categories": {"hills": {"zh": "两山户"}}}),
    ("类别写成文字 / a category in one word", {"categories": {"hills": "两山户"}}),
    ("评分项没有满分 / an item without its full mark", {"cleanup": {"rubrics": {"household": {"items": [{"field": "e1_house"}]}}}}),
    ("六必看写成文字 / checks in words", {"checks": ["吃", "穿"]}),
    ("六必看的问题写成文字 / a check's questions in words", {"checks": [CHECK | {"questions": ["吃得好吗"]}]}),
    ("六必看的问题缺英文 / a check's question without English", {"checks": [CHECK | {"questions": [{"zh": "吃得好吗"}]}]}),
    ("层级没有天数 / a tier without days", {"problems": {"days": {"village": "半个月"}}}),
    ("对象用了没有的评分表 / a target with a sheet that does not exist", {"cleanup": {"rubric_of": {"household": "nothing"}}}),
    ("满分是负数 / a full mark below nought", {"cleanup": {"rubrics": {"household": {"items": [{"field": "e1_house", "full": -5, "label": LABEL}]}}}}),
    ("设置写成列表 / a list for the whole", [["visit", 5]]),
    ("六必看问的是表上没有的 / a check the form has no field for", {"checks": [CHECK, CHECK | {"field": "weather"}]}),
    ("六必看写成整个栏名 / a check named by the whole field", {"checks": [CHECK | {"field": "guarantees_status"}]}),
    ("评分项是表上没有的 / an item the form has no field for",
     {"cleanup": {"rubrics": {"household": {"items": [{"field": "e1_house", "full": 50, "label": LABEL}, {"field": "e9_sky", "full": 50, "label": LABEL}]}}}}),
    ("评分项不是分数 / an item that is no mark", {"cleanup": {"rubrics": {"village": {"items": [{"field": "checker", "full": 100, "label": LABEL}]}}}}),
    ("归到没有列出的类别 / a word that stands for a category that is not listed", {"same_as": {"old": "unheard_of"}}),
    ("原有的归到没有列出的类别 / a word of the preset's turned to one that is not listed", {"same_as": {"exited_poor": "unheard_of"}}),
]
# fmt: on


@pytest.mark.parametrize(("name", "overrides"), UNUSABLE, ids=[english(one) for one in UNUSABLE])
def test_a_value_that_cannot_be_used_is_named_and_the_presets_stands(name: str, overrides: Any, shelf: Shelf) -> None:
    policies = shelf.lay(policy("县1", overrides=overrides, minimum_minutes=20)).policies
    assert [finding.code for finding in policies.findings] == ["policy_unusable"]
    found = policies.on("2018-09-03")
    assert found.visit.minimum_minutes == 20, "what can be used is"
    assert (found.must_visit <= preset().must_visit, found.checks, found.cleanup) == (
        True,
        preset().checks,
        preset().cleanup,
    )
    assert found.photos == preset().photos
    assert (found.problems, found.contact, found.categories, found.same_as) == (
        preset().problems,
        preset().contact,
        preset().categories,
        preset().same_as,
    )


def test_what_cannot_be_used_in_a_presets_whole_text_falls_back_to_the_shipped_one() -> None:
    text = preset_text(DEFAULT)
    text["checks"][0]["field"] = "weather"
    text["cleanup"]["rubrics"]["village"]["items"][0]["field"] = "photos"
    text["same_as"]["old"] = "unheard_of"
    found, findings = read_policy({"content": text})
    assert [finding.fields for finding in findings] == [
        ("checks",), ("cleanup.rubrics.village.items",), ("same_as.old",),
    ]  # fmt: skip
    assert (found.checks, found.cleanup, found.same_as) == (preset().checks, preset().cleanup, preset().same_as)


def test_a_word_whose_category_the_county_took_out_is_named_and_read_as_itself() -> None:
    wanted = [code for code in preset_text(DEFAULT)["must_visit"] if code != "borderline"]
    found, findings = read_policy({"overrides": {"categories": {"borderline": None}, "must_visit": wanted}})
    assert [finding.fields for finding in findings] == [("same_as.borderline_at_risk",)]
    assert found.read_categories(["borderline_at_risk", "exited_poor"]) == {"borderline_at_risk", "registered_poor"}
    also = {"categories": {"borderline": None}, "must_visit": wanted, "same_as": {"borderline_at_risk": None}}
    assert read_policy({"overrides": also})[1] == []


def test_an_unknown_preset_is_named_and_the_default_stands() -> None:
    found, findings = read_policy({"preset": "rural_2030"})
    assert (found.visit, [finding.fields for finding in findings]) == (preset().visit, [("preset",)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
LABELS = st.just({"zh": "好", "en": "good"}) | st.just({"zh": "好"}) | st.just([{"zh": "好", "en": "good"}])


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a preset's text, inside lists too."""
    if path:
        yield path
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(inner, (*path, key))


def spoilt(changes: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
    """The default preset's text with other values in some places."""
    text = preset_text(DEFAULT)
    for path, value in changes:
        try:
            at(text, path[:-1])[path[-1]] = value
        except (KeyError, IndexError, TypeError):  # an earlier change took that place away
            continue
    return text


CHANGES = st.lists(
    st.tuples(st.sampled_from(list(places(preset_text(DEFAULT)))), JSON | LABELS), min_size=1, max_size=4
)


@given(CHANGES, CHANGES, JSON)
def test_no_setting_whatever_stops_a_phone(overrides: Any, content: Any, anything: Any) -> None:
    """Any JSON in a policy record gives usable rules; the same record the same rules."""
    for values in (
        {"overrides": spoilt(overrides)}, {"content": spoilt(content), "overrides": spoilt(overrides)},
        {"overrides": anything}, {"content": anything, "overrides": spoilt(overrides)},
    ):  # fmt: skip
        one, findings = read_policy(values)
        other, again = read_policy(values)
        assert (one, findings) == (other, again)
        assert isinstance(one, Policy)
        assert all(isinstance(check.status, str) for check in one.checks)
        assert one.visit.minimum_minutes >= 0


LISTS = [path for path in places(preset_text(DEFAULT)) if isinstance(at(preset_text(DEFAULT), path), list)]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: ".".join(map(str, path)))
def test_a_list_that_a_preset_left_empty_says_nothing_of_its_items_and_still_stops_no_phone(
    path: tuple[Any, ...],
) -> None:
    for item in (5, None, {}, ["x"], "x", {"code": 1}):
        found, _ = read_policy({"content": spoilt([(path, [])]), "overrides": spoilt([(path, [item])])})
        assert isinstance(found, Policy)


# --- which version judges

TWO = (
    policy("县1", effective="2018-09-01", minimum_minutes=20),
    policy("县2", effective="2018-09-15", minimum_minutes=40),
)


@pytest.mark.parametrize(
    ("on", "version"),
    [
        ("2018-08-31", "2018.1"),
        ("2018-09-01", "县1"),
        ("2018-09-14", "县1"),
        ("2018-09-15", "县2"),
        ("2019-01-01", "县2"),
    ],
)
def test_the_version_in_force_is_the_newest_that_has_begun(on: str, version: str, shelf: Shelf) -> None:
    assert shelf.lay(*reversed(TWO)).policies.on(on).version == version


def test_a_record_is_judged_by_the_version_it_carries(shelf: Shelf) -> None:
    policies = shelf.lay(*TWO).policies
    assert policies.of({"policy_version": "县1"}, "2018-10-01").visit.minimum_minutes == 20
    assert policies.of({"policy_version": "2018.1"}, "2018-10-01").visit.minimum_minutes == 30
    assert policies.of({"policy_version": "2026.1"}, "2018-10-01").preset == "normal_help_2026"


@pytest.mark.parametrize("carried", [None, "", "县9"])
def test_a_record_without_a_known_version_goes_by_its_day(carried: str | None, shelf: Shelf) -> None:
    policies = shelf.lay(*TWO).policies
    assert policies.of({"policy_version": carried}, "2018-09-03").version == "县1"
    assert policies.of({}, "2018-08-03").version == "2018.1"


def test_of_one_version_written_twice_the_later_record_stands(shelf: Shelf) -> None:
    again = policy("县1", effective="2018-09-01", on="2018-02-01", name="改过", minimum_minutes=25)
    for order in ((TWO[0], again), (again, TWO[0])):
        policies = shelf.lay(*order).policies
        assert policies.on("2018-09-03").visit.minimum_minutes == 25
        assert policies.of({"policy_version": "县1"}, "2018-10-01").visit.minimum_minutes == 25


def test_a_policy_taken_back_is_in_force_no_more(shelf: Shelf) -> None:
    policies = shelf.lay(*TWO, TWO[1].then("2018-09-20", removed=True)).policies
    assert policies.on("2018-10-01").version == "县1"


def test_a_policy_without_a_version_of_its_own_does_not_rewrite_the_presets(shelf: Shelf) -> None:
    nameless = policy("县1", effective="2018-10-01", minimum_minutes=45)
    policies = shelf.lay(nameless, nameless.then("2018-01-02", version=None)).policies
    assert policies.on("2018-10-02").visit.minimum_minutes == 45
    assert policies.of({"policy_version": "2018.1"}, "2018-09-03").visit.minimum_minutes == 30


def test_with_no_policy_the_default_preset_is_in_force(shelf: Shelf) -> None:
    assert shelf.lay(campaign()).policies.on("2018-09-03") == preset() == Policies().on("2018-09-03")


# --- a policy that does not say from when

UNDATED = policy("县9", on="2018-09-15 10:00", minimum_minutes=45, effective_from=None)


def test_a_policy_without_a_first_day_is_in_force_from_the_day_it_was_first_written() -> None:
    entries = [entry_of(TWO[0]), entry_of(UNDATED)]
    for order in (entries, entries[::-1]):
        policies = Policies.of_entries(order)
        told = [policies.on(day).version for day in ("2018-08-31", "2018-09-14", "2018-09-15", "2019-01-01")]
        assert told == ["2018.1", "县1", "县9", "县9"]


def test_a_later_word_about_an_undated_policy_does_not_put_it_off() -> None:
    renamed = entry_of(UNDATED, UNDATED.then("2018-10-01", name="改名"))
    assert Policies.of_entries([renamed]).on("2018-09-15").version == "县9"


def test_a_policy_of_which_nothing_tells_the_day_is_in_force_from_the_beginning() -> None:
    assert Policies([UNDATED.values]).on("2018-01-01").version == "县9"
    undated = Entry("policy", "p", None, None, UNDATED.values)
    assert Policies.of_entries([undated]).on("2018-01-01").version == "县9"


def test_of_two_policies_for_one_day_the_later_record_stands_in_whatever_order_they_are_read() -> None:
    again = entry_of(policy("县1", name="又一", on="2018-02-01", effective="2018-09-01", minimum_minutes=25))
    for order in ([entry_of(TWO[0]), again], [again, entry_of(TWO[0])]):
        assert Policies.of_entries(order).on("2018-09-03").visit.minimum_minutes == 25


def test_photographs_are_kept_for_30_days_at_least_and_what_is_shorter_says_so() -> None:
    assert read_policy({"overrides": {"photos": {"keep_days": 30}}})[0].photos.keep_days == 30
    found, (finding,) = read_policy({"overrides": {"photos": {"keep_days": 29}}})
    assert (found.photos.keep_days, finding.fields) == (365, ("photos.keep_days",))
    assert "30" in finding.says.zh
    assert "30 days" in finding.says.en
