"""The contract of `shared.ports.Records`, on every adapter: what is kept comes back alike, or not at all.

Values are compared as JSON (true is not 1; 1 and 1.0 are the same number), stamps exactly.
"""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fields import Field
from shared.hlc import format_stamp
from shared.kind import Kind
from shared.kinds import KINDS
from shared.merge import canonical, fold
from shared.record import Change, Key, Record
from tests.contract.conftest import POSTGRES, Shelf

VILLAGE = "451422103201"
AWKWARD = [
    "", " ", "\n", "\r\n\t", "'", '"', "''--", "\\", "\\n", "\\u0000", "%s ? ?? :name", "{}", "null", "0", "\x7f\x1b\u2028\ufeff",
    "Gvangjsih Bouxcuengh Swcigih ƨ ɵ ɯ ƽ ъ", "农民㐂𠀀𪚥", "👩🏽‍🌾🇨🇳", "e\u0301 é", "العربية", "\U0010ffff\ue000",
]  # fmt: skip


def new_id() -> str:
    return str(uuid.uuid4())


def stamp(counter: int, device: str = "phone1") -> str:
    return format_stamp(1_535_940_900_000, counter, device)


def record(kind: str = "household", /, **values: Any) -> Record:
    """A new record whose values all come from one write."""
    unions = KINDS[kind].unions
    stamps = {n: {e: [stamp(1)] for e in v or []} if n in unions else stamp(1) for n, v in values.items()}
    return Record(kind, new_id(), VILLAGE, None, values, stamps)


def keep(shelf: Shelf, *records: Record) -> None:
    shelf.write(lambda store: store.keep(records))


def load(shelf: Shelf, *keys: Key) -> dict[Key, Record]:
    found: dict[Key, Record] = shelf.write(lambda store: store.load(keys))
    return found


def assert_alike(found: Record, kept: Record) -> None:
    assert (found.key, found.village, found.household) == (kept.key, kept.village, kept.household)
    assert {n: canonical(v) for n, v in found.values.items()} == {n: canonical(v) for n, v in kept.values.items()}
    assert found.stamps == kept.stamps


def assert_comes_back(shelf: Shelf, *records: Record) -> None:
    keep(shelf, *records)
    found = load(shelf, *(one.key for one in records))
    assert len(found) == len(records)
    for one in records:
        assert_alike(found[one.key], one)


# --- values


SAMPLES: dict[str, Any] = {
    "text": "雨后路滑", "code": "13800000000", "link": "0190a8a0-0000-7000-8000-000000000001", "integer": -7, "number": 2.5,
    "boolean": True, "date": "2018-09-03", "datetime": "2018-09-03T10:15:00.5+08:00", "choice": "home",
    "choices": ["a", "未知"], "list": ["猪 3", "鸡"], "object": {"a": [1, None, {"b": "深"}]},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_kind_comes_back(shelf: Shelf, kind: str) -> None:
    full = {name: SAMPLES[field.type_name] for name, field in KINDS[kind].fields.items()}
    assert_comes_back(shelf, record(kind, **full))
    for name, value in full.items():
        assert_comes_back(shelf, record(kind, **{name: value}))


@pytest.mark.parametrize("kind", KINDS)
def test_null_is_a_value_and_not_the_same_as_never_written(shelf: Shelf, kind: str) -> None:
    names = [name for name in KINDS[kind].fields if name not in KINDS[kind].unions]
    assert_comes_back(shelf, record(kind, **dict.fromkeys(names)))
    for name in names:
        assert_comes_back(shelf, record(kind, **{name: None}))


def test_fields_from_a_newer_app_come_back_null_and_nested_ones_too(shelf: Shelf) -> None:
    unknown = {
        "well": "深井", "well_none": None, "well_depth": 12.5, "well_list": [1, [2, {"three": None}]], "well_empty": {},
        "well_no": [], "well_false": False, "well_zero": 0, "well_blank": "", "水井": {"深": True}, "big": 10**30,
    }  # fmt: skip
    assert_comes_back(shelf, record(**unknown), record(head_name="韦大山", **unknown))
    mixed = record(head_name="韦大山", **unknown)
    mixed.stamps |= {"well": stamp(5), "well_none": stamp(6), "big": stamp(7)}
    assert_comes_back(shelf, mixed)


@pytest.mark.parametrize(
    "name", ["id", "township", "village", "household", "stamp", "later", "extra", "tangled", "values"]
)
def test_a_field_from_a_newer_app_may_carry_one_of_our_own_words(shelf: Shelf, name: str) -> None:
    assert_comes_back(shelf, record(head_name="韦大山", **{name: "新"}))


def test_yes_is_not_one_and_no_is_not_zero(shelf: Shelf) -> None:
    assert_comes_back(shelf, record(relocated=True, exit_year=1, house_area_m2=1, unknown=True, other=1))
    assert_comes_back(shelf, record(relocated=False, exit_year=0, house_area_m2=0, unknown=False, other=0))
    assert_comes_back(shelf, record("visit", location=[True, 1, False, 0, {"a": True, "b": 1}]))


@pytest.mark.parametrize("number", [1, 1.0, 0, -0.0, 0.1, 1e-7, 1e15, -1e15, 2**53 + 1, 2**63 - 1, -(2**63), 1.5e300])
def test_numbers_come_back_as_the_same_numbers(shelf: Shelf, number: float) -> None:
    values: dict[str, Any] = {"unknown": number, "nested": [number, {"n": number}]}
    if isinstance(number, int):
        values["exit_year"] = number
    if abs(number) <= 1e15:
        values["house_area_m2"] = number
    assert_comes_back(shelf, record(**values))


def test_long_chinese_words_come_back_whole(shelf: Shelf) -> None:
    words = "入户走访不少于三十分钟。" * 5_000
    assert_comes_back(shelf, record(remark=words, unknown=words))


@pytest.mark.parametrize("words", AWKWARD)
def test_awkward_words_come_back_letter_by_letter(shelf: Shelf, words: str) -> None:
    assert_comes_back(
        shelf,
        record("visit", remark=words, participants=[words or "x"], location={words: [words]}, unknown=words),
        record("visit", pauses=[{"from": words}], unknown={words: words}),
    )


# --- stamps


def test_each_field_keeps_the_stamp_of_its_own_write(shelf: Shelf) -> None:
    house = record(head_name="韦大山", hamlet="上屯", remark=None, well="井", relocated=None)
    house.stamps = {
        "head_name": stamp(3), "hamlet": stamp(1), "remark": stamp(9, "phone2"), "well": stamp(2), "relocated": stamp(1),
    }  # fmt: skip
    assert_comes_back(shelf, house)


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"韦一": [stamp(1)]},
        {"韦一": [stamp(2)]},
        {"韦一": [stamp(1)], "黄二": [stamp(1)]},
        {"黄二": [stamp(2)], "韦一": [stamp(1)]},
        {"韦一": [stamp(1), stamp(4, "phone2"), stamp(7)], "黄二": [stamp(3)]},
    ],
)
def test_a_joined_list_keeps_every_add_of_every_element(shelf: Shelf, held: dict[str, list[str]]) -> None:
    alone = Record("visit", new_id(), VILLAGE, None, {"participants": list(held)}, {"participants": held})
    beside = record("visit", remark="一")
    beside.values["participants"], beside.stamps["participants"] = list(held), held
    assert_comes_back(shelf, alone, beside)


def test_an_element_taken_out_is_gone_and_an_emptied_list_stays_a_list(shelf: Shelf) -> None:
    visit = record("visit", participants=["韦一", "黄二"], remark="一")
    keep(shelf, visit)
    visit.values["participants"], visit.stamps["participants"] = ["黄二"], {"黄二": [stamp(1)]}
    assert_comes_back(shelf, visit)
    visit.values["participants"], visit.stamps["participants"] = [], {}
    assert_comes_back(shelf, visit)


# --- the record's place, and what is not there


def test_the_place_of_a_record_comes_back(shelf: Shelf) -> None:
    for village in (VILLAGE, None):
        for household in (new_id(), None):
            policy = record("policy", name="二〇一八")
            policy.village, policy.household = village, household
            assert_comes_back(shelf, policy)


@pytest.mark.parametrize("shelf", ["memory", "sqlite", POSTGRES], indirect=True)  # a phone has no log to ask
def test_a_record_remembers_that_its_log_must_be_asked(shelf: Shelf) -> None:
    house = record(head_name="韦大山")
    house.tangled = True
    keep(shelf, house)
    assert load(shelf, house.key)[house.key].tangled
    house.tangled = False
    keep(shelf, house)
    assert not load(shelf, house.key)[house.key].tangled


def test_an_unknown_key_is_left_out(shelf: Shelf) -> None:
    house = record(head_name="韦大山")
    keep(shelf, house)
    asked = [Key("household", new_id()), house.key, Key("visit", house.id), Key("nonsense", house.id)]
    assert list(load(shelf, *asked)) == [house.key]
    assert load(shelf) == {}


def test_one_id_under_two_kinds_is_two_records(shelf: Shelf) -> None:
    house, visit = record(remark="户"), record("visit", remark="访")
    visit.id = house.id
    assert_comes_back(shelf, house, visit)


# --- keeping


def test_keeping_a_record_again_replaces_the_whole_of_it(shelf: Shelf) -> None:
    house = record(head_name="韦大山", remark="一", relocated=True, well="井", categories=["general"])
    house.village, house.household = VILLAGE, new_id()
    keep(shelf, house)
    anew = record(hamlet="上屯")
    anew.id, anew.village = house.id, "451422103202"
    assert_comes_back(shelf, anew)


def test_what_a_caller_does_to_a_loaded_or_kept_record_stays_with_the_caller(shelf: Shelf) -> None:
    def spoil(one: Record) -> None:
        one.values["head_name"] = "别人"
        one.values["unknown"]["deep"].append("别人")
        one.values["help_measures"].append("road")
        one.stamps["help_measures"]["water"].append(stamp(9))
        one.stamps.pop("unknown")
        one.village = None

    house = record(head_name="韦大山", unknown={"deep": ["一"]}, help_measures=["water"])
    untouched = record(head_name="韦大山", unknown={"deep": ["一"]}, help_measures=["water"])
    untouched.id = house.id
    keep(shelf, house)
    spoil(house)
    for _ in range(2):
        (found,) = load(shelf, house.key).values()
        assert_alike(found, untouched)
        spoil(found)


def test_what_is_kept_is_there_at_once_within_the_transaction(shelf: Shelf) -> None:
    house = record(head_name="韦大山")

    def work(store: Any) -> Record:
        store.keep([house])
        found: Record = store.load([house.key])[house.key]
        return found

    assert_alike(shelf.write(work), house)


def test_a_thousand_records_are_kept_and_loaded_at_once(shelf: Shelf) -> None:
    houses = [record(household_no=f"{number}") for number in range(1_000)]
    assert_comes_back(shelf, *houses)
    unknown = [Key("household", new_id()) for _ in range(1_000)]
    assert len(load(shelf, *(house.key for house in houses), *unknown)) == 1_000


def test_a_raised_exception_keeps_nothing(shelf: Shelf) -> None:
    old, new = record(head_name="韦大山"), record(head_name="农小妹")
    keep(shelf, old)
    later = Record(*old.key, old.village, None, {"head_name": "别人"}, {"head_name": stamp(2)})

    def half(store: Any) -> None:
        store.keep([later, new])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        shelf.write(half)
    found = load(shelf, old.key, new.key)
    assert list(found) == [old.key]
    assert_alike(found[old.key], old)


# --- whatever merge can make


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
ELEMENTS = st.lists(st.sampled_from(["韦一", "黄二", "农三", "a", "'"]), max_size=4, unique=True)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**63), 2**63 - 1), "number": st.floats(-1e15, 1e15) | st.integers(-(10**15), 10**15),
    "boolean": st.booleans(), "choices": ELEMENTS, "list": ELEMENTS, "object": JSON,
}  # fmt: skip


def value_of(field: Field | None) -> st.SearchStrategy[Any]:
    return JSON if field is None else st.none() | VALUES.get(field.type_name, WORDS)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Kind, list[Change]]:
    """Some people's changes to one record; each had seen some of the earlier ones."""
    kind = KINDS[draw(st.sampled_from(list(KINDS)))]
    names = [
        *draw(st.lists(st.sampled_from(list(kind.fields)), min_size=1, max_size=6, unique=True)),
        "well",
        "villages",
    ]
    changes: list[Change] = []
    for place in range(draw(st.integers(1, 5))):
        fields = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        seen = fold(kind, changes[: draw(st.integers(0, place))]).stamps
        values = {name: draw(value_of(kind.fields.get(name))) for name in fields}
        base = {name: seen[name] for name in fields if name in seen}
        device = draw(st.sampled_from(["phone1", "phone2", "desk-451422103"]))
        changes.append(Change(stamp(place + 1, device), values, base))
    return kind, changes


@given(history=histories(), village=st.sampled_from([VILLAGE, None]), household=st.uuids().map(str) | st.none())
def test_every_record_that_merge_can_make_comes_back(
    shelf: Shelf, history: tuple[Kind, list[Change]], village: str | None, household: str | None
) -> None:
    kind, changes = history
    made = fold(kind, changes)
    one = Record(kind.name, new_id(), village, household, made.values, made.stamps, made.tangled)
    assert_comes_back(shelf, one)
    if not shelf.name.endswith("phone"):
        assert load(shelf, one.key)[one.key].tangled == made.tangled
