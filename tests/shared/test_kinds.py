"""The declarations: complete, readable, and saying what the design says of names, merging and secrets."""

import re
from collections import defaultdict

import pytest

from shared.fields import (
    LATEST,
    ONCE,
    PERSONAL,
    REVIEW,
    SECRET,
    UNION,
    Choice,
    Field,
    Label,
    Link,
    List,
    Text,
)
from shared.kind import REMOVED, ROLES, Form, Kind, Registry
from shared.kinds import KINDS
from shared.kinds.problem_step import DESK_STEPS, STEPS

ALL = [pytest.param(kind, id=name) for name, kind in KINDS.items()]
FIELDS = [
    pytest.param(kind, name, field, id=f"{kind.name}.{name}")
    for kind in KINDS.values()
    for name, field in kind.fields.items()
]
CHOICES = [param for param in FIELDS if isinstance(param.values[2], Choice)]
LINKS = [param for param in FIELDS if isinstance(param.values[2], Link)]
CHINESE = re.compile("[\u4e00-\u9fff]")
RECORD = "01919d2e-7c1a-7000-8000-000000000001"
MOMENT = "2018-09-03T10:15:00+08:00"

ENVELOPE = {
    "id",
    "kind",
    "village",
    "household",
    "township",
    "number",
    "stamp",
    "stamps",
    "base",
    "set",
    "values",
    "extra",
}
OTHER_WORDS = {"rev", "device_id", "created_by", "area_code", "household_id", "start_wall", "end_wall"}
DERIVED = defaultdict(set, visit={"counted_seconds"}, cleanup_check={"total"}, problem={"state"})

CHECKS = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")


def is_label(label: object) -> bool:
    return isinstance(label, Label) and bool(CHINESE.search(label.zh)) and label.en.isprintable() and bool(label.en)


# --- what every declaration has ------------------------------------------------------------------------------------


def test_the_kinds_stand_in_menu_order():
    assert list(KINDS) == [
        "household",
        "member",
        "visit",
        "contact_visit",
        "cleanup_check",
        "problem",
        "problem_step",
        "party_link",
        "campaign",
        "policy",
        "feedback",
        "conflict",
    ]


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_has_both_labels_a_title_that_is_its_field_and_known_writers(kind: Kind):
    assert is_label(kind.label)
    assert kind.title in kind.fields
    assert kind.writers
    assert kind.writers <= ROLES


@pytest.mark.parametrize(("kind", "name", "field"), FIELDS)
def test_a_field_has_both_labels(kind: Kind, name: str, field: Field):
    assert is_label(field.label)
    assert field.hint is None or is_label(field.hint)


@pytest.mark.parametrize("kind", ALL)
def test_no_two_fields_of_a_kind_share_a_label(kind: Kind):
    for language in ("zh", "en"):
        labels = [getattr(field.label, language) for field in kind.fields.values()]
        assert len(labels) == len(set(labels))


def test_no_two_kinds_share_a_label():
    assert (
        len({kind.label.zh for kind in KINDS.values()}) == len({kind.label.en for kind in KINDS.values()}) == len(KINDS)
    )


@pytest.mark.parametrize(("kind", "name", "field"), CHOICES)
def test_every_choice_has_a_code_that_fits_and_a_label_of_its_own(kind: Kind, name: str, field: Choice):
    assert field.choices
    assert all(re.fullmatch("[a-z0-9_]+|[A-D]", code) for code in field.choices)
    assert all(isinstance(label, Label) and CHINESE.search(label.zh) and label.en for label in field.choices.values())
    assert len({label.zh for label in field.choices.values()}) == len(field.choices)
    assert field.unknown(next(iter(field.choices)) if field.type_name == "choice" else list(field.choices)) == []


@pytest.mark.parametrize(("kind", "name", "field"), LINKS)
def test_a_link_leads_to_a_kind(kind: Kind, name: str, field: Link):
    assert field.to in KINDS


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name", "field"), FIELDS)
def test_a_field_uses_the_one_word_of_the_design(kind: Kind, name: str, field: Field):
    assert re.fullmatch("[a-z][a-z0-9_]*", name)
    assert name not in ENVELOPE
    assert name not in OTHER_WORDS
    assert name not in DERIVED[kind.name]
    assert not name.endswith(("_id", "_ids")) or name == "boot_id"


@pytest.mark.parametrize(("kind", "name", "field"), FIELDS)
def test_bank_accounts_prison_and_religion_are_never_asked_for(kind: Kind, name: str, field: Field):
    assert not re.search("bank|account|prison|religion", name)
    assert "in_prison" not in getattr(field, "choices", ())


# --- who may see what ----------------------------------------------------------------------------------------------


def test_the_secrets_are_identity_health_disability_income_and_relief_and_nothing_else():
    assert {name: set(kind.secrets) for name, kind in KINDS.items() if kind.secrets} == {
        "household": {"poverty_causes", "main_poverty_cause", "risk_causes", "risk_note"},
        "member": {
            "identity",
            "health",
            "disability_cert",
            "disability_type",
            "disability_level",
            "medical_ins",
            "pension_ins",
            "low_allowance_class",
        },
        "visit": {"income_changed"},
    }


def test_a_holder_of_one_household_sees_why_he_visits():
    assert KINDS["household"].fields["categories"].sensitivity == PERSONAL


@pytest.mark.parametrize("name", ["name", "phone", "politics", "birth_date", "ethnicity"])
def test_what_tells_who_someone_is_is_personal(name: str):
    assert KINDS["member"].fields[name].sensitivity == PERSONAL


def test_only_the_server_makes_conflicts_and_only_campaigns_and_policies_are_shared():
    assert [kind.name for kind in KINDS.values() if kind.made_by_server] == ["conflict"]
    assert [kind.name for kind in KINDS.values() if kind.shared] == ["campaign", "policy"]


def test_party_members_do_not_write_links_campaigns_or_policies():
    closed = [name for name, kind in KINDS.items() if "party_member" not in kind.writers]
    assert closed == ["party_link", "campaign", "policy"]
    assert "cadre" in KINDS["party_link"].writers
    assert not {"cadre", "leader"} & KINDS["campaign"].writers


def test_steps_of_the_desk_are_steps():
    assert STEPS.keys() > DESK_STEPS


# --- how words are joined ------------------------------------------------------------------------------------------


def test_few_fields_wait_for_the_desk():
    waiting = {f"{k.name}.{n}" for k in KINDS.values() for n, f in k.fields.items() if f.merge == REVIEW}
    assert {name for name in waiting if not name.endswith(f".{REMOVED}")} == {
        "household.categories",
        "household.poor_type",
        "household.exit_status",
        "household.left_reason",
        "member.status",
        "campaign.state",
    }
    assert all(kind.rule(REMOVED) == REVIEW and list(kind.fields)[-1] == REMOVED for kind in KINDS.values())


def test_evidence_is_written_once():
    assert {name: set(kind.evidence) for name, kind in KINDS.items() if kind.evidence and name != "problem_step"} == {
        "visit": {"started_at", "started_mono", "boot_id", "entry_mode", "policy_version"},
        "contact_visit": {"started_at", "started_mono", "boot_id", "entry_mode", "policy_version"},
        "cleanup_check": {"checked_at", "policy_version"},
        "problem": {"found_at", "policy_version"},
        "campaign": {"frozen_at"},
        "feedback": {"said_at", "said_by"},
    }


def test_a_step_of_the_ledger_is_written_once_as_a_whole():
    step = KINDS["problem_step"]
    assert step.evidence == step.fields.keys() - {REMOVED}


@pytest.mark.parametrize(("kind", "name", "field"), FIELDS)
def test_choices_people_and_photos_are_joined_element_by_element(kind: Kind, name: str, field: Field):
    joined = {"participants", "photos", "photos_before", "found_problems", "helpers"}
    if field.type_name == "choices" and name != "categories":
        assert field.merge == UNION
    elif isinstance(field, List):
        usual = ONCE if kind.name == "problem_step" else LATEST
        assert field.merge == (UNION if name in joined else usual)
    else:
        assert field.merge != UNION


def test_each_of_the_six_checks_is_a_status_and_a_note_in_the_order_of_the_form():
    visit = KINDS["visit"]
    expected = [f"{check}_{part}" for check in CHECKS for part in ("status", "note")]
    assert [name for name in visit.fields if name.endswith(("_status", "_note"))] == expected
    for check in CHECKS:
        assert list(visit.fields[f"{check}_status"].choices) == ["ok", "issue", "not_applicable"]
        assert isinstance(visit.fields[f"{check}_note"], Text)


def test_awareness_and_satisfaction_are_five_answers_each():
    names = list(KINDS["visit"].fields)
    answers = [name for name in names if name.startswith(("awareness_", "satisfaction_"))]
    assert len([name for name in answers if not name.endswith(("_status", "_note"))]) == 10


def test_a_clean_up_check_has_seven_household_and_eight_village_items():
    names = [name for name in KINDS["cleanup_check"].fields if re.match("[ew][0-9]_", name)]
    assert [name[:2] for name in names] == [*(f"e{i}" for i in range(1, 8)), *(f"w{i}" for i in range(1, 9))]


@pytest.mark.parametrize("item", ["e", "w"])
def test_the_full_marks_of_the_default_rubric_add_up_to_a_hundred(item: str):
    check = KINDS["cleanup_check"]
    marks = [f.hint.zh for n, f in check.fields.items() if re.match(f"{item}[0-9]_", n)]
    assert sum(int(mark.removeprefix("满分")) for mark in marks) == 100


# --- values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (
            "household",
            {"household_no": "003-A17", "head_name": "韦大山", "phone": "13812341234", "house_area_m2": 86.5},
        ),
        ("household", {"categories": ["registered_poor", "exited_poor"], "exit_year": 2018, "phone": None}),
        ("household", {"livestock": ["猪 3", "牛 1"], "paddy_mu": 180, "water_supply_rate": 90}),
        ("member", {"identity": "45142219620518123X", "birth_month": "1962-05", "work_months": 12, "health": []}),
        ("member", {"disability_cert": "45142219620518123X43", "birth_date": "2016-02-29", "soldier": False}),
        ("visit", {"started_at": MOMENT, "started_mono": 81234.5, "pauses": [{"from": MOMENT, "to": MOMENT}]}),
        ("visit", {"respondent": RECORD, "guarantees_status": "ok", "location": {"lat": 22.1, "lon": 107.1}}),
        ("contact_visit", {"link": RECORD, "topics": ["policy", "study"], "participants": ["陆秀英"]}),
        ("cleanup_check", {"e1_house": 18.5, "w8_yards": 10, "red_lines": ["burning"], "prior": RECORD}),
        ("problem", {"description": "屋顶漏雨", "found_at": MOMENT, "due_date": "2018-09-30"}),
        ("problem_step", {"problem": RECORD, "step": "satisfied", "answer": "yes", "method": "home"}),
        ("party_link", {"party_member": "陆秀英", "from_date": "2018-09-01", "exempt_reason": "away"}),
        ("campaign", {"name": "大走访", "must_visit": ["key"], "strict": True, "minimum_minutes": 30}),
        ("policy", {"version": "2018.1", "overrides": {"pass_mark": 80}}),
        ("conflict", {"about": "household", "record": RECORD, "losing": ["key"], "standing": None}),
    ],
)
def test_good_values_are_kept(kind: str, values: dict):
    assert KINDS[kind].errors(values) == {}
    assert KINDS[kind].unknown_codes(values) == {}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("household", "household_no", "三号"),
        ("household", "household_no", "0" * 33),
        ("household", "phone", "12812341234"),
        ("household", "phone", "１３８１２３４１２３４"),
        ("household", "phone", "13812341234\n"),
        ("household", "house_area_m2", 1000.5),
        ("household", "exit_year", 2013),
        ("household", "categories", "key"),
        ("household", "removed", "yes"),
        ("member", "identity", "45142219620518123x"),
        ("member", "identity", "４5142219620518123X"),
        ("member", "identity", "4514221962051812"),
        ("member", "disability_cert", "45142219620518123X85"),
        ("member", "birth_month", "1962-13"),
        ("member", "birth_date", "2017-02-29"),
        ("member", "work_months", 13),
        ("member", "work_months", True),
        ("visit", "started_at", "2018-09-03 10:15"),
        ("visit", "started_mono", -1),
        ("visit", "respondent", "韦大山"),
        ("visit", "participants", [1]),
        ("cleanup_check", "e1_house", 101),
        ("cleanup_check", "red_lines", [""]),
        ("problem", "due_date", MOMENT),
        ("problem_step", "step", 3),
        ("campaign", "minimum_minutes", 29.5),
        ("conflict", "record", RECORD.upper()),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_itself(kind: str, name: str, value: object):
    errors = KINDS[kind].errors({name: value, "remark": "好"} if "remark" in KINDS[kind].fields else {name: value})
    assert list(errors) == [name]
    assert CHINESE.search(errors[name][0])
    assert " / " in errors[name][0]


@pytest.mark.parametrize(("kind", "name", "field"), FIELDS)
def test_null_clears_every_field(kind: Kind, name: str, field: Field):
    assert kind.errors({name: None}) == {}
    assert kind.unknown_codes({name: None}) == {}


def test_unknown_codes_are_kept_and_named():
    values = {"categories": ["key", "mountain_household"], "road_type": "cable_car", "poor_type": "general"}
    assert KINDS["household"].errors(values) == {}
    assert KINDS["household"].unknown_codes(values) == {
        "categories": ["mountain_household"],
        "road_type": ["cable_car"],
    }


def test_a_field_of_a_newer_app_is_kept():
    assert KINDS["visit"].errors({"drone_photo": {"height_m": 12}}) == {}


def test_a_form_without_its_required_answers_is_incomplete_and_not_wrong():
    visit = KINDS["visit"]
    assert visit.errors({}) == {}
    assert visit.missing({}) == ["purposes", "mode", "started_at", "ended_at", "participants"]


# --- adding --------------------------------------------------------------------------------------------------------


def test_a_new_kind_is_a_form_and_one_line():
    class Well(Form):
        class Meta(Form.Meta):
            name = "well"
            label = Label("水井", "Well")
            title = "keeper"

        keeper = Text("管护人", "Keeper", required=True)
        identity = Text("身份证号", "Identity number", sensitivity=SECRET, merge=ONCE)

    registry = Registry.of([*(kind.form for kind in KINDS.values()), Well])
    well = registry["well"]
    assert list(registry) == [*KINDS, "well"]
    assert list(well.fields) == ["keeper", "identity", REMOVED]
    assert well.secrets == {"identity"}
    assert well.missing({}) == ["keeper"]
    assert registry.describe()["kinds"][-1]["label"] == {"zh": "水井", "en": "Well"}
    assert "well" not in KINDS


def test_two_kinds_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two kinds are named visit"):
        Registry.of([KINDS["visit"].form, KINDS["visit"].form])


def test_the_description_names_every_field_with_its_choices():
    described = {kind["name"]: kind["fields"] for kind in KINDS.describe()["kinds"]}
    assert {name: [field["name"] for field in fields] for name, fields in described.items()} == {
        name: list(kind.fields) for name, kind in KINDS.items()
    }
    mode = next(field for field in described["visit"] if field["name"] == "mode")
    assert mode["type"] == "choice"
    assert mode["required"] is True
    assert mode["choices"][0] == {"value": "home", "label": {"zh": "入户", "en": "At home"}}
