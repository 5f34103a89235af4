"""A server restored from a backup, a phone restored from an old copy of itself: every word comes back under its own stamp.

Twice over: by a client that speaks only JSON (what the server says and takes), and by the real phone (that it does what it must).
"""

from collections.abc import Callable, Iterator
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest

from server import access
from server.upkeep.backup import backup
from server.upkeep.restore import restore
from shared.sync.phone import NeedsEnrolment, TokenRefused
from tests.sync.phones import BEGUN, RealPhone
from tests.sync.world import DAY, MINUTE, TOWN, V1, Client, World, make_stamp, new_id, on_sqlite, refusals, visit_set

State = tuple[dict[Any, Any], dict[Any, Any]]


@pytest.fixture
def vault(world: World, tmp_path: Path) -> "Vault":
    return Vault(world, tmp_path)


class Vault:
    """Takes backups of the township's server and puts them back."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self._names = count(1)

    def backup(self) -> Path:
        file = self.folder / f"{next(self._names)}.zip"
        backup(self.world.service.database, self.world.service.config, file)
        return file

    def restore(self, file: Path) -> str:
        """Put the backup back; returns the new epoch."""
        self.world.later(minutes=1)
        self.world.backend.forget()
        told = restore(self.world.service.database, self.world.service.config, file)
        self.world.backend.forget()  # the server is started anew
        return str(told["epoch"])


def told(world: World) -> State:
    """What every record says and under which stamps, and every conflict (its own stamps are the server's).

    A conflict whose status is `seen` is none: it stood for as long as the write that had seen the loser was not there yet.
    """
    found = world.everything()
    records = {
        key: (r["village"], r["household"], r["values"], r["stamps"])
        for key, r in found.items()
        if key[0] != "conflict"
    }
    conflicts = {
        key[1]: r["values"] for key, r in found.items() if key[0] == "conflict" and r["values"]["status"] != "seen"
    }
    return records, conflicts


# --- what the server says ----------------------------------------------------------------------------------------------


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei")


@pytest.fixture
def nong(world: World) -> Client:
    return world.cadre("nong")


def test_a_restore_begins_a_new_epoch_and_asks_for_older_numbers(world: World, vault: Vault, wei: Client) -> None:
    visit = new_id()
    wei.take(wei.change("visit", visit, visit_set()))
    wei.pull()
    before, file = wei.epoch, vault.backup()
    wei.take(wei.change("visit", visit, {"remark": "later"}, wei.seen("visit", visit, "remark")))
    epoch = vault.restore(file)
    body = wei.send().ok()
    assert body["epoch"] == epoch != before
    assert body["next"] == 2
    assert wei.ask("GET", "/api/v1/health").body["epoch"] == epoch
    assert [r["values"]["remark"] for r in body["records"]] == ["雨后路滑"], "another epoch's cursors begin anew"


def test_a_number_above_what_a_restored_server_wants_is_a_gap_and_applies_nothing(
    world: World, vault: Vault, wei: Client
) -> None:
    file = vault.backup()
    sent = [wei.change("visit", new_id(), visit_set()) for _ in range(3)]
    wei.take(*sent)
    vault.restore(file)
    assert wei.send(wei.change("visit", new_id(), visit_set(), number=4)).error(409)["next"] == 1
    assert world.log() == []
    wei.take(*sent)
    assert wei.send().ok()["next"] == 4
    world.verify()


def test_what_was_sent_before_and_again_after_the_backup_is_the_same_write(
    world: World, vault: Vault, wei: Client
) -> None:
    early, late = (wei.change("visit", new_id(), visit_set()) for _ in range(2))
    wei.take(early)
    file = vault.backup()
    wei.take(late)
    before = told(world)
    vault.restore(file)
    wei.take(early, late)
    assert told(world) == before
    world.verify()


def test_a_phone_the_backup_does_not_know_is_an_unknown_token_and_not_a_revoked_one(
    world: World, vault: Vault, wei: Client
) -> None:
    file = vault.backup()
    second = world.phone("wei")
    access.revoke_device(world.service.database, second.device, world.now)
    second.send().error(401, "revoked")
    vault.restore(file)
    second.send().error(401, "unknown_token")


def test_old_device_ids_are_the_same_persons_and_nobody_elses(
    world: World, vault: Vault, wei: Client, nong: Client
) -> None:
    file = vault.backup()
    second, visit = world.phone("wei"), new_id()
    sent = [second.change("visit", visit, {"remark": "一"}), second.change("visit", visit, {"summary": "二"})]
    second.take(*sent)
    before = told(world)
    vault.restore(file)
    third = world.phone("wei")
    assert third.device != second.device
    for number, change in enumerate(sent, 1):
        third.take({**change, "number": number})
    assert told(world) == before, "numbers from 1, stamps unchanged"
    stolen = make_stamp(world.now, second.device)
    assert refusals(nong.sync(nong.change("visit", visit, {"mode": "home"}, stamp=stolen))) == {1: "invalid"}
    third.number = 3
    third.take(third.change("visit", visit, {"mode": "home"}, stamp=stolen))
    world.verify()


def test_a_base_that_names_the_old_device_is_read(world: World, vault: Vault, wei: Client, nong: Client) -> None:
    """Nong edited what wei's forgotten phone wrote: it comes back before the write it was based on, without a conflict."""
    file = vault.backup()
    second, visit = world.phone("wei"), new_id()
    first = second.change("visit", visit, {"remark": "一"})
    second.take(first)
    nong.pull()
    answer = nong.change("visit", visit, {"remark": "二"}, nong.seen("visit", visit, "remark"))
    nong.take(answer)
    before = told(world)
    vault.restore(file)
    nong.take(answer)
    world.phone("wei").take(first)
    assert told(world) == before
    assert before[1] == {}
    world.verify()


def test_a_restamped_change_may_come_back_under_either_stamp(world: World, vault: Vault, wei: Client) -> None:
    wei.lead = 2 * DAY
    file, one, two = vault.backup(), new_id(), new_id()
    sent = [wei.change("visit", one, {"remark": "一"}), wei.change("visit", two, {"remark": "二"})]
    renamed = wei.sync(*sent)["restamped"]
    assert renamed.keys() == {"1", "2"}
    vault.restore(file)
    again = wei.sync({**sent[0], "stamp": renamed["1"]}, sent[1])
    assert again["refused"] == []
    assert "1" not in again["restamped"], "it is the township's own stamp"
    assert "2" in again["restamped"]
    wei.pull()
    assert wei.copy["visit", one]["stamps"]["remark"] == renamed["1"]
    assert (wei.values("visit", one), wei.values("visit", two)) == ({"remark": "一"}, {"remark": "二"})
    world.verify()


def test_a_desks_decision_from_a_phone_comes_back_after_the_words_it_decided(
    world: World, vault: Vault, wei: Client, nong: Client
) -> None:
    desk, home, file = world.desk(), new_id(), vault.backup()
    words = {
        wei: wei.change("household", home, {"categories": ["poor"]}),
        nong: nong.change("household", home, {"categories": ["key"]}),
    }
    for phone, change in words.items():
        phone.take(change)
    desk.pull()
    (conflict,) = desk.conflicts(home)
    decision = desk.change("conflict", conflict["id"], {"decision": "losing"})
    desk.take(decision)
    desk.pull()
    decided = desk.values("household", home)
    vault.restore(file)
    for phone, change in words.items():
        phone.take(change)
    desk.copy.clear()
    desk.take(decision)
    desk.pull()
    assert desk.values("household", home) == decided
    assert [c["values"]["status"] for c in desk.conflicts(home)] == ["decided"]
    world.verify()


# --- what the real phone does ------------------------------------------------------------------------------------------


@pytest.fixture
def address(world: World) -> Iterator[tuple[str, int]]:
    with world.http() as address:
        yield address


@pytest.fixture
def pocket(world: World, address: tuple[str, int], tmp_path: Path) -> Iterator[Callable[..., RealPhone]]:
    """Makes real phones of people who are there already or come now."""
    made: list[RealPhone] = []

    def phone(name: str, lead: int = 0) -> RealPhone:
        made.append(RealPhone(world, address, tmp_path / f"phone-{len(made)}", lead).enrol(name))
        return made[-1]

    yield phone
    for one in made:
        one.close()


ORDERS = list(permutations(range(3)))


@pytest.mark.parametrize(
    ("world", "order"),
    [
        *(("sqlite", order) for order in ORDERS),
        pytest.param("postgres", ORDERS[0], marks=pytest.mark.postgres),
        pytest.param("postgres", ORDERS[-1], marks=pytest.mark.postgres),
    ],
    indirect=["world"],
)
def test_every_change_any_phone_wrote_is_back_whoever_syncs_first(
    world: World, vault: Vault, pocket: Callable[..., RealPhone], order: tuple[int, ...]
) -> None:
    for name in ("wei", "nong", "lu"):
        world.person(name, f"village:{V1}")
    wei, nong = pocket("wei"), pocket("nong", 2 * DAY)  # nong's clock is two days ahead
    home, member, visit, own = (new_id() for _ in range(4))
    wei.write("household", home, head_name="韦光荣", categories=["key"], remark="旧")
    wei.sync()
    nong.sync()
    file = vault.backup()

    lu = pocket("lu")  # enrolled after the backup
    lu.sync()
    wei.write("household", home, remark="漏雨", categories=["poor"])
    nong.write("household", home, remark="不漏", categories=["disabled"])
    lu.write("household", home, phone="13800000000", needs=["job"])
    lu.write("member", member, household=home, name="韦小明")
    lu.write("visit", own, remark="自己的", newer={"deep": [1, None]})
    wei.write("visit", visit, household=home, started_at="2018-09-03T10:15:00+08:00", participants=["韦"])
    for phone in (wei, lu, nong, wei):
        phone.sync()
    nong.write("household", home, remark="修好了", needs=["job", "road"])
    nong.write("visit", visit, started_at="2018-09-03T10:20:00+08:00", participants=["农"])
    nong.sync()
    lu.write("household", home, removed=True)  # has not seen nong's last words
    lu.sync()
    before = told(world)
    assert {c["field"] for c in before[1].values()} >= {"remark", "categories", "started_at", "removed"}
    old_epoch, old_device = world.service.epoch(), lu.device
    lines = {phone.folder: [(w.kind, w.id, w.stamp, w.set, w.base) for w in phone.lines()] for phone in (wei, nong, lu)}

    assert vault.restore(file) != old_epoch
    kept = lu.lines()
    for place in order:
        phone = (wei, nong, lu)[place]
        phone.world.later(minutes=1)
        if phone is not lu:
            phone.sync()
            continue
        with pytest.raises(TokenRefused):
            lu.sync()
        assert len(lu.lines()) == len(kept), "the phone deletes nothing"
        lu.enrol("lu").sync()
        assert lu.device != old_device
        assert [w.number for w in lu.lines()] == list(range(1, len(kept) + 1))
    for phone in (wei, nong, lu):
        assert [(w.kind, w.id, w.stamp, w.set, w.base) for w in phone.lines()] == lines[phone.folder]
        assert phone.store.unsent() == []
        assert phone.notebook.mends() == []
    after = told(world)
    assert after[0] == before[0], "same values, same stamps"
    assert after[1] == before[1], "same conflicts"
    for phone in (wei, nong, lu):
        phone.sync()
        for (kind, id_), (_, _, values, stamps) in before[0].items():
            shown = phone.notebook.get(kind, id_)
            assert (shown.record.values, shown.record.stamps, shown.stale) == (values, stamps, False)
    world.verify()


def test_words_unsent_at_the_restore_follow_those_sent_before(
    world: World, vault: Vault, pocket: Callable[..., RealPhone]
) -> None:
    world.person("wei", f"village:{V1}")
    wei, visit, file = pocket("wei"), new_id(), vault.backup()
    wei = pocket("wei")
    wei.write("visit", visit, remark="一")
    wei.sync()
    wei.write("visit", visit, remark="二", summary="三")
    vault.restore(file)
    with pytest.raises(TokenRefused):
        wei.sync()
    wei.write("visit", visit, remark="四")
    assert wei.values("visit", visit) == {"remark": "四", "summary": "三"}
    wei.enrol("wei").sync()
    assert told(world)[0]["visit", visit][2] == {"remark": "四", "summary": "三"} | BEGUN
    assert told(world)[1] == {}
    world.verify()


@on_sqlite
def test_a_phone_that_no_longer_keeps_what_is_asked_for_enrols_again_and_sends_all_it_keeps(
    world: World, vault: Vault, pocket: Callable[..., RealPhone]
) -> None:
    world.person("wei", f"village:{V1}")
    wei, file, old, new = pocket("wei"), vault.backup(), new_id(), new_id()
    wei.write("visit", old, remark="old")
    wei.sync()
    world.later(days=29)
    wei.write("visit", new, remark="kept")
    wei.sync()
    world.later(days=2)
    wei.sync()
    assert [w.id for w in wei.lines()] == [new], "acknowledged changes are kept thirty days"
    wei.write("visit", new, summary="unsent")
    vault.restore(file)
    with pytest.raises(NeedsEnrolment):
        wei.sync()
    assert [w.id for w in wei.lines()] == [new, new]
    wei.enrol("wei").sync()
    assert [w.number for w in wei.lines()] == [1, 2]
    assert told(world)[0]["visit", new][2] == {"remark": "kept", "summary": "unsent"} | BEGUN
    assert wei.values("visit", old) == {"remark": "old"}, "the phone still shows what nobody else holds"
    world.verify()


@on_sqlite
def test_acknowledged_changes_are_kept_for_thirty_days(
    world: World, vault: Vault, pocket: Callable[..., RealPhone]
) -> None:
    world.person("wei", f"village:{V1}")
    wei, file, visit = pocket("wei"), vault.backup(), new_id()
    wei.write("visit", visit, remark="一")
    wei.sync()
    world.later(days=29)
    wei.sync()
    vault.restore(file)
    wei.sync()
    assert told(world)[0]["visit", visit][2] == {"remark": "一"} | BEGUN


@on_sqlite
def test_a_decision_whose_words_are_not_back_yet_waits_in_the_desks_to_mend_list(
    world: World, vault: Vault, pocket: Callable[..., RealPhone]
) -> None:
    world.person("wei", f"village:{V1}")
    world.person("nong", f"village:{V1}")
    world.person("zhang", f"township:{TOWN}", role="desk")
    wei, nong, zhang, file, home = pocket("wei"), pocket("nong"), pocket("zhang"), vault.backup(), new_id()
    for phone, word in ((wei, "poor"), (nong, "key")):
        phone.write("household", home, categories=[word])
    for phone in (wei, nong, zhang):
        phone.sync()
    (conflict,) = zhang.notebook.conflicts(everyone=True)
    zhang.write("conflict", conflict.shown.record.id, decision="losing")
    zhang.sync()
    assert zhang.notebook.mends() == []
    vault.restore(file)
    for phone in (zhang, wei, nong, zhang):
        phone.sync()
    (mend,) = zhang.notebook.mends()
    assert (mend.code, mend.set) == ("forbidden", {"decision": "losing"})
    zhang.notebook.retry_mend(mend.number, {})
    zhang.sync()
    assert zhang.values("household", home)["categories"] == ["poor"]
    assert zhang.notebook.mends() == []
    world.verify()


# --- a phone restored from an old copy of itself ---------------------------------------------------------------------------


def test_a_phone_restored_from_an_old_copy_of_itself_loses_nothing(
    world: World, pocket: Callable[..., RealPhone], tmp_path: Path
) -> None:
    world.person("wei", f"village:{V1}")
    wei, visit = pocket("wei"), new_id()
    ids = [new_id() for _ in range(4)]
    wei.write("visit", visit, remark="一")
    wei.sync()
    wei.write("visit", ids[0], remark="unsent in the copy, sent by the lost phone")
    wei.copy_to(tmp_path / "copy")
    wei.write("visit", ids[1], remark="only on the lost phone")
    wei.write("visit", visit, remark="二")
    wei.sync()
    wei.become(tmp_path / "copy")
    world.later(minutes=5)
    wei.write("visit", ids[2], remark="written after the return")
    wei.write("visit", visit, summary="三")
    wei.write("visit", ids[3], remark="and one more")
    summary = wei.sync()
    assert summary.waiting == 0
    records, conflicts = told(world)
    assert records["visit", visit][2] == {"remark": "二", "summary": "三"} | BEGUN
    assert [records["visit", id_][2]["remark"] for id_ in ids] == [
        "unsent in the copy, sent by the lost phone",
        "only on the lost phone",
        "written after the return",
        "and one more",
    ]
    assert conflicts == {}
    for key, (_, _, values, _) in records.items():
        assert wei.values(*key) | BEGUN == values | BEGUN
    assert wei.notebook.mends() == []
    world.verify()


@on_sqlite
@pytest.mark.parametrize("lost", range(4))
@pytest.mark.parametrize("after", range(1, 4))
def test_an_old_copy_renumbers_however_far_behind_it_is(
    world: World, pocket: Callable[..., RealPhone], tmp_path: Path, lost: int, after: int
) -> None:
    """`lost` changes were sent by the phone after the copy was taken; `after` are written by the copy."""
    world.person("wei", f"village:{V1}")
    wei, ids = pocket("wei"), [new_id() for _ in range(lost + after)]
    wei.copy_to(tmp_path / "copy")
    for id_ in ids[:lost]:
        wei.write("visit", id_, remark=id_)
    wei.sync()
    wei.become(tmp_path / "copy")
    world.later(minutes=1)
    for id_ in ids[lost:]:
        wei.write("visit", id_, remark=id_)
    wei.sync()
    wei.sync()
    assert {id_: values["remark"] for (_, id_), (_, _, values, _) in told(world)[0].items()} == {i: i for i in ids}
    assert world.sql("SELECT count(*) FROM changes WHERE refusal IS NOT NULL") == [(0,)]
    assert {id_: wei.values("visit", id_)["remark"] for id_ in ids} == {i: i for i in ids}
    world.verify()


@on_sqlite
def test_an_old_copy_that_contradicts_what_the_phone_wrote_since_has_no_conflict_with_itself(
    world: World, pocket: Callable[..., RealPhone], tmp_path: Path
) -> None:
    world.person("wei", f"village:{V1}")
    wei, visit = pocket("wei"), new_id()
    wei.write("visit", visit, remark="一")
    wei.sync()
    wei.copy_to(tmp_path / "copy")
    wei.write("visit", visit, remark="lost phone's")
    wei.sync()
    wei.become(tmp_path / "copy")
    world.later(minutes=1)
    wei.write("visit", visit, remark="copy's")
    wei.sync()
    records, conflicts = told(world)
    assert records["visit", visit][2] == {"remark": "copy's"} | BEGUN
    assert conflicts == {}, "one writer's own line"
    history = world.sql("SELECT written FROM changes WHERE record = :id ORDER BY seq", id=visit)
    assert "lost phone's" in history[1][0]
    world.verify()


@on_sqlite
def test_server_and_phone_both_restored_from_old_copies_come_together(
    world: World, vault: Vault, pocket: Callable[..., RealPhone], tmp_path: Path
) -> None:
    world.person("wei", f"village:{V1}")
    wei, ids = pocket("wei"), [new_id() for _ in range(5)]
    wei.write("visit", ids[0], remark=ids[0])
    wei.sync()
    file = vault.backup()
    wei.write("visit", ids[1], remark=ids[1])
    wei.sync()
    wei.copy_to(tmp_path / "copy")
    for id_ in ids[2:4]:
        wei.write("visit", id_, remark=id_)
    wei.sync()
    vault.restore(file)
    wei.become(tmp_path / "copy")
    wei.write("visit", ids[4], remark=ids[4])
    wei.sync()
    found = {id_ for _, id_ in told(world)[0]}
    assert found == {ids[0], ids[1], ids[4]}, "all but what no longer stands on any phone"
    world.verify()


@on_sqlite
def test_a_refused_change_is_told_once_again_by_a_restored_server_and_mended_once(
    world: World, vault: Vault, pocket: Callable[..., RealPhone]
) -> None:
    world.person("wei", f"village:{V1}")
    wei, visit, file = pocket("wei"), new_id(), vault.backup()
    wei.write("visit", visit, remark="一")
    written = wei.write("policy", new_id(), name="not a cadre's to write", version="1")
    wei.sync()
    assert [m.stamp for m in wei.notebook.mends()] == [written.stamp]
    vault.restore(file)
    wei.sync()
    assert [m.stamp for m in wei.notebook.mends()] == [written.stamp]
    assert told(world)[0]["visit", visit][2] == {"remark": "一"} | BEGUN
    assert world.sql("SELECT count(*) FROM changes WHERE refusal IS NOT NULL") == [(1,)]
    assert world.sql("SELECT township FROM changes GROUP BY township") == [(TOWN,)]
    world.verify()


@on_sqlite
def test_a_clock_fast_before_the_restore_keeps_the_servers_stamps(
    world: World, vault: Vault, pocket: Callable[..., RealPhone]
) -> None:
    world.person("wei", f"village:{V1}")
    wei, visit, file = pocket("wei", 90 * MINUTE), new_id(), vault.backup()
    wei.write("visit", visit, remark="一")
    wei.write("visit", visit, remark="二")
    assert wei.sync().restamped == 2
    before = told(world)
    vault.restore(file)
    assert wei.sync().restamped == 0
    assert told(world) == before
    assert before[1] == {}
    world.verify()
