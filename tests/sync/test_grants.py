"""Nobody sees or touches what is not theirs, and nothing written in good time is lost when a grant ends."""

import json
from typing import Any

import pytest

from tests.sync.world import OTHER_TOWN, TOWN, V1, V2, V3, Client, World, new_id, on_sqlite, refusals

HERE, THERE = f"village:{V1}", f"village:{V2}"
IDENTITY = "45149919620501001X"
SECRETS = {"identity": IDENTITY, "health": ["chronic"], "disability_cert": IDENTITY + "11", "disability_type": "1",
           "disability_level": "1"}  # fmt: skip
HOME_SECRETS = {"poverty_causes": ["illness"], "main_poverty_cause": "illness", "risk_note": "肝病"}


@pytest.fixture
def wei(world: World) -> Client:
    """A cadre of the first village."""
    return world.cadre("wei")


@pytest.fixture
def nong(world: World) -> Client:
    """A cadre of the second village."""
    return world.cadre("nong", THERE)


@pytest.fixture
def home(wei: Client) -> dict[str, str]:
    """A household of the first village with a member and a visit; another household beside it."""
    ids = {name: new_id() for name in ("home", "member", "visit", "neighbour", "neighbour_visit")}
    wei.take(
        wei.change("household", ids["home"], {"head_name": "韦光荣", "remark": "r", **HOME_SECRETS}),
        wei.change("member", ids["member"], {"name": "韦小妹", **SECRETS}, household=ids["home"]),
        wei.change("visit", ids["visit"], {"remark": "雨"}, household=ids["home"]),
        wei.change("household", ids["neighbour"], {"head_name": "农大山"}),
        wei.change("visit", ids["neighbour_visit"], {"remark": "晴"}, household=ids["neighbour"]),
    )
    wei.pull()
    return ids


@pytest.fixture
def lan(world: World, home: dict[str, str]) -> Client:
    """A party member who holds one household."""
    return world.cadre("lan", f"household:{home['home']}", role="party_member")


def ids_of(phone: Client) -> set[tuple[str, str]]:
    phone.pull()
    return set(phone.copy)


def assert_no_secret(phone: Client, *more: str) -> None:
    told = json.dumps(list(phone.copy.values()), ensure_ascii=False)
    for word in (IDENTITY, "chronic", "illness", "肝病", "disability_cert", "poverty_causes", *more):
        assert word not in told, word


# --- what a household grant gives


def test_a_household_grant_gives_the_household_and_what_is_the_households(home: dict[str, str], lan: Client) -> None:
    assert lan.sync()["grants"] == [f"household:{home['home']}"]
    assert ids_of(lan) == {("household", home["home"]), ("member", home["member"]), ("visit", home["visit"])}
    assert lan.values("household", home["home"]) == {"head_name": "韦光荣", "remark": "r"}
    assert lan.values("member", home["member"]) == {"name": "韦小妹"}
    assert_no_secret(lan)


def test_a_household_grant_follows_the_household_without_its_secrets(
    home: dict[str, str], lan: Client, wei: Client
) -> None:
    lan.pull()
    visit = new_id()
    wei.take(
        wei.change("visit", visit, {"remark": "二访"}, household=home["home"]),
        wei.change("visit", new_id(), {"remark": "别家"}, household=home["neighbour"]),
        wei.change("visit", new_id(), {"remark": "无户"}),
        wei.change("member", home["member"], {"health": ["serious"], "phone": "13800000000"}),
        wei.change("household", home["home"], {"risk_note": "癌"}),
    )
    lan.pull()
    assert ("visit", visit) in lan.copy
    assert lan.values("member", home["member"]) == {"name": "韦小妹", "phone": "13800000000"}
    assert len([key for key in lan.copy if key[0] == "visit"]) == 2
    assert_no_secret(lan, "serious", "癌")


@on_sqlite
@pytest.mark.parametrize(("name", "value"), list(SECRETS.items()))
def test_setting_a_members_secret_takes_more_than_a_household_grant(
    home: dict[str, str], lan: Client, wei: Client, name: str, value: Any
) -> None:
    body = lan.sync(lan.change("member", home["member"], {name: value, "phone": "13800000000"}))
    assert refusals(body) == {1: "forbidden"}
    body = lan.sync(lan.change("member", new_id(), {"name": "新", name: value}, household=home["home"]))
    assert refusals(body) == {2: "forbidden"}
    wei.pull()
    assert wei.values("member", home["member"]) == {"name": "韦小妹", **SECRETS}


@on_sqlite
def test_clearing_a_secret_is_setting_it(home: dict[str, str], lan: Client) -> None:
    assert refusals(lan.sync(lan.change("household", home["home"], {"poverty_causes": None}))) == {1: "forbidden"}


def test_a_household_grant_writes_there_and_nowhere_else(home: dict[str, str], lan: Client) -> None:
    lan.take(
        lan.change("household", home["home"], {"remark": "x"}),
        lan.change("visit", new_id(), {"remark": "x"}, household=home["home"]),
    )
    body = lan.sync(
        lan.change("household", home["neighbour"], {"remark": "x"}),
        lan.change("visit", new_id(), {"remark": "x"}, household=home["neighbour"]),
        lan.change("visit", new_id(), {"remark": "x"}),
        lan.change("visit", home["neighbour_visit"], {"remark": "x"}, household=home["home"]),
        lan.change("household", new_id(), {"head_name": "x"}),
    )
    assert set(refusals(body).values()) == {"forbidden"}
    assert len(body["refused"]) == 5


def test_conflicts_on_secrets_are_not_for_a_household_grant(
    world: World, home: dict[str, str], lan: Client, wei: Client
) -> None:
    lan.pull()
    nong = world.cadre("nong2", HERE)
    for phone, word in ((wei, "张三有病"), (nong, "李四有病")):
        phone.take(phone.change("household", home["home"], {"risk_note": word, "remark": word[:2]}))
        phone.take(phone.change("member", home["member"], {"disability_level": word[0]}))
    wei.pull()
    assert {row["values"]["field"] for row in wei.conflicts()} == {"risk_note", "remark", "disability_level"}
    fresh = world.phone("lan")
    for phone in (lan, fresh):
        phone.pull()
        assert {row["values"]["field"] for row in phone.conflicts()} == {"remark"}
        assert_no_secret(phone, "有病", "risk_note", "disability_level")


def test_a_removal_conflict_shows_no_secret_either(
    world: World, home: dict[str, str], lan: Client, wei: Client
) -> None:
    nong = world.cadre("nong2", HERE)
    nong.pull()
    wei.take(wei.change("household", home["home"], {"risk_note": "张三有病"}))
    nong.take(nong.change("household", home["home"], {"removed": True}, base=nong.seen("household", home["home"])))
    lan.pull()
    assert_no_secret(lan, "有病", "risk_note")


def test_a_village_beside_the_household_gives_the_secrets_too(world: World, home: dict[str, str], lan: Client) -> None:
    lan.pull()
    world.grant("lan", HERE)
    lan.pull()
    assert lan.values("member", home["member"]) == {"name": "韦小妹", **SECRETS}
    assert len(lan.copy) == 5
    world.ungrant("lan", HERE)
    body = lan.sync()
    assert body["dropped"] == [HERE]
    fresh = world.phone("lan")
    fresh.pull()
    assert_no_secret(fresh)


# --- the township, and what it shares


def test_a_township_grant_gives_every_village(world: World, home: dict[str, str], nong: Client) -> None:
    visit = new_id()
    nong.take(nong.change("visit", visit, {"remark": "x"}, village=V2))
    desk = world.desk()
    assert ids_of(desk) == {("visit", visit)} | ids_of(world.phone("wei"))
    assert desk.values("member", home["member"])["identity"] == IDENTITY


def test_what_the_township_shares_is_written_by_it_and_read_by_all(world: World, lan: Client, wei: Client) -> None:
    desk, policy, campaign = world.desk(), new_id(), new_id()
    lan.pull()
    desk.take(
        desk.change("policy", policy, {"name": "2018", "minimum_minutes": 30}, village=None),
        desk.change("campaign", campaign, {"name": "大走访"}, village=None),
    )
    for phone in (lan, wei, world.phone("lan"), world.phone("wei")):
        phone.pull()
        assert phone.values("policy", policy) == {"name": "2018", "minimum_minutes": 30}
        assert phone.copy["campaign", campaign]["village"] is None


@pytest.mark.parametrize("role", ["cadre", "desk"])
def test_a_village_grant_does_not_write_what_the_township_shares(world: World, role: str) -> None:
    desk, policy = world.desk(), new_id()
    desk.take(desk.change("policy", policy, {"name": "2018"}, village=None))
    phone = world.cadre("somebody", HERE, role=role)
    body = phone.sync(
        phone.change("policy", new_id(), {"name": "x"}, village=None),
        phone.change("campaign", new_id(), {"name": "x"}, village=None),
        phone.change("policy", policy, {"name": "x"}, village=V1),
    )
    assert refusals(body) == {1: "forbidden", 2: "forbidden", 3: "forbidden"}
    phone.pull()
    assert phone.values("policy", policy) == {"name": "2018"}


@on_sqlite
def test_who_may_write_a_kind_is_judged_at_the_gate(world: World) -> None:
    cadre = world.cadre("somebody", f"township:{TOWN}")
    assert refusals(cadre.sync(cadre.change("policy", new_id(), {"name": "x"}, village=None))) == {1: "forbidden"}


@on_sqlite
def test_a_visit_without_a_village_is_refused(world: World) -> None:
    desk = world.desk()
    assert refusals(desk.sync(desk.change("visit", new_id(), {"remark": "x"}, village=None)))[1] in (
        "invalid",
        "forbidden",
    )


def test_a_conflict_about_what_is_shared_reaches_every_grant(world: World, lan: Client, wei: Client) -> None:
    desks, policy = [world.desk("desk one"), world.desk("desk two")], new_id()
    lan.pull()
    for desk in desks:
        desk.take(desk.change("policy", policy, {"name": desk.device}, village=None))
    for phone in (lan, wei, world.phone("lan")):
        phone.pull()
        assert [row["values"]["field"] for row in phone.conflicts()] == ["name"]


# --- a stranger's record


def test_a_strangers_id_sent_with_ones_own_village_is_forbidden_and_nothing_leaks(
    world: World, home: dict[str, str], nong: Client
) -> None:
    nong.pull()
    before = world.everything()
    changes = [
        nong.change("household", home["home"], {"head_name": "我的"}, village=V2),
        nong.change("member", home["member"], {"phone": "13800000000"}, village=V2),
        nong.change("visit", home["visit"], {"remark": "我的"}, village=V2, household=new_id()),
        nong.change("household", home["home"], {"removed": True}, village=V2),
    ]
    reply = nong.send(*changes)
    assert refusals(reply.ok()) == dict.fromkeys((1, 2, 3, 4), "forbidden")
    for word in ("韦光荣", "韦小妹", "雨", IDENTITY, V1, "wei"):
        assert word not in reply.data.decode(), word
    assert reply.body["records"] == []
    assert ids_of(nong) == set()
    after = world.everything()
    assert {key: record for key, record in after.items() if key in before} == before
    assert len(after) == len(before)


def test_a_strangers_conflict_can_not_be_touched(world: World, wei: Client, nong: Client) -> None:
    other, visit = world.cadre("other"), new_id()
    wei.take(wei.change("visit", visit, {"remark": "秘密甲"}))
    other.take(other.change("visit", visit, {"remark": "秘密乙"}))
    wei.pull()
    conflict = wei.conflicts(visit)[0]["id"]
    for values in ({"status": "open"}, {"decision": "losing"}):
        reply = nong.send(nong.change("conflict", conflict, values, village=V2))
        assert set(refusals(reply.ok()).values()) == {"forbidden"}
        assert "秘密" not in reply.data.decode()


def test_one_id_in_two_townships_is_two_records(world: World, home: dict[str, str]) -> None:
    world.person("far", f"township:{OTHER_TOWN}", role="desk")
    far = world.phone("far", OTHER_TOWN)
    assert ids_of(far) == set()
    village = world.sql("SELECT code FROM area WHERE parent = :p ORDER BY code", p=OTHER_TOWN)[0][0]
    far.take(far.change("household", home["home"], {"head_name": "他乡"}, village=village))
    assert ids_of(far) == {("household", home["home"])}
    assert far.values("household", home["home"]) == {"head_name": "他乡"}
    assert world.everything()["household", home["home"]]["values"]["head_name"] == "韦光荣"


# --- village and household belong to the record


def test_later_changes_are_filed_by_the_stored_record(world: World, home: dict[str, str], wei: Client) -> None:
    world.grant("wei", THERE)
    wei.take(
        wei.change("visit", home["visit"], {"summary": "s"}, village=V2, household=home["neighbour"]),
        wei.change("household", home["home"], {"hamlet": "那桃"}, village=V2),
    )
    wei.pull()
    visit = wei.copy["visit", home["visit"]]
    assert (visit["village"], visit["household"]) == (V1, home["home"])
    assert wei.copy["household", home["home"]]["village"] == V1


def test_a_known_household_brings_its_own_village(world: World, home: dict[str, str], wei: Client) -> None:
    world.grant("wei", THERE)
    visit = new_id()
    wei.take(wei.change("visit", visit, {"remark": "x"}, village=V2, household=home["home"]))
    wei.pull()
    assert wei.copy["visit", visit]["village"] == V1


def test_a_visit_at_a_strangers_household_is_forbidden(home: dict[str, str], nong: Client, wei: Client) -> None:
    body = nong.sync(nong.change("visit", new_id(), {"remark": "x"}, village=V2, household=home["home"]))
    assert refusals(body) == {1: "forbidden"}
    assert len([key for key in ids_of(wei) if key[0] == "visit"]) == 2


@on_sqlite
def test_a_household_and_its_visit_may_come_in_one_batch_in_any_order(wei: Client) -> None:
    home, early, late = new_id(), new_id(), new_id()
    wei.take(
        wei.change("visit", early, {"remark": "x"}, household=home),
        wei.change("household", home, {"head_name": "x"}),
        wei.change("visit", late, {"remark": "x"}, household=home),
    )
    assert {wei.copy["visit", id_]["household"] for id_ in (early, late)} == {home}


# --- grants come and go


@on_sqlite
def test_a_new_grant_is_obeyed_by_the_next_request(world: World, home: dict[str, str], nong: Client) -> None:
    assert ids_of(nong) == set()
    world.grant("nong", HERE)
    assert sorted(nong.sync()["grants"]) == [HERE, THERE]
    assert len(ids_of(nong)) == 5
    nong.take(nong.change("visit", home["visit"], {"summary": "s"}))


def test_a_grant_taken_is_dropped_and_gives_nothing_more(world: World, home: dict[str, str]) -> None:
    both = world.cadre("both", HERE, THERE)
    assert len(ids_of(both)) == 5
    world.ungrant("both", HERE)
    wei = world.phone("wei")
    wei.take(wei.change("visit", home["visit"], {"remark": "秘密"}))
    reply = both.send()
    body = reply.ok()
    assert (body["grants"], body["dropped"]) == ([THERE], [HERE])
    assert body["cursors"].keys() == {THERE}
    assert "秘密" not in reply.data.decode()


@on_sqlite
def test_the_last_grant_taken_leaves_an_empty_list(world: World, home: dict[str, str], wei: Client) -> None:
    world.ungrant("wei", HERE)
    body = wei.sync()
    assert (body["grants"], body["dropped"], body["cursors"], body["records"]) == ([], [HERE], {}, [])
    assert body["more"] is False


def test_a_grant_taken_and_given_back_before_the_phone_syncs_loses_nothing(
    world: World, home: dict[str, str], wei: Client
) -> None:
    other = world.cadre("other")
    unsent = wei.change("visit", home["visit"], {"summary": "offline"})
    world.ungrant("wei", HERE)
    visit = new_id()
    other.take(
        other.change("visit", visit, {"remark": "meanwhile"}), other.change("visit", home["visit"], {"requests": "路"})
    )
    world.later(days=3)
    world.grant("wei", HERE)
    body = wei.sync(unsent)
    assert body["refused"] == []
    assert (body["grants"], body["dropped"]) == ([HERE], [])
    wei.pull()
    assert wei.values("visit", home["visit"]) == {"remark": "雨", "summary": "offline", "requests": "路"}
    assert ("visit", visit) in wei.copy
    assert wei.copy == world.phone("wei").pull()


@pytest.mark.parametrize(("days", "code"), [(0, None), (1, None), (29, None), (31, "forbidden"), (400, "forbidden")])
def test_a_late_change_is_taken_for_thirty_days(
    world: World, home: dict[str, str], wei: Client, days: int, code: str | None
) -> None:
    edit = wei.change("visit", home["visit"], {"summary": "late"})
    new = wei.change("visit", new_id(), {"remark": "late"})
    world.ungrant("wei", HERE)
    world.later(days=days)
    body = wei.sync(edit, new)
    assert refusals(body) == ({edit["number"]: code, new["number"]: code} if code else {})
    values = world.everything()["visit", home["visit"]]["values"]
    assert values.get("summary") == (None if code else "late")


def test_a_late_change_is_marked_for_the_desk(world: World, home: dict[str, str], wei: Client) -> None:
    edit = wei.change("visit", home["visit"], {"summary": "late"})
    wei.take(wei.change("visit", home["visit"], {"promises": "p"}, number=edit["number"], stamp=edit["stamp"]))
    world.ungrant("wei", HERE)
    assert wei.sync(wei.change("visit", home["visit"], {"requests": "late"}))["refused"] == []
    late = world.sql("SELECT written FROM changes WHERE late <> 0")
    assert [json.loads(written) for (written,) in late] == [{"requests": "late"}]


def test_a_late_household_grant_still_sets_no_secret(world: World, home: dict[str, str], lan: Client) -> None:
    world.ungrant("lan", f"household:{home['home']}")
    body = lan.sync(
        lan.change("household", home["home"], {"remark": "late"}),
        lan.change("household", home["home"], {"risk_note": "x"}),
    )
    assert refusals(body) == {2: "forbidden"}


def test_a_grant_that_was_never_held_is_never_late(world: World, home: dict[str, str], nong: Client) -> None:
    world.ungrant("nong", THERE)
    assert refusals(nong.sync(nong.change("visit", home["visit"], {"remark": "x"}))) == {1: "forbidden"}


# --- a household moves


def test_a_moved_household_leaves_one_village_and_comes_to_the_other(
    world: World, home: dict[str, str], wei: Client, nong: Client, lan: Client
) -> None:
    for phone in (wei, nong, lan):
        phone.pull()
    world.move(home["home"], V2)
    left = {("household", home["home"]), ("member", home["member"])}
    stayed = {("visit", home["visit"]), ("household", home["neighbour"]), ("visit", home["neighbour_visit"])}
    told = {(r["kind"], r["id"]): r for r in wei.sync()["records"]}
    assert {key: told.get(key) for key in left} == {key: {"kind": key[0], "id": key[1], "left": True} for key in left}
    assert set(wei.copy) == stayed
    assert ids_of(nong) == left
    assert nong.values("member", home["member"])["identity"] == IDENTITY
    assert nong.copy["member", home["member"]]["household"] == home["home"]
    assert ids_of(lan) == left | {("visit", home["visit"])}
    for key in left:
        assert nong.copy[key]["village"] == lan.copy[key]["village"] == V2
    assert lan.copy["visit", home["visit"]]["village"] == V1
    assert ids_of(world.phone("wei")) == stayed
    assert ids_of(world.phone("nong")) == left
    assert_no_secret(lan)


def test_who_holds_both_villages_sees_a_move_and_loses_nothing(world: World, home: dict[str, str]) -> None:
    both, desk = world.cadre("both", HERE, THERE), world.desk()
    both.pull()
    desk.pull()
    world.move(home["home"], V2)
    for phone in (both, desk):
        body = phone.sync()
        assert not any(record.get("left") for record in body["records"])
        assert phone.copy["household", home["home"]]["village"] == V2
        assert len(phone.copy) == 5


def test_conflicts_move_with_the_household(world: World, home: dict[str, str], wei: Client, nong: Client) -> None:
    other = world.cadre("other")
    other.take(other.change("household", home["home"], {"remark": "另"}))
    wei.pull()
    nong.pull()
    (conflict,) = wei.conflicts(home["home"])
    world.move(home["home"], V2)
    assert ("conflict", conflict["id"]) not in ids_of(wei)
    assert ("conflict", conflict["id"]) in ids_of(nong)
    assert nong.copy["conflict", conflict["id"]]["village"] == V2
    assert ("conflict", conflict["id"]) not in ids_of(world.phone("wei"))


def test_an_edit_made_before_the_move_was_known_is_taken_for_thirty_days(
    world: World, home: dict[str, str], wei: Client, nong: Client
) -> None:
    edits = [
        wei.change("household", home["home"], {"hamlet": "那桃"}),
        wei.change("member", home["member"], {"sex": "1"}),
    ]
    world.move(home["home"], V2)
    world.later(days=29)
    body = wei.sync(*edits)
    assert body["refused"] == []
    assert not any(r["kind"] in ("household", "member") and r["id"] in (home["home"], home["member"]) and "values" in r
                   for r in body["records"])  # fmt: skip
    nong.pull()
    assert nong.values("household", home["home"])["hamlet"] == "那桃"
    assert nong.copy["household", home["home"]]["village"] == V2
    world.later(days=2)
    body = wei.sync(wei.change("household", home["home"], {"hamlet": "晚"}))
    assert set(refusals(body).values()) == {"forbidden"}


def test_a_visit_written_before_the_move_was_known_is_not_lost(
    world: World, home: dict[str, str], wei: Client, nong: Client
) -> None:
    """The household lay under its writer's grant within thirty days; the visit is new, its household brings its village."""
    visit = wei.change("visit", new_id(), {"remark": "走访"}, household=home["home"])
    world.move(home["home"], V2)
    assert wei.sync(visit)["refused"] == []
    nong.pull()
    assert nong.values("visit", visit["id"]) == {"remark": "走访"}


def test_a_move_and_back_again_ends_where_it_began(
    world: World, home: dict[str, str], wei: Client, nong: Client
) -> None:
    nong.pull()
    before = dict(wei.copy)
    world.move(home["home"], V2)
    world.move(home["home"], V1)
    assert ids_of(wei) == set(before)
    assert ids_of(nong) == set()
    assert wei.copy["household", home["home"]]["village"] == V1


def test_a_move_between_two_pages_of_a_first_fill_is_told(world: World, wei: Client) -> None:
    homes = sorted(new_id() for _ in range(6))
    wei.take(*(wei.change("household", home, {"head_name": home}) for home in homes))
    world.grant("wei", THERE)
    wei.take(*(wei.change("household", new_id(), {"head_name": "x"}, village=V2) for _ in range(4)))
    leaving, coming = world.cadre("leaving", HERE), world.cadre("coming", THERE)
    for phone in (leaving, coming):
        phone.sync(limit=3)
    world.move(homes[0], V2)
    world.move(homes[5], V2)
    leaving.pull(limit=3)
    coming.pull(limit=3)
    assert leaving.copy == world.phone("leaving").pull()
    assert coming.copy == world.phone("coming").pull()
    assert ("household", homes[0]) in coming.copy
    assert ("household", homes[0]) not in leaving.copy


@on_sqlite
def test_only_the_desk_moves_a_household(world: World, home: dict[str, str], wei: Client) -> None:
    """A change has no way to say it: the envelope's village of a later change is not read."""
    world.grant("wei", THERE)
    wei.take(wei.change("household", home["home"], {"village": V3, "remark": "x"}, village=V3))
    wei.pull()
    assert wei.copy["household", home["home"]]["village"] == V1
