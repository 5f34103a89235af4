"""Whatever the document allows, and a good deal it does not: no request gives a 500. Capped: a few seconds in the fast profile.

Requests are drawn by schemathesis from /api/openapi.json. Beside it, what no generator of well-formed JSON thinks of: NUL and halves of
surrogate pairs, in every text of an enrolment.
"""

import json
from itertools import chain
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server import access
from shared.photos import TUS_MEDIA_TYPE
from tests.sync.world import TOWN, Client, World, new_id, on_sqlite, refusals, visit_set

schemathesis.serializer.alias(TUS_MEDIA_TYPE, "application/octet-stream")
EXAMPLES = settings.default.max_examples // 5
quick = settings(
    max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)  # fmt: skip


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@on_sqlite
@pytest.mark.parametrize("who", ["device", "reader", "nobody"])
def test_nothing_the_document_allows_gives_a_500(world: World, wei: Client, who: str) -> None:
    wei.take(wei.change("visit", new_id(), visit_set()))
    token = {
        "device": wei.token,
        "reader": access.add_token(world.service.database, "报表", [f"township:{TOWN}"], world.now),
        "nobody": None,
    }[who]
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", world.app)
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) >= 6
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})
    statuses: set[int] = set()
    for operation in operations:

        @quick
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call(headers=headers)
            statuses.add(response.status_code)
            assert response.status_code < 500, (response.status_code, case.method, case.path, case.body)
            has_body = case.method.upper() != "HEAD"
            if (
                has_body
                and response.status_code >= 400
                and response.headers.get("content-type", [""])[0] == "application/json"
            ):
                assert response.json().keys() >= {"code", "message", "errors"}

        ask()
    assert statuses & {200, 201}
    assert wei.send().ok()["next"] >= 2, "and the phone goes on"
    world.verify()


# --- a sync request near the contract, by a generator of our own --------------------------------------------------------

near = st.fixed_dictionaries(
    {
        "protocol": st.sampled_from([1, 1, 1, 1, 0, 2, "1", None]),
        "changes": st.lists(
            st.fixed_dictionaries(
                {
                    "number": st.integers(0, 4),
                    "kind": st.sampled_from(["visit", "household", "member", "conflict", "policy", "nonsense"]),
                    "id": st.sampled_from(["00000000-0000-7000-8000-000000000001", "x", None]),
                    "village": st.sampled_from(["451422103201", "451422103202", None, 1]),
                    "stamp": st.sampled_from(["{stamp}", "x", "", None]),
                    "set": st.dictionaries(
                        st.sampled_from(["remark", "removed", "categories", "decision", "newer", "\x00"]),
                        st.none() | st.booleans() | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2),
                        max_size=3,
                    ),
                }
            ),
            max_size=3,
        ),
    },
    optional={
        "limit": st.sampled_from([0, 1, 500, -1, "x", 10**30]),
        "cursors": st.dictionaries(
            st.sampled_from(["village:451422103201", "x"]), st.sampled_from([0, -1, "0/visit/", "x", None, 10**30])
        ),
        "epoch": st.none() | st.text(max_size=3),
    },
)


@on_sqlite
@settings(quick, max_examples=EXAMPLES * 4)
@given(body=near)
def test_nothing_near_the_contract_gives_a_500(wei: Client, body: dict[str, Any]) -> None:
    text = json.dumps(body).replace("{stamp}", wei.stamp())
    reply = wei.ask("POST", "/api/v1/sync", text.encode())
    assert reply.status in (200, 400, 409, 413, 426), (reply.status, text)


# --- enrolment: characters that cannot be kept ----------------------------------------------------------------------------

AWKWARD = {
    "NUL": b'"a\\u0000b"', "raw NUL": b'"a\x00b"', "high half": b'"\\ud800"', "low half": b'"\\udc00x"',
    "halves the wrong way round": b'"\\udc00\\ud800"', "half at the end": b'"x\\uDBFF"',
}  # fmt: skip
NO_UTF8 = {"no UTF-8": b'"\xff\xfe"', "half a character in UTF-8": b'"\xed\xa0\x80"', "a cut character": b'"\xe6\x88"'}
PAIR = b'"\\ud83d\\udc16"'  # a whole pig


def enrolment(good: str, **texts: bytes) -> bytes:
    parts = {"code": json.dumps(good).encode(), "name": b'"x"', "platform": b'"p"', "app": b'"0.1.0"'} | texts
    device = b", ".join(b'"%s": %s' % (name.encode(), parts[name]) for name in ("name", "platform", "app"))
    return b'{"code": %s, "device": {%s}}' % (parts["code"], device)


@pytest.mark.parametrize("name", ["name", "platform", "app", "code"])
def test_a_character_that_cannot_be_kept_is_a_400_or_410_and_spends_no_code(
    world: World, wei: Client, name: str
) -> None:
    code, stranger = world.code("wei"), Client(world)
    devices = world.sql("SELECT count(*) FROM device")
    for what, text in AWKWARD.items():
        reply = stranger.ask("POST", "/api/v1/enrol", enrolment(code, **{name: text}))
        assert reply.status in ((400, 410) if name == "code" else (400,)), (what, reply.data)
        reply.error(reply.status)
    assert world.sql("SELECT count(*) FROM device") == devices
    assert stranger.ask("POST", "/api/v1/enrol", enrolment(code)).status == 201, "the code is still good"


@on_sqlite
@pytest.mark.parametrize("name", ["name", "platform", "app", "code"])
def test_an_enrolment_that_is_no_utf8_is_a_400_and_spends_no_code(world: World, wei: Client, name: str) -> None:
    code, stranger = world.code("wei"), Client(world)
    for text in NO_UTF8.values():
        stranger.ask("POST", "/api/v1/enrol", enrolment(code, **{name: text})).error(400)
    assert stranger.ask("POST", "/api/v1/enrol", enrolment(code)).status == 201


@on_sqlite
@pytest.mark.parametrize("place", ["app", "epoch", "cursor", "kind", "stamp", "value", "list", "unknown field's value"])
def test_a_sync_that_is_no_utf8_is_answered_in_words(wei: Client, place: str) -> None:
    """A 400, or the change is refused by itself: but never a 500."""
    set_ = {"remark": "@value", "participants": ["@list"], "newer": "@unknown field's value"}
    change = wei.change("@kind" if place == "kind" else "visit", new_id(), set_)
    change["stamp"] = "@stamp" if place == "stamp" else change["stamp"]
    body = json.dumps(wei.request(change, app="@app", epoch="@epoch", cursors={"x": "@cursor"})).encode()
    for text in NO_UTF8.values():
        reply = wei.ask("POST", "/api/v1/sync", body.replace(f"@{place}".encode(), text.strip(b'"')))
        if reply.status == 200:
            assert list(refusals(reply.body)) == [1]
        else:
            reply.error(400)


@pytest.mark.parametrize("name", ["name", "platform", "app"])
def test_a_whole_pair_is_a_character_like_any_other(world: World, wei: Client, name: str) -> None:
    stranger = Client(world)
    assert stranger.ask("POST", "/api/v1/enrol", enrolment(world.code("wei"), **{name: PAIR})).status == 201
    assert world.sql(f"SELECT {name} FROM device WHERE {name} = :pig", pig="🐖") == [("🐖",)]


@on_sqlite
@pytest.mark.parametrize("name", ["name", "platform", "app", "code"])
def test_texts_of_an_enrolment_have_an_end(world: World, wei: Client, name: str) -> None:
    code, stranger = world.code("wei"), Client(world)
    reply = stranger.ask("POST", "/api/v1/enrol", enrolment(code, **{name: b'"%s"' % (b"x" * 100_000)}))
    assert reply.status in (400, 410)
    assert stranger.ask("POST", "/api/v1/enrol", enrolment(code)).status == 201


@on_sqlite
@settings(quick, max_examples=EXAMPLES * 2)
@given(
    code=st.text(max_size=30) | st.sampled_from([f"{TOWN}-AAAAA", f"{TOWN}"]),
    device=st.dictionaries(st.sampled_from(["name", "platform", "app", "x"]), st.text(max_size=5) | st.none() | st.integers())
    | st.none() | st.lists(st.integers(), max_size=1),
)  # fmt: skip
def test_no_enrolment_gives_a_500(world: World, code: str, device: Any) -> None:
    reply = Client(world).ask("POST", "/api/v1/enrol", {"code": code, "device": device})
    assert reply.status in (400, 410), reply.data
    reply.error(reply.status)


@on_sqlite
def test_an_authorization_of_any_bytes_is_answered(world: World, wei: Client) -> None:
    tokens = [text.strip(b'"').decode("latin-1") for text in AWKWARD.values() if b"\x00" not in text]
    for token in chain(tokens, [f"{TOWN}.{'%00'}", f"{TOWN}.户".encode().decode("latin-1"), "²" * 9 + ".x"]):
        wei.ask("POST", "/api/v1/digest", None, {"Authorization": f"Bearer {token}"}, token=None).error(401)
