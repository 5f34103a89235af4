"""Verify: quiet about a township with a past, and naming each promise that somebody broke by hand."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from server.service import now_ms
from server.upkeep.verify import CHECKS, verify
from server.upkeep.verify_records import MOST
from shared.sync.conflicts import conflict_id
from tests.photos.album import hang, service_of
from tests.server.backup_town import OTHER_VILLAGE, TOWNSHIP, VILLAGE, Past, Town, write_a_past

pytest_plugins = ["tests.server.backup_fixtures"]

OPEN = "(SELECT id FROM kind_conflict WHERE status IN ('quiet', 'open') ORDER BY field LIMIT 1)"
DESK = f"desk-{TOWNSHIP}"


def problems(town: Town) -> dict[str, list[str]]:
    """The checks that failed, with what they say."""
    return {check["name"]: check["problems"] for check in verify(town.database)["checks"] if not check["ok"]}


def test_a_township_with_a_past_keeps_every_promise(backed_town: Town) -> None:
    write_a_past(backed_town)
    hang(backed_town, "a photo", 1000)
    told = verify(backed_town.database, photos=service_of(backed_town).photos)
    assert told["ok"], told
    assert {check["name"] for check in told["checks"]} == set(CHECKS)
    assert all(check["checked"] for check in told["checks"])
    json.dumps(told)


def test_an_empty_server_keeps_every_promise(backed_town: Town) -> None:
    assert verify(backed_town.database)["ok"]


def test_it_says_how_far_it_is(backed_town: Town) -> None:
    write_a_past(backed_town)
    seen: list[tuple[str, int, int]] = []
    verify(backed_town.database, lambda *step: seen.append(step))
    assert {(town, total) for town, _, total in seen} == {(TOWNSHIP, seen[-1][1])}
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


# What somebody breaks by hand: the check that must see it, what its problem must name, and the statements.
BROKEN: dict[str, tuple[str, str, list[str]]] = {
    "a log row is deleted": ("log_positions", "2 之后是 4", ["DELETE FROM changes WHERE seq = 3"]),
    "the counter runs ahead": ("log_positions", "计数为 1000", ["UPDATE township_counter SET seq = 1000"]),
    "a number is shifted": ("device_numbers", "1 之后是 10", [
        "UPDATE changes SET number = number + 8 WHERE device = '{wei}' AND number >= 2",
        "UPDATE device SET next_number = next_number + 8 WHERE id = '{wei}'",
    ]),
    "the next number is wound back": ("device_numbers", "{wei}", ["UPDATE device SET next_number = 2 WHERE id = '{wei}'"]),
    "a device is forgotten": ("device_numbers", "{wei}", ["DELETE FROM device WHERE id = '{wei}'"]),
    "a value is changed": ("log_and_tables", "{visit} summary", ["UPDATE kind_visit SET summary = '别的'"]),
    "a value is cleared": ("log_and_tables", "{visit} summary", ["UPDATE kind_visit SET summary = NULL"]),
    "a value is changed in the log": ("log_and_tables", "{visit} summary", [
        "UPDATE changes SET written = '{{\"summary\":\"x\"}}' WHERE record = '{visit}' AND written LIKE '%summary%'"
    ]),
    "a field of a newer app is lost": ("log_and_tables", "{visit} zzz", ["UPDATE kind_visit SET extra = NULL"]),
    "a stamp is changed": ("log_and_tables", "{member} name", ["UPDATE kind_member SET stamp = '000000000001-0000-x'"]),
    "the tangled flag is dropped": ("log_and_tables", "{household} tangled", ["UPDATE kind_household SET tangled = 0"]),
    "a record is deleted": ("log_and_tables", "{member}", ["DELETE FROM kind_member"]),
    "a record has no log": ("log_and_tables", "{member}", ["UPDATE changes SET record = 'x' WHERE record = '{member}'"]),
    "a row cannot be read": ("log_and_tables", "{visit}", ["UPDATE kind_visit SET later = '{{'"]),
    "a log row cannot be read": ("log_and_tables", "{visit}", ["UPDATE changes SET base = '{{' WHERE record = '{visit}'"]),
    "a log row holds nonsense": ("log_and_tables", "{visit}", ["UPDATE changes SET written = '5' WHERE record = '{visit}'"]),
    "a conflict is deleted": ("overwritten_unseen", "remark", ["DELETE FROM kind_conflict WHERE field = 'remark'"]),
    "a conflict tells another standing value": ("overwritten_unseen", "remark", [
        "UPDATE kind_conflict SET standing = '\"x\"' WHERE field = 'remark'"
    ]),
    "a conflict tells another losing value": ("overwritten_unseen", "remark", [
        "UPDATE kind_conflict SET losing = '\"x\"' WHERE field = 'remark'"
    ]),
    "a conflict is closed by hand": ("overwritten_unseen", "remark", [
        "UPDATE kind_conflict SET status = 'seen' WHERE field = 'remark'"
    ]),
    "a decision is not in the log": ("conflicts", "started_at", [
        "UPDATE kind_conflict SET status = 'decided' WHERE field = 'started_at'"
    ]),
    "a settled conflict is opened by hand": ("conflicts", "categories", [
        "UPDATE kind_conflict SET status = 'open' WHERE field = 'categories'"
    ]),
    "a conflict is listed twice": ("conflicts", "twin", [
        "CREATE TEMPORARY TABLE twin AS SELECT * FROM kind_conflict WHERE field = 'remark'",
        "UPDATE twin SET id = 'twin'", "INSERT INTO kind_conflict SELECT * FROM twin", "DROP TABLE twin",
    ]),
    "a conflict is about nothing": ("conflicts", "不存在", ["DELETE FROM kind_visit"]),
    "a record is moved by hand": ("places", "{member}", ["UPDATE kind_member SET village = '" + VILLAGE + "'"]),
    "a record lies in no village": ("places", "{member}", ["UPDATE kind_member SET village = '999999999999'"]),
    "a record lies with another household": ("places", "{visit}", ["UPDATE kind_visit SET household = '{visit}'"]),
    "a household's conflict stays behind": ("places", "{household}", ["UPDATE kind_conflict SET village = '" + VILLAGE + "'"]),
    "a taken change is in no feed": ("places", "日志 2 ", ["UPDATE changes SET village = NULL WHERE seq = 2"]),
    "a stamp is far ahead": ("stamps", "日志 2 ", ["UPDATE changes SET at = at - 400000 WHERE seq = 2"]),
    "a stamp is malformed": ("stamps", "日志 2 ", ["UPDATE changes SET stamp = 'now' WHERE seq = 2"]),
    "a stamp names two writes": ("stamps", "{household}", [
        "UPDATE changes SET stamp = (SELECT stamp FROM changes WHERE seq = 1) WHERE seq = 4"
    ]),
    "a device's newest stamp is forgotten": ("stamps", "{wei}", ["UPDATE device SET newest_stamp = NULL"]),
    "the township's clock goes back": ("stamps", "乡镇时钟", [
        "UPDATE township_counter SET last_stamp = '000000000001-0000-" + DESK + "'"
    ]),
    "a phone belongs to nobody": ("devices_and_grants", "{wei}", ["UPDATE device SET person = 'x' WHERE id = '{wei}'"]),
    "a grant ends before it begins": ("devices_and_grants", "早于", ["UPDATE access_grant SET until = since - 1"]),
    "a grant belongs to nobody": ("devices_and_grants", "township:", [
        "UPDATE access_grant SET person = 'x' WHERE scope LIKE 'township:%'"
    ]),
    "a grant lies nowhere": ("devices_and_grants", "village:999999999999", [
        "UPDATE access_grant SET scope = 'village:999999999999' WHERE scope LIKE 'township:%'"
    ]),
    "a row belongs to no township": ("townships", "999999999", ["UPDATE kind_member SET township = '999999999'"]),
    "a log has no counter": ("townships", TOWNSHIP, ["DELETE FROM township_counter"]),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_it_names_what_was_broken(backed_town: Town, what: str) -> None:
    past = write_a_past(backed_town)
    check, named, statements = BROKEN[what]
    names = {"wei": past.wei.device, "household": past.household, "member": past.member, "visit": past.visit}
    with backed_town.database.transaction() as connection:
        for statement in statements:
            connection.exec_driver_sql(
                statement.format(**names).replace("%", "%%" if connection.dialect.name != "sqlite" else "%")
            )
    found = problems(backed_town)
    assert any(named.format(**names) in text for text in found.get(check, [])), found


def test_no_problem_repeats_what_anybody_wrote(backed_town: Town) -> None:
    past = write_a_past(backed_town)
    secret = "韦光荣不愿别人看到"
    for table in ("kind_household", "kind_member", "kind_visit"):
        backed_town.sql(f"UPDATE {table} SET later = ?, removed = TRUE", f'{{"removed":"{secret}')
    backed_town.sql("UPDATE changes SET written = ? WHERE record = ?", f'{{"a":"{secret}', past.visit)
    backed_town.sql("UPDATE kind_conflict SET losing = ?, standing = ?", f'"{secret}"', f'"{secret}"')
    assert secret not in json.dumps(verify(backed_town.database), ensure_ascii=False)


def test_it_names_only_so_many_and_counts_the_rest(backed_town: Town) -> None:
    phone = backed_town.phone("wei")
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(MOST + 20)]
    phone.sync(*(phone.change("visit", id_, {"summary": "好"}) for id_ in ids))
    backed_town.sql("UPDATE kind_visit SET summary = '坏'")
    (texts,) = problems(backed_town).values()
    assert len(texts) == MOST + 1
    assert "另有 20 处" in texts[-1]


# --- what looks odd and is in order --------------------------------------------------------------------------------


def remark_conflict(town: Town, past: Past) -> str:
    ((stamp,),) = town.sql("SELECT losing_stamp FROM kind_conflict WHERE field = 'remark'")
    return conflict_id("household", past.household, "remark", stamp)


def reopen(town: Town, past: Past) -> None:
    """A writer asks for another look at a decided conflict."""
    clerk = town.phone("zhang")
    conflict = remark_conflict(town, past)
    clerk.sync(clerk.change("conflict", conflict, {"decision": "losing"}))
    assert town.sql("SELECT status FROM kind_conflict WHERE field = 'remark'") == [("decided",)]
    past.wei.sync(past.wei.change("conflict", conflict, {"status": "open"}))
    assert town.sql("SELECT status FROM kind_conflict WHERE field = 'remark'") == [("open",)]


def remove(town: Town, past: Past) -> None:
    """A record is removed by someone who had not seen another's word."""
    past.nong.sync(past.nong.change("visit", past.visit, {"removed": True}))
    assert town.sql("SELECT count(*) FROM kind_conflict WHERE field = 'removed'")[0][0]


def arrive_early(town: Town, past: Past) -> None:
    """A change whose base has not arrived yet, as after a restore."""
    base = f"{now_ms() - 5000:012x}-0000-{past.wei.device}"
    past.wei.sync(past.wei.change("visit", past.visit, {"money_views": "x"}, base={"money_views": base}))


def come_back(town: Town, past: Past) -> None:
    """A household moves away and back."""
    past.wei.sync(past.wei.change("member", past.member, {"name": "甲"}))
    town.gate(lambda gate: gate.move(town.desk(), past.household, VILLAGE))
    past.nong.sync(past.nong.change("member", past.member, {"name": "乙"}))
    town.gate(lambda gate: gate.move(town.desk(), past.household, OTHER_VILLAGE))


def run_fast(town: Town, past: Past) -> None:
    """A phone whose clock is a day ahead is re-stamped."""
    stamp = f"{now_ms() + 86_400_000:012x}-0000-{past.wei.device}"
    reply = past.wei.sync(past.wei.change("visit", past.visit, {"remark": "快"}, stamp=stamp))
    assert reply["restamped"]


def share(town: Town, past: Past) -> None:
    """A campaign that the whole township shares lies in no village."""
    clerk = town.phone("zhang")
    clerk.sync(clerk.change("campaign", "00000000-0000-4000-8000-000000000001", {"name": "大走访"}, village=None))


@pytest.mark.parametrize("happening", [reopen, remove, arrive_early, come_back, run_fast, share])
def test_it_is_quiet_about(backed_town: Town, happening: Callable[[Town, Past], Any]) -> None:
    past = write_a_past(backed_town)
    happening(backed_town, past)
    assert problems(backed_town) == {}


def test_every_check_says_in_both_languages_what_it_promises() -> None:
    assert all(re.search(r"[一-鿿].* / [a-z]", says) for says in CHECKS.values())
