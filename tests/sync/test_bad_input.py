"""Bad input gets a clear answer and loses nothing; no input gives a 500."""

import gzip
import json
import socket
from typing import Any

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import access
from tests.sync.world import (
    DAY,
    TOWN,
    V1,
    V2,
    Client,
    World,
    make_stamp,
    new_id,
    on_postgres,
    on_sqlite,
    refusals,
    visit_set,
)

JSON = {"Content-Type": "application/json"}
HERE = f"village:{V1}"
DEEP = 10_000


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@pytest.fixture
def unharmed(world: World, wei: Client) -> Any:
    """After the test a good change still goes through under the first number, and it is the only record."""
    yield
    visit = new_id()
    wei.number = 1
    assert wei.take(wei.change("visit", visit, visit_set()))["next"] == 2
    assert [key for key in world.everything() if key[0] == "visit"] == [("visit", visit)]


def post(phone: Client, data: bytes, **headers: str) -> Any:
    return phone.ask("POST", "/api/v1/sync", data, {name.replace("_", "-"): value for name, value in headers.items()})


# --- the body as a whole


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"x", b"null", b"[]", b'"text"', b"17", b"true", b"\xff\xfe{}", b"\x00", b"{'a': 1}",
     b"{}", b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b'{"protocol": 1,}',
     b'{"protocol": 1} {"protocol": 1}'],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_a_400(wei: Client, body: bytes) -> None:
    post(wei, body).error(400)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
def test_a_body_cut_short_anywhere_is_a_400(wei: Client) -> None:
    whole = json.dumps(wei.request(wei.change("visit", new_id(), visit_set()))).encode()
    for end in range(1, len(whole), 17):
        post(wei, whole[:end]).error(400)


@pytest.mark.usefixtures("unharmed")
def test_a_connection_cut_in_the_middle_of_a_body_applies_nothing(world: World, wei: Client) -> None:
    whole = json.dumps(wei.request(wei.change("visit", new_id(), visit_set()))).encode()
    head = (
        f"POST /api/v1/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wei.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(whole)}\r\nConnection: close\r\n\r\n"
    )
    with world.http() as address:
        for cut in (0, 1, len(whole) // 2, len(whole) - 1):
            with socket.create_connection(address, timeout=10) as wire:
                wire.sendall(head.encode() + whole[:cut])
                wire.shutdown(socket.SHUT_WR)
                while wire.recv(4096):
                    pass
        assert wei.sync()["next"] == 1


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_is_not_compressed_as_it_says_is_a_400(wei: Client, encoding: str) -> None:
    plain = json.dumps(wei.request(wei.change("visit", new_id(), visit_set()))).encode()
    packed = gzip.compress(plain) if encoding == "gzip" else zstd.compress(plain)
    for body in (plain, b"", packed[: len(packed) // 2], packed[:-4], packed[:4] + b"\x00" * 40, b"\x1f\x8b"):
        post(wei, body, Content_Encoding=encoding).error(400)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("encoding", ["br", "deflate", "compress", "x", "gzip, gzip"])
def test_an_encoding_that_is_not_spoken_is_a_415(wei: Client, encoding: str) -> None:
    post(wei, json.dumps(wei.request()).encode(), Content_Encoding=encoding).error(415)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_is_not_json_by_its_own_word_is_a_415(wei: Client, kind: str) -> None:
    post(wei, json.dumps(wei.request()).encode(), Content_Type=kind).error(415)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
def test_a_body_over_two_mebibytes_is_a_413(wei: Client) -> None:
    post(wei, json.dumps(wei.request(padding="x" * 2 * 1024 * 1024)).encode()).error(413)
    post(wei, b"x" * (2 * 1024 * 1024 + 1)).error(413)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_inflates_over_sixteen_mebibytes_is_a_413(wei: Client, encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zstd.compress
    post(wei, pack(json.dumps(wei.request(padding="x" * 16 * 1024 * 1024)).encode()), Content_Encoding=encoding).error(
        413
    )
    post(wei, pack(b" " * 64 * 1024 * 1024), Content_Encoding=encoding).error(413)


@on_sqlite
def test_a_body_that_inflates_to_less_is_read(wei: Client) -> None:
    body = gzip.compress(json.dumps(wei.request(padding="x" * 15 * 1024 * 1024)).encode())
    assert post(wei, body, Content_Encoding="gzip").status == 200


@on_sqlite
@pytest.mark.usefixtures("unharmed")
def test_five_hundred_and_one_changes_are_too_many(wei: Client) -> None:
    wei.send(*(wei.change("visit", new_id(), {"remark": "x"}) for _ in range(501))).error(413)


# --- the envelope


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("protocol", [0, 99, 2, -1, 10**30])
def test_a_protocol_we_do_not_speak_is_a_426(wei: Client, protocol: int) -> None:
    wei.send(protocol=protocol).error(426)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
def test_another_protocol_is_told_so_whatever_else_it_sends(wei: Client) -> None:
    wei.ask("POST", "/api/v1/sync", {"protocol": 99, "changes": "packed", "cursors": 7}).error(426)


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("protocol", [None, "1", [1], {}, 1.5])
def test_a_protocol_that_cannot_be_read_is_a_400(wei: Client, protocol: Any) -> None:
    wei.send(protocol=protocol).error(400)


WRONG = [("changes", v) for v in ({}, "x", 7, True, [5], ["x"], [[]], [{}])]
WRONG += [("cursors", v) for v in ([], "x", 7, True)]
WRONG += [("limit", v) for v in ("5", [], {}, -1, 1.5, True)]
WRONG += [("epoch", v) for v in (5, [], {}, True)]


@on_sqlite
@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_part_of_the_wrong_type_is_a_400_that_names_it(wei: Client, name: str, value: Any) -> None:
    assert name in wei.send(**{name: value}).error(400)["errors"]


def test_keys_that_nobody_knows_are_ignored(wei: Client) -> None:
    visit = new_id()
    body = wei.sync(wei.change("visit", visit, {"remark": "好"}, colour="red", gps=None), battery=17, later={"x": []})
    assert body["refused"] == []
    assert wei.values("visit", visit) == {"remark": "好"}


@on_sqlite
@pytest.mark.parametrize("name", ["app", "now", "epoch", "cursors", "limit"])
def test_what_a_request_may_leave_out_it_may_leave_out(wei: Client, name: str) -> None:
    body = wei.request()
    del body[name]
    assert wei.ask("POST", "/api/v1/sync", body).status == 200


@on_sqlite
@pytest.mark.parametrize("now", ["yesterday", "", "2018-09-03", "9999-99-99T99:99:99Z"])
def test_a_phone_that_does_not_know_the_time_still_syncs(wei: Client, now: str) -> None:
    assert wei.send(wei.change("visit", new_id(), {"remark": "x"}), now=now).ok()["refused"] == []


def test_an_unknown_epoch_begins_anew(wei: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "x"}))
    wei.pull()
    assert wei.sync()["records"] == []
    body = wei.send(epoch="another", cursors={HERE: 10**6, "village:1": [], "x": "y"}).ok()
    assert [record["id"] for record in body["records"]] == [visit]


def test_a_cursor_for_a_grant_that_is_not_mine_shows_nothing_and_is_dropped(world: World, wei: Client) -> None:
    nong = world.cadre("nong", f"village:{V2}")
    nong.take(nong.change("visit", new_id(), {"remark": "nong's"}, village=V2))
    wei.pull()
    body = wei.send(cursors={**wei.cursors, f"village:{V2}": 0, f"township:{TOWN}": 0}).ok()
    assert body["records"] == []
    assert sorted(body["dropped"]) == [f"township:{TOWN}", f"village:{V2}"]
    assert body["cursors"].keys() == {HERE}
    assert body["grants"] == [HERE]


# --- one change


def test_nan_and_infinity_are_no_values(world: World, wei: Client) -> None:
    for value in (float("nan"), float("inf"), float("-inf")):
        visit = new_id()
        reply = post(
            wei, json.dumps(wei.request(wei.change("visit", visit, {"ended_mono": value, "later": value}))).encode()
        )
        if reply.status == 200:
            assert set(refusals(reply.body).values()) == {"invalid"}
        else:
            reply.error(400)
            wei.number -= 1
        assert ("visit", visit) not in world.everything()


@on_sqlite
@pytest.mark.parametrize("value", ["1e400", "-1e400", "1" * 400, "0." + "1" * 400])
def test_a_number_beyond_all_measure_is_answered(wei: Client, value: str) -> None:
    change = wei.change("visit", new_id(), {"ended_mono": 0, "later": 1})
    data = json.dumps(wei.request(change)).replace('"ended_mono": 0', f'"ended_mono": {value}')
    assert post(wei, data.encode()).status in (200, 400)
    data = json.dumps(wei.request(change)).replace('"later": 1', f'"later": {value}')
    assert post(wei, data.encode()).status in (200, 400)
    wei.sync()


@pytest.mark.parametrize("place", ["set", "base", "id", "stamp", "village", "unknown"])
def test_a_change_nested_ten_thousand_deep_never_blocks_the_rest(wei: Client, place: str) -> None:
    first, deep, last = (wei.change("visit", new_id(), {"remark": "x"}) for _ in range(3))
    if place in ("set", "base"):
        deep[place] = {"later": "HOLE"}
    else:
        deep[place] = "HOLE"
    hole = "[" * DEEP + "]" * DEEP
    body = post(wei, json.dumps(wei.request(first, deep, last)).replace('"HOLE"', hole).encode()).ok()
    assert refusals(body).keys() <= {2}
    assert place == "unknown" or refusals(body) == {2: "invalid"}
    assert body["next"] == 4


@on_sqlite
def test_a_deep_envelope_is_answered(wei: Client) -> None:
    hole = "[" * DEEP + "]" * DEEP
    for name in ("later", "cursors", "epoch", "limit", "changes", "protocol"):
        reply = post(wei, json.dumps(wei.request(**{name: "HOLE"})).replace('"HOLE"', hole).encode())
        assert reply.status in (200, 400)
    wei.sync()


def test_a_field_of_another_kind_is_kept_like_any_unknown_one(wei: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"head_name": "韦光荣", "livestock": ["猪 3"]}))
    assert wei.values("visit", visit) == {"head_name": "韦光荣", "livestock": ["猪 3"]}


def test_a_choice_nobody_knows_is_kept(wei: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, {"mode": "by_drone", "purposes": ["campaign", "census"]}))
    assert wei.values("visit", visit)["mode"] == "by_drone"
    assert wei.values("visit", visit)["purposes"] == ["campaign", "census"]


@on_sqlite
@pytest.mark.parametrize("id", ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
                                "d9428888-122b-11e1-b85c-61cd3cbb3210", "6fa459ea-ee8a-3ca4-894e-db77e160355e",
                                "0199e0f2-3b5c-7cc0-98c4-dc0c0c07398f"])  # fmt: skip
def test_any_lower_case_canonical_uuid_is_an_id(wei: Client, id: str) -> None:
    wei.take(wei.change("visit", id, {"remark": "x"}))
    assert ("visit", id) in wei.copy


@on_sqlite
@pytest.mark.parametrize(
    "id", ["", "x", new_id().replace("-", ""), new_id().upper(), "urn:uuid:" + new_id(), new_id()[:-1]]
)
def test_any_other_id_is_invalid(wei: Client, id: str) -> None:
    body = wei.sync(wei.change("visit", id, {"remark": "x"}))
    assert refusals(body) == {1: "invalid"}
    assert "id" in body["refused"][0]["fields"]


@on_sqlite
@pytest.mark.parametrize("village", ["451422103999", "000000000000", "110101001001"])
def test_a_village_that_does_not_exist_takes_nothing(wei: Client, village: str) -> None:
    code = refusals(wei.sync(wei.change("visit", new_id(), {"remark": "x"}, village=village)))[1]
    assert code in ("invalid", "forbidden")


def test_a_township_writer_sees_that_the_village_does_not_exist(world: World) -> None:
    desk = world.desk()
    assert refusals(desk.sync(desk.change("visit", new_id(), {"remark": "x"}, village="451422103999"))) == {
        1: "invalid"
    }
    elsewhere = desk.change("visit", new_id(), {"remark": "x"}, village="451422101201")
    assert refusals(desk.sync(elsewhere))[2] in ("invalid", "forbidden")


def test_a_stamp_in_2099_is_replaced_and_one_in_1970_is_taken(world: World, wei: Client) -> None:
    young, old = new_id(), new_id()
    body = wei.sync(
        wei.change("visit", young, {"remark": "x"}, stamp=make_stamp(4_070_908_800_000, wei.device)),
        wei.change("visit", old, {"remark": "y"}, stamp=make_stamp(0, wei.device)),
    )
    assert body["refused"] == []
    assert set(body["restamped"]) == {"1"}
    assert wei.copy["visit", old]["stamps"]["remark"] == make_stamp(0, wei.device)
    assert int(wei.copy["visit", young]["stamps"]["remark"][:12], 16) <= world.now + 5 * 60_000


@on_sqlite
def test_several_errors_are_all_named(wei: Client) -> None:
    body = wei.sync(
        wei.change("visit", "x", {"started_at": "soon", "ended_mono": "long", "remark": "fine"}, stamp="now")
    )
    assert body["refused"][0]["fields"].keys() == {"id", "stamp", "started_at", "ended_mono"}


def test_two_valid_values_that_make_an_odd_whole_are_taken(wei: Client) -> None:
    wei.take(
        wei.change(
            "visit", new_id(), {"started_at": "2018-09-03T11:00:00+08:00", "ended_at": "2018-09-03T10:00:00+08:00"}
        )
    )


def test_doubled_household_and_identity_numbers_are_taken(wei: Client) -> None:
    home = [new_id(), new_id()]
    wei.take(*(wei.change("household", id, {"household_no": "7"}) for id in home))
    wei.take(*(wei.change("member", new_id(), {"identity": "45149919620501001X"}, household=id) for id in home))


@pytest.mark.parametrize("name", ["id", "village", "household", "township", "stamp", "later", "extra", "tangled", "kind",
                                  "stamps", "values", "set", "base", "number", "left", "a.b", "a b", "字段", "'; --", '"'])  # fmt: skip
def test_an_unknown_field_may_bear_any_name(wei: Client, name: str) -> None:
    visit, stamp = new_id(), wei.stamp()
    wei.take(wei.change("visit", visit, {name: {"a": [1, None]}, "remark": "x"}, stamp=stamp))
    assert wei.values("visit", visit) == {name: {"a": [1, None]}, "remark": "x"}
    assert wei.copy["visit", visit]["village"] == V1
    wei.take(wei.change("visit", visit, {name: "b"}, base={name: stamp}))
    assert wei.values("visit", visit) == {name: "b", "remark": "x"}


# --- no input gives a 500

plain_text = st.text(max_size=8) | st.sampled_from(["\x00", "1970", V1, "village", "removed", "=1", "𠮷"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([2**63, -(2**63) - 1, 10**40])
    | st.floats(allow_nan=False, allow_infinity=False) | plain_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_text, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ENVELOPE = ["protocol", "app", "now", "epoch", "cursors", "limit", "changes"]
CHANGE = ["number", "kind", "id", "village", "household", "stamp", "set", "base"]
quiet = [HealthCheck.function_scoped_fixture]
fuzz = settings(max_examples=settings.default.max_examples // 2, suppress_health_check=quiet)
short = settings(max_examples=settings.default.max_examples // 10, suppress_health_check=quiet)


def answered(phone: Client, body: Any) -> Any:
    reply = post(phone, json.dumps(body).encode())
    assert reply.status in (200, 400, 409, 413, 426), (reply.status, body)
    if reply.status == 200:
        refusals(reply.body)
    else:
        reply.error(reply.status)
    return reply


@on_sqlite
@fuzz
@given(body=anything)
def test_no_body_gives_a_500(wei: Client, body: Any) -> None:
    answered(wei, body)


@on_sqlite
@fuzz
@given(name=st.sampled_from(ENVELOPE), value=anything)
def test_no_part_of_a_request_gives_a_500(wei: Client, name: str, value: Any) -> None:
    answered(wei, wei.request(**{name: value}))


@on_sqlite
@fuzz
@given(grant=st.sampled_from([HERE, f"village:{V2}"]) | plain_text, value=anything)
def test_no_cursor_gives_a_500(wei: Client, grant: str, value: Any) -> None:
    wei.epoch = wei.enrolment["server"]["epoch"]
    answered(wei, wei.request(cursors={grant: value}))


def no_part_of_a_change_gives_a_500_or_blocks_the_next(wei: Client, name: str, value: Any) -> None:
    wei.number = wei.send().ok()["next"]
    bad = wei.change("household", new_id(), {"head_name": "韦"}) | {name: value}
    reply = answered(wei, wei.request(bad))
    assert name == "number" or reply.status == 200, reply.body
    wei.number = wei.send().ok()["next"]
    assert wei.send(wei.change("visit", new_id(), {"remark": "x"})).ok()["refused"] == []


any_part = given(name=st.sampled_from(CHANGE), value=anything)
test_no_part_of_a_change_gives_a_500_or_blocks_the_next = on_sqlite(
    fuzz(any_part(no_part_of_a_change_gives_a_500_or_blocks_the_next))
)
test_no_part_of_a_change_gives_a_500_on_postgresql = on_postgres(
    short(any_part(no_part_of_a_change_gives_a_500_or_blocks_the_next))
)

FIELDS = ["household_no", "head_name", "head_member", "phone", "categories", "exit_year", "house_area_m2", "relocated",
          "livestock", "needs", "notice_at", "poverty_causes", "removed", "newer"]  # fmt: skip


def no_values_and_no_base_give_a_500_and_what_is_taken_comes_back_as_it_was(
    wei: Client, set_: dict[str, Any], base: dict[str, Any]
) -> None:
    wei.number, household = wei.send().ok()["next"], new_id()
    reply = answered(wei, wei.request(wei.change("household", household, set_, base=base)))
    assert reply.status == 200, reply.body
    taken = reply.body["refused"] == []
    wei.pull()
    assert (("household", household) in wei.copy) == taken
    if taken:
        values = wei.values("household", household)
        lists = {"categories", "needs", "poverty_causes"}
        assert {n: v for n, v in values.items() if n not in lists} == {n: v for n, v in set_.items() if n not in lists}


any_values = given(
    set_=st.dictionaries(st.sampled_from(FIELDS) | plain_text, anything, max_size=4),
    base=st.dictionaries(st.sampled_from(FIELDS) | plain_text, anything, max_size=3),
)
test_no_values_and_no_base_give_a_500_and_what_is_taken_comes_back_as_it_was = on_sqlite(
    fuzz(any_values(no_values_and_no_base_give_a_500_and_what_is_taken_comes_back_as_it_was))
)
test_no_values_and_no_base_give_a_500_on_postgresql = on_postgres(
    short(any_values(no_values_and_no_base_give_a_500_and_what_is_taken_comes_back_as_it_was))
)


@on_sqlite
@fuzz
@given(path=st.sampled_from(["household", "visit", "nonsense"]), query=st.dictionaries(
    st.sampled_from(["village", "since", "limit", "x"]), plain_text.filter(lambda t: t.isprintable()), max_size=3))  # fmt: skip
def test_no_query_gives_a_500(world: World, wei: Client, path: str, query: dict[str, str]) -> None:
    answer = world.app.test_client().get(
        f"/api/v1/records/{path}", query_string=query, headers={"Authorization": f"Bearer {wei.token}"}
    )
    assert answer.status_code in (200, 400, 403, 404), answer.text


@on_sqlite
def test_a_flood_of_wrong_methods_and_paths_is_answered(world: World, wei: Client) -> None:
    for method, path, status in (
        ("GET", "/api/v1/sync", 405), ("PUT", "/api/v1/enrol", 405), ("DELETE", "/api/v1/kinds", 405),
        ("GET", "/api/v1/nothing", 404), ("POST", "/api/v2/sync", 404), ("GET", "/api/v1/records/nothing", 404),
    ):  # fmt: skip
        wei.ask(method, path).error(status)


def test_revoked_and_unknown_tokens_are_told_apart(world: World, wei: Client) -> None:
    access.revoke_device(world.service.database, wei.device, world.now)
    wei.send().error(401, "revoked")
    wei.ask("POST", "/api/v1/sync", wei.request(), token=wei.token[:-1] + "x").error(401, "unknown_token")


def test_an_old_clock_and_a_new_one_never_stop_a_sync(world: World, wei: Client) -> None:
    for ms in (0, 1, world.now - 3650 * DAY, world.now + 3650 * DAY, 0xFFFF_FFFF_FFFF):
        assert (
            wei.sync(wei.change("visit", new_id(), {"remark": "x"}, stamp=make_stamp(ms, wei.device)))["refused"] == []
        )
