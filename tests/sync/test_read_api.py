"""What can be read, and by whom: the kinds' description, the records page by page, health, OpenAPI, and a table of every door."""

import json
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from server import access
from tests.sync.world import DAY, OTHER_TOWN, TOWN, V1, V2, Client, Reply, World, new_id, on_sqlite, refusals, visit_set

TYPES = {
    "text",
    "code",
    "link",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "choice",
    "choices",
    "list",
    "object",
}
SAMPLES: dict[str, Any] = {
    "text": "户", "link": "00000000-0000-7000-8000-000000000001", "boolean": True, "date": "2018-09-03",
    "datetime": "2018-09-03T10:15:00+08:00", "object": {"a": [1, None]}, "list": ["甲"],
}  # fmt: skip


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


def get(phone: Client, path: str, token: str | None = "", **query: Any) -> Reply:
    from urllib.parse import urlencode

    return phone.ask("GET", f"{path}?{urlencode(query)}" if query else path, token=token)


# --- the kinds ------------------------------------------------------------------------------------------------------


@pytest.fixture
def kinds(wei: Client) -> dict[str, dict[str, Any]]:
    body = get(wei, "/api/v1/kinds").ok()
    assert body.keys() == {"kinds"}
    return {kind["name"]: kind for kind in body["kinds"]}


@on_sqlite
def test_every_kind_is_described(kinds: dict[str, Any]) -> None:
    assert set(kinds) == {
        "household", "member", "visit", "contact_visit", "cleanup_check", "problem", "problem_step", "party_link",
        "campaign", "policy", "feedback", "conflict",
    }  # fmt: skip


@on_sqlite
def test_every_field_is_described_in_the_words_of_the_contract(kinds: dict[str, Any]) -> None:
    for kind in kinds.values():
        assert set(kind) >= {"name", "label", "fields"}
        assert kind["label"]["zh"]
        assert kind["label"]["en"]
        names = [field["name"] for field in kind["fields"]]
        assert len(names) == len(set(names))
        assert "removed" in names
        for field in kind["fields"]:
            assert set(field) >= {"name", "type", "label", "merge", "required", "sensitive", "choices"}
            assert field["type"] in TYPES
            assert field["merge"] in ("latest", "review", "once", "union")
            assert isinstance(field["required"], bool)
            assert field["label"]["zh"]
            assert field["label"]["en"]
            assert isinstance(field["choices"], list)
            if field["type"] not in ("choice", "choices"):
                assert field["choices"] == []
            for choice in field["choices"]:
                assert set(choice) >= {"value", "label"}
                assert choice["value"]
                assert choice["label"]["zh"]
            codes = [choice["value"] for choice in field["choices"]]
            assert len(codes) == len(set(codes))
            if field["merge"] == "union":
                assert field["type"] in ("choices", "list")


@on_sqlite
def test_secrets_are_marked_and_little_else_is(kinds: dict[str, Any]) -> None:
    marked = {
        kind["name"]: {f["name"] for f in kind["fields"] if f["sensitive"] == "secret" or f["sensitive"] is True}
        for kind in kinds.values()
    }
    assert marked["member"] >= {"identity", "health"}
    assert any("disab" in name for name in marked["member"])
    assert "head_name" not in marked["household"]
    assert "remark" not in marked["visit"]


@on_sqlite
def test_a_client_that_knows_only_the_description_can_write_every_kind(
    world: World, wei: Client, kinds: dict[str, Any]
) -> None:
    desk = world.desk()
    for kind in kinds.values():
        if kind["name"] == "conflict":
            continue
        set_: dict[str, Any] = {}
        for field in kind["fields"]:
            codes = [choice["value"] for choice in field["choices"]]
            if field["name"] == "removed":
                continue
            if field["type"] == "choice":
                set_[field["name"]] = codes[0] if codes else "x"
            elif field["type"] == "choices":
                set_[field["name"]] = codes[:2] or ["x"]
            elif field["type"] in SAMPLES:
                set_[field["name"]] = SAMPLES[field["type"]]
        id_ = new_id()
        body = desk.sync(desk.change(kind["name"], id_, set_))
        if body["refused"]:  # a list may want objects: the description does not tell the two apart
            lists = {field["name"] for field in kind["fields"] if field["type"] == "list"}
            assert set(body["refused"][0]["fields"]) <= lists, body["refused"]
            set_ = {name: value for name, value in set_.items() if name not in body["refused"][0]["fields"]}
            desk.take(desk.change(kind["name"], id_, set_))
        desk.pull()
        assert desk.values(kind["name"], id_) == set_


# --- the records ---------------------------------------------------------------------------------------------------


def read_all(
    phone: Client, kind: str, token: str | None = "", since: str | None = None, **query: Any
) -> tuple[list[Any], str]:
    """Every page; returns the records and the last `next`."""
    found: list[Any] = []
    for _ in range(100):
        body = get(phone, f"/api/v1/records/{kind}", token, **query, **({"since": since} if since else {})).ok()
        assert body.keys() == {"records", "next", "more"}
        assert isinstance(body["next"], str)
        assert len(body["records"]) <= query.get("limit", 500)
        found += body["records"]
        since = body["next"]
        if not body["more"]:
            return found, since
    raise AssertionError("a hundred pages and still more")


def ids(records: list[Any]) -> list[str]:
    return [record["id"] for record in records]


def visits(phone: Client, count: int, village: str = V1, **more: Any) -> list[str]:
    made = [new_id() for _ in range(count)]
    phone.take(
        *(phone.change("visit", id_, visit_set(remark=str(n)), village=village, **more) for n, id_ in enumerate(made))
    )
    return made


@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_pages_of_records_are_whole_and_come_once(world: World, wei: Client, limit: int) -> None:
    made = visits(wei, 7)
    wei.take(wei.change("household", new_id(), {"head_name": "韦"}))
    found, _ = read_all(wei, "visit", limit=limit)
    assert sorted(ids(found)) == sorted(made)
    assert all(record["kind"] == "visit" for record in found)
    wei.pull()
    assert all(record == wei.copy["visit", record["id"]] for record in found), "the same records as a sync brings"


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_since_brings_what_changed_and_nothing_else(world: World, wei: Client, limit: int) -> None:
    made = visits(wei, 5)
    _, since = read_all(wei, "visit", limit=limit)
    assert read_all(wei, "visit", since=since, limit=limit) == ([], since)
    wei.take(wei.change("household", new_id(), {"head_name": "韦"}))
    assert read_all(wei, "visit", since=since, limit=limit)[0] == []
    wei.take(wei.change("visit", made[2], {"summary": "新"}))
    late = visits(wei, 1)
    found, following = read_all(wei, "visit", since=since, limit=limit)
    assert sorted(ids(found)) == sorted([made[2], *late])
    assert read_all(wei, "visit", since=following, limit=limit)[0] == []


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_several_grants_are_read_in_one_line_without_repeating(world: World, limit: int) -> None:
    both = world.cadre("both", f"village:{V1}", f"village:{V2}")
    made = [*visits(both, 3), *visits(both, 3, V2)]
    found, since = read_all(both, "visit", limit=limit)
    assert sorted(ids(found)) == sorted(made)
    both.take(both.change("visit", made[-1], {"summary": "新"}, village=V2))
    assert ids(read_all(both, "visit", since=since, limit=limit)[0]) == made[-1:]


@on_sqlite
def test_one_village_may_be_asked_for(world: World) -> None:
    both = world.cadre("both", f"village:{V1}", f"village:{V2}")
    here, there = visits(both, 2), visits(both, 2, V2)
    assert sorted(ids(read_all(both, "visit", village=V1, limit=1)[0])) == sorted(here)
    assert sorted(ids(read_all(both, "visit", village=V2)[0])) == sorted(there)


@on_sqlite
def test_a_desk_may_ask_for_one_village_of_its_township(world: World, wei: Client) -> None:
    desk, here = world.desk(), visits(wei, 2)
    assert sorted(ids(read_all(desk, "visit", village=V1)[0])) == sorted(here)
    assert read_all(desk, "visit", village=V2)[0] == []


@on_sqlite
def test_a_village_that_is_not_mine_is_forbidden_and_nothing_leaks(world: World, wei: Client) -> None:
    stranger = world.cadre("nong", f"village:{V2}")
    made = visits(wei, 2)
    reply = get(stranger, "/api/v1/records/visit", village=V1)
    reply.error(403, "forbidden")
    assert read_all(stranger, "visit")[0] == []
    assert not any(id_ in reply.data.decode() for id_ in made)


@on_sqlite
def test_a_reader_of_one_household_sees_no_secret(world: World, wei: Client) -> None:
    home, member = new_id(), new_id()
    wei.take(
        wei.change("household", home, {"head_name": "韦", "poverty_causes": ["illness"]}),
        wei.change("member", member, {"name": "韦", "identity": "45149919620501001X"}, household=home),
        wei.change("household", new_id(), {"head_name": "邻居"}),
    )
    lan = world.cadre("lan", f"household:{home}", role="party_member")
    token = access.add_token(world.service.database, "表", [f"household:{home}"], world.now)
    for key in ("", token):
        (household,) = read_all(lan, "household", key)[0]
        (person,) = read_all(lan, "member", key)[0]
        assert household["values"] == {"head_name": "韦"}
        assert person["values"] == {"name": "韦"}
        assert household["stamps"].keys() == household["values"].keys()
        assert person["stamps"].keys() == person["values"].keys()


@on_sqlite
def test_a_household_that_left_is_told_to_a_reader(world: World, wei: Client) -> None:
    home = new_id()
    wei.take(wei.change("household", home, {"head_name": "韦"}))
    _, since = read_all(wei, "household")
    world.move(home, V2)
    assert read_all(wei, "household", since=since)[0] == [{"kind": "household", "id": home, "left": True}]
    assert read_all(wei, "household")[0] == []


@on_sqlite
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"since": "x"}, 400), ({"since": "-1"}, 400), ({"since": "999999"}, 400), ({"since": "9" * 30}, 400),
        ({"since": "0/visit/" + "x" * 36}, 400), ({"since": "0/nonsense/"}, 400), ({"since": "village:451422103201=x"}, 400),
        ({"limit": "0"}, 400), ({"limit": "-1"}, 400), ({"limit": "x"}, 400), ({"limit": "1.5"}, 400), ({"limit": "٣"}, 400),
        ({"limit": "999999999"}, 200), ({"village": "x"}, 400), ({"village": ""}, 400), ({"village": "451422103999"}, 403),
        ({"nonsense": "1"}, 200), ({"since": ""}, 200),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_read_is_answered_in_words(wei: Client, query: dict[str, str], status: int) -> None:
    visits(wei, 1)
    reply = get(wei, "/api/v1/records/visit", **query)
    assert reply.status == status, reply.data
    if status != 200:
        reply.error(status)


@on_sqlite
def test_a_kind_that_does_not_exist_is_not_found(wei: Client) -> None:
    get(wei, "/api/v1/records/nonsense").error(404)
    get(wei, "/api/v1/records/").error(404)


@on_sqlite
def test_a_cursor_of_a_sync_and_one_of_reading_are_the_same_position(wei: Client) -> None:
    visits(wei, 3)
    wei.pull()
    assert read_all(wei, "visit", since=str(wei.cursors[f"village:{V1}"]))[0] == []


# --- read tokens -----------------------------------------------------------------------------------------------------


def test_a_read_token_reads_what_its_grants_give(world: World, wei: Client) -> None:
    here = visits(wei, 2)
    elsewhere = world.cadre("nong", f"village:{V2}")
    visits(elsewhere, 2, V2)
    token = access.add_token(world.service.database, "报表", [f"village:{V1}"], world.now)
    assert sorted(ids(read_all(wei, "visit", token)[0])) == sorted(here)
    get(wei, "/api/v1/records/visit", token, village=V2).error(403)
    world.later(days=400)
    assert sorted(ids(read_all(wei, "visit", token)[0])) == sorted(here), "it outlives codes and people"


def test_a_read_token_never_writes_whatever_it_sends(world: World, wei: Client) -> None:
    token = access.add_token(world.service.database, "报表", [f"township:{TOWN}"], world.now)
    (visit,) = visits(wei, 1)
    before = world.log()
    bodies = [
        wei.request(wei.change("visit", visit, {"remark": "改"})),
        wei.request(wei.change("visit", new_id(), visit_set())),
        wei.request(wei.change("policy", new_id(), {"name": "x"}, village=None)),
        wei.request(),
    ]
    for body in bodies:
        reply = wei.ask("POST", "/api/v1/sync", body, token=token)
        assert reply.status in (401, 403), reply.data
        reply.error(reply.status)
    assert world.log() == before
    assert world.sql("SELECT count(*) FROM device") == [(1,)]


# --- health --------------------------------------------------------------------------------------------------------


def test_health_answers_without_a_token_and_tells_the_epoch(world: World, wei: Client) -> None:
    reply = get(wei, "/api/v1/health", token=None)
    assert reply.status == 200
    assert reply.body["epoch"] == wei.send().ok()["epoch"]
    told = reply.data.decode()
    assert "wei" not in told
    assert str(world.service.config.instance) not in told


# --- OpenAPI -------------------------------------------------------------------------------------------------------


@pytest.fixture
def openapi(wei: Client) -> dict[str, Any]:
    body: dict[str, Any] = get(wei, "/api/openapi.json", token=None).ok()
    return body


@on_sqlite
def test_openapi_is_valid_3_1(openapi: dict[str, Any]) -> None:
    assert openapi["openapi"].startswith("3.1")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(openapi)] == []


@on_sqlite
def test_openapi_names_every_route_with_its_methods(world: World, openapi: dict[str, Any]) -> None:
    routes: dict[str, set[str]] = {}
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            routes.setdefault(rule.rule.replace("<", "{").replace(">", "}"), set()).update(
                m.lower() for m in rule.methods
            )
    for path, methods in routes.items():
        assert path in openapi["paths"], path
        told = openapi["paths"][path].keys() - {"parameters"}
        assert methods - {"head", "options"} <= told <= methods, path


def resolved(openapi: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for, wherever one stands."""
    if "$ref" in thing:
        found: Any = openapi
        for step in thing["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return resolved(openapi, found)
    return thing


def undocumented(openapi: dict[str, Any], path: str, method: str, reply: Reply) -> list[str]:
    """What is wrong with a reply, going by the document: nothing when it says what the document says."""
    responses = openapi["paths"][path][method.lower()]["responses"]
    found = resolved(openapi, responses.get(str(reply.status), responses.get("default", {})))
    content = found.get("content", {}).get("application/json")
    if content is None:
        return []
    validator = jsonschema_rs.validator_for({**content["schema"], "components": openapi["components"]})
    return [f"{reply.status} {error.instance_path}: {error.message}" for error in validator.iter_errors(reply.body)]


@on_sqlite
def test_every_error_has_the_shape_openapi_says(wei: Client, openapi: dict[str, Any]) -> None:
    wrong = []
    for path, methods in openapi["paths"].items():
        for method in methods.keys() - {"parameters"}:
            for body, token in ((None, None), (b"{", None), ({}, f"{TOWN}.x")):
                reply = wei.ask(method.upper(), path.replace("{kind}", "visit"), body, token=token)
                wrong += [f"{method} {path}: {found}" for found in undocumented(openapi, path, method, reply)]
    wrong += undocumented(openapi, "/api/v1/sync", "post", wei.send(protocol=99))
    assert wrong == []


@on_sqlite
def test_every_reply_has_the_shape_openapi_says(world: World, wei: Client, openapi: dict[str, Any]) -> None:
    made = visits(wei, 2)
    wei.lead = 30 * DAY
    replies = [
        ("/api/v1/sync", "post", wei.send(wei.change("visit", made[0], {"remark": "x"}), wei.change("nonsense", new_id(), {"x": 1}))),
        ("/api/v1/sync", "post", wei.send(wei.change("visit", made[0], {"remark": "x"}, number=99))),
        ("/api/v1/sync", "post", wei.send(cursors={f"village:{V1}": "x"}, epoch=wei.epoch)),
        ("/api/v1/digest", "post", wei.ask("POST", "/api/v1/digest")),
        ("/api/v1/sealed", "post", wei.ask("POST", "/api/v1/sealed", {"sealed": ["x"]}, token=None)),
        ("/api/v1/records/{kind}", "get", get(wei, "/api/v1/records/visit")),
        ("/api/v1/kinds", "get", get(wei, "/api/v1/kinds")),
        ("/api/v1/health", "get", get(wei, "/api/v1/health")),
        ("/api/v1/enrol", "post", wei.ask("POST", "/api/v1/enrol", {"code": world.code("wei"), "device": {}}, token=None)),
        ("/api/v1/enrol", "post", wei.ask("POST", "/api/v1/enrol", {"code": "x", "device": {}}, token=None)),
    ]  # fmt: skip
    assert [reply.status for _, _, reply in replies] == [200, 409, 400, 200, 200, 200, 200, 200, 201, 410]
    for path, method, reply in replies:
        assert undocumented(openapi, path, method, reply) == [], path


@on_sqlite
def test_a_request_by_the_contract_is_one_by_openapi(wei: Client, openapi: dict[str, Any]) -> None:
    def wrong(path: str, body: Any) -> list[str]:
        schema = openapi["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        validator = jsonschema_rs.validator_for({**schema, "components": openapi["components"]})
        return [error.message for error in validator.iter_errors(body)]

    change = wei.change("visit", new_id(), visit_set(participants=["a"]), {"participants": {"a": [wei.stamp()]}})
    assert wrong("/api/v1/sync", wei.request(change)) == []
    assert wrong("/api/v1/sync", wei.request(change, newer=1)) == []
    device = {"name": "x", "platform": "p", "app": "0.1.0"}
    assert wrong("/api/v1/enrol", {"code": "x", "device": device}) == []
    assert wrong("/api/v1/sync", wei.request(protocol="1")) != []


@on_sqlite
def test_an_enrolment_with_a_key_nobody_knows_is_one_by_openapi_too(openapi: dict[str, Any]) -> None:
    """Both sides ignore envelope keys they don't know."""
    schema = openapi["components"]["schemas"]["EnrolRequest"]
    validator = jsonschema_rs.validator_for({**schema, "components": openapi["components"]})
    assert [error.message for error in validator.iter_errors({"code": "x", "device": {}, "newer": 1})] == []


# --- every door ----------------------------------------------------------------------------------------------------

CALLERS = ("nobody", "garbage", "misfiled", "revoked", "reader", "elsewhere", "own")
"""No token; a made-up one; our own under another township's name; a revoked phone's; a read token; a phone of another township; our own."""
OPEN = dict.fromkeys(CALLERS, 200)
SHUT = {"nobody": 401, "garbage": 401, "misfiled": 401, "revoked": 401}
DOORS: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/static/<path:filename>"): OPEN,
    ("GET", "/api/docs"): OPEN,
    ("GET", "/api/openapi.json"): OPEN,
    ("GET", "/api/v1/health"): OPEN,
    ("GET", "/api/v1/kinds"): OPEN,
    ("POST", "/api/v1/enrol"): dict.fromkeys(CALLERS, 410),  # a spent code opens nothing, whoever sends it
    ("POST", "/api/v1/sealed"): OPEN,  # each line has its token inside; a bare one opens nothing
    ("POST", "/api/v1/sync"): {**SHUT, "reader": 401, "elsewhere": 200, "own": 200},
    ("POST", "/api/v1/digest"): {**SHUT, "reader": 200, "elsewhere": 200, "own": 200},
    ("POST", "/api/v1/photos"): {
        **SHUT,
        "reader": 401,
        "elsewhere": 412,
        "own": 412,
    },  # more in tests/photos/test_who_may_send.py
    ("PATCH", "/api/v1/photos/<upload>"): {**SHUT, "reader": 401, "elsewhere": 412, "own": 412},
    ("DELETE", "/api/v1/photos/<upload>"): {**SHUT, "reader": 401, "elsewhere": 412, "own": 412},
    ("POST", "/api/v1/photos/<upload>"): {**SHUT, "reader": 401, "elsewhere": 405, "own": 405},
    ("GET", "/api/v1/records/<kind>"): {**SHUT, "reader": 200, "elsewhere": 200, "own": 200},
}
PLACES = {
    "/static/<path:filename>": "/static/console.css", "/api/v1/records/<kind>": "/api/v1/records/visit",
    "/api/v1/photos/<upload>": "/api/v1/photos/00000000-0000-4000-8000-000000000000",
}  # fmt: skip


@pytest.fixture
def tokens(world: World, wei: Client) -> dict[str, str | None]:
    database, revoked = world.service.database, world.phone("wei")
    access.revoke_device(database, revoked.device, world.now)
    world.person("far", f"village:{OTHER_TOWN}001")
    return {
        "nobody": None,
        "garbage": f"{TOWN}.{'x' * 43}",
        "misfiled": f"{OTHER_TOWN}{wei.token[9:]}",
        "revoked": revoked.token,
        "reader": access.add_token(database, "报表", [f"township:{TOWN}"], world.now),
        "elsewhere": world.phone("far").token,
        "own": wei.token,
    }


@on_sqlite
def test_every_route_has_its_entry_in_the_table_of_doors(world: World) -> None:
    """The console's own are in a table of theirs, in tests/console."""
    rules = [r for r in world.app.url_map.iter_rules() if r.rule.startswith("/api/") or r.endpoint == "static"]
    routes = {(method, rule.rule) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert routes == DOORS.keys(), "a new route says here who may pass"


@on_sqlite
@pytest.mark.parametrize(("method", "path"), DOORS)
def test_every_door_opens_to_whom_it_should(
    world: World, wei: Client, tokens: dict[str, str | None], method: str, path: str
) -> None:
    (visit,) = visits(wei, 1)
    body = None
    if path == "/api/v1/enrol":
        body = {"code": f"{TOWN}-AAAAA-AAAAA-AAAAA-AAAAA", "device": {"name": "", "platform": "", "app": ""}}
    elif path == "/api/v1/sealed":
        body = {"sealed": ["x"]}
    elif method in ("POST", "PATCH"):
        body = wei.request(epoch=None, cursors={})
    for who in CALLERS:
        reply = wei.ask(method, PLACES.get(path, path), body, token=tokens[who])
        assert reply.status == DOORS[method, path][who], (who, reply.data[:300])
        if reply.status == 401:
            reply.error(401, "revoked" if who == "revoked" else "unknown_token")
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        if "/api/v1/" in path:
            assert (visit in reply.data.decode()) == (who in ("own", "reader") and path in (
                "/api/v1/sync", "/api/v1/records/<kind>") and reply.status == 200), who  # fmt: skip


@on_sqlite
@pytest.mark.parametrize(("method", "path"), DOORS)
def test_no_door_answers_a_method_it_has_not(
    world: World, wei: Client, tokens: dict[str, str | None], method: str, path: str
) -> None:
    before = world.log()
    has = {m for m, p in DOORS if p == path}
    for other in {"GET", "POST", "PUT", "PATCH", "DELETE"} - has:
        for who in ("nobody", "own", "reader"):
            reply = wei.ask(other, PLACES.get(path, path), {}, token=tokens[who])
            assert reply.status == 405, (other, who)
            assert has <= set(reply.headers["Allow"].replace(" ", "").split(","))
            if path.startswith("/api/v1/"):
                reply.error(405)
    assert world.log() == before


@on_sqlite
def test_a_phone_of_another_township_has_its_own_feed_and_no_way_into_ours(
    world: World, wei: Client, tokens: dict[str, str | None]
) -> None:
    (visit,) = visits(wei, 1)
    far = Client(world)
    far.token = str(tokens["elsewhere"])
    far.device = world.sql("SELECT id FROM device WHERE township = :t", t=OTHER_TOWN)[0][0]
    far.pull()
    assert far.copy == {}
    get(far, "/api/v1/records/visit", village=V1).error(403)
    body = far.sync(far.change("visit", visit, {"remark": "改"}))
    assert list(refusals(body).values()) in (["forbidden"], ["invalid"])
    assert json.dumps(body).find("雨后路滑") < 0
    wei.pull()
    assert wei.values("visit", visit)["remark"] == "0"
