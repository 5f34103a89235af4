"""The compiled decoder accepts nothing that marshmallow refuses, and what it accepts it reads alike."""

import gzip
import json
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.codec import decoder_for, inflate
from server.defuse import defuse
from shared.fields import Boolean, Choice, Choices, Code, Date, Datetime, Field, Integer, Link, List, Number
from shared.kinds import KINDS
from shared.sync.wire import MAX_CHANGE, BadRequest, TooLarge, read_change

DECODER = decoder_for(KINDS)
STAMP = "016cf4e760a2-0001-ec5k58ny54xs"
ID = "0190a3f2-7b1c-7d31-9c5e-2f64a1b0c3d4"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def good(field: Field) -> st.SearchStrategy[Any]:
    """Values a field is likely to take, and some that it just does not."""
    by_type: dict[type, st.SearchStrategy[Any]] = {
        Link: st.sampled_from([ID, ID.upper(), ID + "\n", "x"]),
        Code: st.sampled_from(["13800000001", "451499196206132849", "1", "A1", "A1\n", ""]),
        Boolean: st.sampled_from([True, False, 0, 1, "true"]),
        Integer: st.integers(-(2**70), 2**70) | st.sampled_from([0, 5, 5.0, True]),
        Number: st.floats() | st.integers() | st.sampled_from([1e308, 1e16, True]),
        Date: st.dates().map(str) | st.sampled_from(["2018-02-30", "2018-9-1", "20180901", "2018-09-01\n"]),
        Datetime: st.datetimes().map(lambda d: d.isoformat() + "+08:00")
        | st.sampled_from(
            ["2018-09-03T10:15:00", "2018-09-03t10:15:00z", "2018-09-03 10:15:00+08:00", "2018-09-03T24:00:00Z"]
        ),
        Choices: st.lists(st.sampled_from(["home", "", "x" * 65, "重点户"]), max_size=3),
        Choice: st.sampled_from(["home", "", "x" * 64, "x" * 65, 1]),
        List: st.lists(st.sampled_from(["韦", "", "x" * 201]) | ANYTHING, max_size=3),
    }
    return next((s for kind, s in by_type.items() if isinstance(field, kind)), st.text(max_size=20)) | st.none()


@st.composite
def changes(draw: Any) -> dict[str, Any]:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    names = draw(st.lists(st.sampled_from(list(kind.fields)), min_size=1, max_size=4, unique=True))
    values = {
        name: draw(good(kind.fields[name]) | (ANYTHING if draw(st.integers(0, 9)) == 0 else st.none()))
        for name in names
    }
    if draw(st.integers(0, 5)) == 0:
        values[draw(st.sampled_from(["unknown", "", "x" * 65, "a\x00"]))] = draw(ANYTHING)
    stamps = st.sampled_from([STAMP, STAMP + "\n", STAMP.upper(), "soon", ""])
    base = {
        name: draw(stamps | st.dictionaries(st.text(max_size=3), st.lists(stamps, max_size=2), max_size=2))
        for name in names[:2]
    }
    change: dict[str, Any] = {
        "number": draw(st.integers(1, 2**63 - 1)),
        "kind": kind.name,
        "id": draw(st.sampled_from([ID, ID, ID, ID.upper(), ID + " "])),
        "village": draw(st.sampled_from(["451422103201", None, "45142210320", "451422103201\n", "٤٥١٤٢٢١٠٣٢٠١"])),
        "household": draw(st.sampled_from([ID, None, ID[:-1]])),
        "stamp": draw(st.sampled_from([STAMP, STAMP, STAMP, STAMP + "\n", "x"])),
        "set": values,
        "base": draw(st.sampled_from([base, {}, None])),
    }
    for name in draw(st.lists(st.sampled_from(["village", "base", "stamp", "set"]), max_size=1)):
        del change[name]
    return change


def _body(change: dict[str, Any]) -> bytes:
    return json.dumps({"protocol": 1, "changes": [change]}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _is_json(change: dict[str, Any]) -> bool:
    text = json.dumps(change, ensure_ascii=False)
    return not any(math.isnan(x) or math.isinf(x) for x in _floats(change)) and not any(
        "\ud800" <= c <= "\udfff" for c in text
    )


def _floats(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [x for item in inner for x in _floats(item)]


@given(changes())
def test_what_the_compiled_decoder_accepts_marshmallow_accepts_and_reads_alike(change: dict[str, Any]) -> None:
    if not _is_json(change):
        return
    (fast,) = DECODER.read(_body(change)).changes
    slow = read_change(json.loads(json.dumps(change)), KINDS)
    assert (fast.refusal is None) == (slow.refusal is None), (fast.refusal, slow.refusal)
    if slow.refusal is None:
        assert (fast.kind, fast.id, fast.village, fast.household, fast.set, fast.base) == (
            slow.kind, slow.id, slow.village, slow.household, slow.set, slow.base,
        )  # fmt: skip
    else:
        assert fast.refusal == slow.refusal


def test_most_good_changes_take_the_fast_path() -> None:
    change = {"number": 1, "kind": "visit", "id": ID, "village": "451422103201", "household": ID, "stamp": STAMP,
              "set": {"mode": "home", "remark": "漏雨", "started_at": "2018-09-03T10:15:00+08:00", "purposes": ["campaign"]}, "base": {}}  # fmt: skip
    typed = DECODER._change.decode(json.dumps(change).encode())
    assert DECODER._accept(typed, change) is not None


def test_a_key_given_twice_does_not_slip_past_validation() -> None:
    body = _body({"number": 1, "kind": "visit", "id": ID, "stamp": STAMP, "set": {"mode": "home"}})
    twice = body.replace(b'"kind": "visit"', b'"kind": "visit", "kind": "household"').replace(b'"mode"', b'"relocated"')
    (sent,) = DECODER.read(twice).changes
    assert sent.refusal is not None
    assert "relocated" in sent.refusal.fields


def test_a_change_over_the_limit_is_refused_under_its_own_number() -> None:
    body = _body({"number": 7, "kind": "visit", "id": ID, "stamp": STAMP, "set": {"x": "漏" * (MAX_CHANGE // 3)}})
    (sent,) = DECODER.read(body).changes
    assert sent.number == 7
    assert sent.refusal is not None
    assert sent.refusal.code == "too_large"


@pytest.mark.parametrize(
    "poison", [b"NaN", b"-Infinity", b"[" * 100_000 + b"]" * 100_000, rb'"\ud83d"', rb'"a\udc00b"']
)
def test_one_poisoned_change_is_refused_alone(poison: bytes) -> None:
    good_one = {"number": 2, "kind": "visit", "id": ID, "stamp": STAMP, "set": {"remark": "好"}}
    bad = (
        json.dumps({"number": 1, "kind": "visit", "id": ID, "stamp": STAMP, "set": {"remark": 0}})
        .encode()
        .replace(b": 0}", b": " + poison + b"}")
    )
    body = b'{"protocol": 1, "changes": [' + bad + b"," + json.dumps(good_one).encode() + b"]}"
    first, second = DECODER.read(body).changes
    assert first.number == 1
    assert first.refusal is not None
    assert first.refusal.code == "invalid"
    assert second.refusal is None
    assert second.set == {"remark": "好"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_defusing_leaves_good_json_as_it_is(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert json.loads(defuse(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")) == value


def test_defusing_does_not_mend_what_is_no_json() -> None:
    for body in (b"", b"{", b'{"a":}', b"<html>", b'{"changes": [}'):
        with pytest.raises(BadRequest):
            DECODER.read(body)


def test_a_body_that_inflates_without_end_is_stopped() -> None:
    with pytest.raises(TooLarge):
        inflate(gzip.compress(b"0" * (17 * 1024 * 1024)), "gzip")


def test_a_gzip_cut_anywhere_is_told_and_never_read() -> None:
    whole = gzip.compress(random.Random(1).randbytes(2000))
    for cut in range(0, len(whole), 97):
        with pytest.raises(BadRequest):
            inflate(whole[:cut], "gzip")
