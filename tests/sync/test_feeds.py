"""A cursor never skips: first fills, deltas, pages of any size, and what they weigh."""

import gzip
import json
from typing import Any

import pytest
from backports import zstd

from tests.sync.world import TOWN, V1, V2, Client, World, new_id, on_sqlite, visit_set

HERE, THERE = f"village:{V1}", f"village:{V2}"


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


def some(phone: Client, count: int, **more: Any) -> list[str]:
    ids = [new_id() for _ in range(count)]
    kinds = ("household", "member", "visit", "problem")
    phone.take(*(phone.change(kinds[n % 4], id_, {"remark": str(n)}, **more) for n, id_ in enumerate(ids)))
    return ids


def is_text(cursor: Any) -> bool:
    return isinstance(cursor, str)


def is_position(cursor: Any) -> bool:
    return isinstance(cursor, int) and not isinstance(cursor, bool)


# --- first fills


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_first_fill_in_pages_loses_nothing_though_records_change_meanwhile(
    world: World, wei: Client, limit: int
) -> None:
    ids = some(wei, 9)
    wei.pull()
    reader, turn = world.phone("wei"), 0
    while True:
        body = reader.sync(limit=limit)
        assert len(body["records"]) <= limit
        if not body["more"]:
            break
        turn += 1
        if turn <= 6:
            kind, id_ = sorted(wei.copy)[turn % len(wei.copy)]
            wei.take(wei.change(kind, id_, {"remark": f"turn {turn}"}, base=wei.seen(kind, id_, "remark")))
            wei.take(wei.change("visit", new_id(), {"remark": f"new {turn}"}))
        assert turn < 100
    wei.pull()
    assert {id_ for _, id_ in reader.copy} >= set(ids)
    assert reader.copy == wei.copy == world.phone("wei").pull()
    assert is_position(reader.cursors[HERE])


def test_during_a_first_fill_the_cursor_is_short_text_and_then_a_position(world: World, wei: Client) -> None:
    some(wei, 6)
    reader = world.phone("wei")
    body = reader.sync(limit=2)
    assert is_text(body["cursors"][HERE])
    assert len(body["cursors"][HERE]) < 100
    assert body["more"] is True
    reader.pull(limit=2)
    assert is_position(reader.cursors[HERE])
    assert reader.sync()["more"] is False


@on_sqlite
def test_the_size_of_a_page_may_change_from_page_to_page(world: World, wei: Client) -> None:
    some(wei, 15)
    reader = world.phone("wei")
    for limit in (1, 5, 2, 7, 1, 500):
        reader.sync(limit=limit)
    assert reader.pull() == wei.pull()


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_several_grants_that_overlap_fill_in_pages_too(world: World, wei: Client, limit: int) -> None:
    ids = some(wei, 6)
    home = ids[0]
    wei.take(wei.change("visit", new_id(), {"remark": "x"}, household=home))
    nong = world.cadre("nong", THERE)
    some(nong, 5, village=V2)
    desk = world.desk()
    desk.take(desk.change("policy", new_id(), {"name": "2018"}, village=None))
    all_of_them = world.cadre("all", HERE, THERE, f"household:{home}", f"township:{TOWN}")
    for _ in range(100):
        body = all_of_them.sync(limit=limit)
        assert len(body["records"]) <= limit
        assert body["cursors"].keys() == set(body["grants"])
        if not body["more"]:
            break
    assert all_of_them.copy == world.phone("all").pull() == world.everything()
    assert len(all_of_them.copy) == 13


def test_a_fill_cut_off_goes_on_where_it_was(world: World, wei: Client) -> None:
    some(wei, 8)
    reader = world.phone("wei")
    first = reader.send(limit=3).ok()
    again = reader.send(limit=3).ok()
    assert again == first | {"time": again["time"]}
    reader.read(first)
    second = reader.sync(limit=3)
    seen = {r["id"] for r in first["records"]}
    assert seen.isdisjoint(r["id"] for r in second["records"])


def test_a_new_grant_fills_by_itself_while_the_others_go_on(world: World, wei: Client) -> None:
    nong = world.cadre("nong", THERE)
    theirs = some(nong, 5, village=V2)
    mine = some(wei, 4)
    wei.pull()
    world.grant("wei", THERE)
    nong.take(nong.change("visit", new_id(), {"remark": "late"}, village=V2))
    body = wei.sync(limit=2)
    assert is_text(body["cursors"][THERE])
    assert is_position(body["cursors"][HERE])
    assert {r["village"] for r in body["records"]} == {V2}
    wei.pull(limit=2)
    assert {id_ for _, id_ in wei.copy} >= set(theirs) | set(mine)
    assert len(wei.copy) == 10


def test_an_empty_township_is_filled_at_once(wei: Client) -> None:
    body = wei.sync()
    assert (body["records"], body["more"]) == ([], False)
    assert is_position(body["cursors"][HERE])


# --- deltas


def test_a_delta_brings_just_what_changed(world: World, wei: Client) -> None:
    some(wei, 8)
    reader = world.phone("wei")
    reader.pull()
    kind, id_ = sorted(wei.copy)[3]
    wei.take(wei.change(kind, id_, {"remark": "new"}, base=wei.seen(kind, id_, "remark")))
    body = reader.sync()
    assert [(r["kind"], r["id"]) for r in body["records"]] == [(kind, id_)]
    assert body["records"][0]["values"]["remark"] == "new"
    assert reader.sync()["records"] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_delta_in_pages_loses_nothing(world: World, wei: Client, limit: int) -> None:
    reader = world.phone("wei")
    reader.pull()
    some(wei, 9)
    nong = world.cadre("nong", THERE)
    some(nong, 3, village=V2)
    for _ in range(100):
        body = reader.sync(limit=limit)
        assert len(body["records"]) <= limit
        if not body["more"]:
            break
    assert reader.copy == world.phone("wei").pull()
    assert len(reader.copy) == 9


def test_ones_own_change_comes_back_with_the_reply(wei: Client) -> None:
    visit = new_id()
    body = wei.take(wei.change("visit", visit, visit_set()))
    assert [(r["kind"], r["id"], r["values"]) for r in body["records"]] == [("visit", visit, visit_set())]


@on_sqlite
def test_a_record_comes_once_a_reply_however_often_it_changed(world: World, wei: Client) -> None:
    visit, reader = new_id(), world.phone("wei")
    reader.pull()
    for n in range(5):
        wei.take(wei.change("visit", visit, {f"f{n}": n}))
    assert len(reader.sync()["records"]) == 1


def test_a_limit_of_nothing_brings_nothing_and_loses_nothing(world: World, wei: Client) -> None:
    reader = world.phone("wei")
    reader.pull()
    cursors = dict(reader.cursors)
    some(wei, 3)
    body = reader.sync(limit=0)
    assert (body["records"], body["more"]) == ([], True)
    assert body["cursors"] == cursors
    assert len(reader.pull()) == 3
    fresh = world.phone("wei")
    assert fresh.sync(limit=0)["more"] is True
    assert len(fresh.pull()) == 3


@on_sqlite
def test_a_limit_beyond_all_measure_is_cut(wei: Client) -> None:
    some(wei, 3)
    for limit in (501, 10**6, 10**30):
        assert wei.send(limit=limit).status == 200


def test_a_refused_change_shows_in_no_feed(world: World, wei: Client) -> None:
    reader = world.phone("wei")
    reader.pull()
    wei.sync(wei.change("visit", new_id(), {"started_at": "soon"}))
    assert reader.sync()["records"] == []


def test_values_come_back_as_they_were_written(world: World, wei: Client) -> None:
    visit = new_id()
    values = {
        "started_at": "2018-09-03T10:15:00+08:00", "ended_at": "2018-09-03T02:45:00.5Z", "remark": "第一行\n第二行 😀 𠮷",
        "ended_mono": 12.5, "started_mono": 7, "signed": False, "purposes": ["campaign", "party_link"],
        "location": {"lat": 22.1, "lon": 107.0, "note": None}, "pauses": [{"from": "a", "to": None}], "summary": None,
        "newer": {"deep": [1, 2.5, True, None, "x"]}, "requests": "",
    }  # fmt: skip
    wei.take(wei.change("visit", visit, values))
    fresh = world.phone("wei")
    fresh.pull()
    assert fresh.values("visit", visit) == values
    assert isinstance(fresh.values("visit", visit)["started_mono"], int | float)
    stamps = fresh.copy["visit", visit]["stamps"]
    assert set(stamps) == set(values)
    assert set(stamps["purposes"]) == {"campaign", "party_link"}
    assert set(fresh.copy["visit", visit]) == {"kind", "id", "village", "household", "values", "stamps"}


# --- cursors


def bad_cursors(head: int) -> list[Any]:
    return [head + 1, head + 10**9, -1, 2**70, 1.5, True, False, [], {}, [1], "", "x", "812", f"{head}", "1/2", "9/visit/",
            "-1/visit/", "1/nonsense/", "1/visit/x", "\x00", "１/visit/", "1/visit/" + "a" * 5000]  # fmt: skip


@on_sqlite
def test_a_cursor_the_server_did_not_give_is_a_bad_cursor(wei: Client) -> None:
    some(wei, 3)
    wei.pull()
    head = wei.cursors[HERE]
    for cursor in bad_cursors(head):
        reply = wei.send(cursors={HERE: cursor})
        assert reply.status == 400, cursor
        reply.error(400, "bad_cursor")
    assert wei.sync()["records"] == []


def test_a_bad_cursor_applies_nothing_or_says_next_again(world: World, wei: Client) -> None:
    """A 400 must leave no doubt: the same changes sent with good cursors afterwards count once."""
    change = wei.change("visit", new_id(), {"remark": "x"})
    wei.sync()
    wei.send(change, cursors={HERE: 10**9}).error(400, "bad_cursor")
    assert wei.take(change)["next"] == 2
    assert len(world.sql("SELECT * FROM changes WHERE device = :d", d=wei.device)) == 1


@on_sqlite
def test_the_cursor_of_another_epoch_begins_anew(world: World, wei: Client) -> None:
    some(wei, 3)
    wei.pull()
    epoch = wei.epoch
    for cursor in (10**9, "5/visit/", "anything", None):
        body = wei.send(epoch="a history that is gone", cursors={HERE: cursor}).ok()
        assert len(body["records"]) == 3
        assert body["epoch"] == epoch
    assert len(wei.send(epoch=None, cursors={}).ok()["records"]) == 3


@on_sqlite
def test_the_reply_names_a_cursor_for_every_grant(world: World) -> None:
    both = world.cadre("both", HERE, THERE)
    for cursors in ({}, {HERE: 0}, {THERE: 0}):
        both.sync()
        body = both.send(cursors=cursors).ok()
        assert body["cursors"].keys() == {HERE, THERE}


def test_a_cursor_never_goes_back(world: World, wei: Client) -> None:
    reader, last = world.phone("wei"), -1
    for _ in range(5):
        some(wei, 2)
        reader.pull(limit=1)
        assert reader.cursors[HERE] > last
        last = reader.cursors[HERE]


# --- what it weighs


def test_an_empty_sync_is_under_four_hundred_bytes_each_way_for_two_villages(world: World) -> None:
    both = world.cadre("both", HERE, THERE)
    some(both, 20)
    some(both, 20, village=V2)
    both.pull()
    assert len(json.dumps(both.request()).encode()) < 400
    reply = both.send()
    assert reply.ok()["records"] == []
    assert len(reply.data) < 400
    assert "Content-Encoding" not in reply.headers


@on_sqlite
@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity", "GZIP"])
def test_a_request_may_be_compressed(wei: Client, encoding: str) -> None:
    visit = new_id()
    plain = json.dumps(wei.request(wei.change("visit", visit, visit_set()))).encode()
    packed = {"gzip": gzip.compress, "zstd": zstd.compress}.get(encoding.lower(), bytes)(plain)
    assert wei.ask("POST", "/api/v1/sync", packed, {"Content-Encoding": encoding}).ok()["next"] == 2
    wei.pull()
    assert wei.values("visit", visit) == visit_set()


@on_sqlite
def test_a_reply_is_gzipped_for_who_takes_it_and_for_nobody_else(wei: Client) -> None:
    some(wei, 40)
    body = wei.request(cursors={})
    packed = wei.ask("POST", "/api/v1/sync", body, {"Accept-Encoding": "gzip"})
    plain = wei.ask("POST", "/api/v1/sync", body)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.body["records"] == plain.body["records"]
    assert len(packed.data) * 3 < len(plain.data)
    refusing = wei.ask("POST", "/api/v1/sync", body, {"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in refusing.headers


def test_a_sync_over_a_real_socket_is_the_same(world: World, wei: Client) -> None:
    with world.http() as address:
        wei.address = address
        visit = new_id()
        wei.take(wei.change("visit", visit, visit_set()))
        assert wei.pull(limit=1)["visit", visit]["values"] == visit_set()
        wei.ask("POST", "/api/v1/sync", b"{").error(400)


# --- divergence


def digest(phone: Client) -> Any:
    reply = phone.ask("POST", "/api/v1/digest")
    assert reply.status == 200
    return reply.body


def grant_digest(body: Any, grant: str) -> Any:
    return body.get("grants", body)[grant]


def test_a_digest_counts_and_hashes_each_grant(world: World, wei: Client) -> None:
    both = world.cadre("both", HERE, THERE)
    some(wei, 4)
    first = digest(both)
    assert grant_digest(first, HERE)["count"] == 4
    assert grant_digest(first, THERE)["count"] == 0
    assert digest(both) == first
    assert grant_digest(digest(wei), HERE) == grant_digest(first, HERE)
    kind, id_ = sorted(wei.pull())[0]
    wei.take(wei.change(kind, id_, {"remark": "z"}, base=wei.seen(kind, id_, "remark")))
    second = digest(both)
    assert grant_digest(second, HERE)["count"] == 4
    assert grant_digest(second, HERE)["hash"] != grant_digest(first, HERE)["hash"]
    assert grant_digest(second, THERE) == grant_digest(first, THERE)
    wei.ask("POST", "/api/v1/digest", token=None).error(401)


def test_the_first_page_tells_what_the_villages_are_called_and_later_ones_stay_short(world: World, wei: Client) -> None:
    begun = wei.sync()
    assert begun["places"][V1]
    assert set(begun["places"]) >= {V1, V2}
    assert "places" not in wei.sync()
    wei.cursors = {}
    assert "places" in wei.sync()
