"""The audit trail: rows that hold together, and `ruhu verify` finds whatever was done to them."""

import pytest

from server import access, audit
from server.service import now_ms
from server.store import TownshipStore
from server.upkeep.verify import verify
from tests.console.browser import ADMIN, DESK, LEADER, TOWN, VILLAGE, Office


@pytest.fixture
def trail(office: Office) -> Office:
    for grant in (f"village:{VILLAGE}", f"township:{TOWN}"):
        access.grant(office.database, "覃党员", grant, now_ms())
        access.ungrant(office.database, "覃党员", grant, now_ms())
    return office


def broken(office: Office, *statements: str) -> list[str]:
    with office.database.transaction() as connection:
        store = TownshipStore(office.database, connection, TOWN)
        for statement in statements:
            store.sql(statement)
    (check,) = [check for check in verify(office.database)["checks"] if check["name"] == "audit"]
    return list(check["problems"])


def test_a_trail_that_nobody_touched_holds(trail: Office) -> None:
    assert broken(trail) == []
    assert len(trail.trail()) >= 8


@pytest.mark.parametrize(
    "done",
    [
        ["UPDATE audit SET \"by\" = '别人' WHERE township = '451422103' AND seq = 3"],
        ["UPDATE audit SET details = NULL WHERE township = '451422103' AND seq = 3"],
        ["UPDATE audit SET at = at + 1 WHERE township = '451422103' AND seq = 1"],
        ["DELETE FROM audit WHERE township = '451422103' AND seq = 4"],
        ["DELETE FROM audit WHERE township = '451422103' AND seq = 1"],
        ["DELETE FROM audit WHERE township = '451422103' AND seq = (SELECT seq FROM audit_head WHERE township = '451422103')"],
        [f"UPDATE audit SET seq = {a} WHERE township = '451422103' AND seq = {b}" for a, b in ((-1, 2), (2, 3), (3, -1))],
        ["UPDATE audit SET township = '451422101', seq = 99 WHERE township = '451422103' AND seq = 2"],
        ["DELETE FROM audit WHERE township = '451422103'"],
        ["UPDATE audit_head SET hash = 'x' WHERE township = '451422103'"],
    ],
    ids=["edited", "emptied", "first edited", "removed", "first removed", "last removed", "reordered", "moved", "all removed", "head"],
)  # fmt: skip
def test_verify_finds_a_row_that_was(trail: Office, done: list[str]) -> None:
    assert broken(trail, *done)


def test_a_whole_new_chain_without_the_key_is_found(trail: Office) -> None:
    with trail.database.transaction() as connection:
        store = TownshipStore(trail.database, connection, TOWN)
        rows = list(audit._rows(store))
        before = ""
        for row in rows:
            before = audit.link(b"another key", TOWN, before, tuple(row[:-1]))
            store.sql("UPDATE audit SET hash = ? WHERE township = ? AND seq = ?", before, TOWN, row[0])
        store.sql("UPDATE audit_head SET hash = ? WHERE township = ?", before, TOWN)
    assert broken(trail)


def test_the_page_finds_rows_by_person_action_and_day(trail: Office) -> None:
    page = trail.browser(DESK).page(f"/t/{TOWN}/audit?action=ungrant")
    assert page.count("收回授权</td>") == 2
    assert "授权</td>" not in page.replace("收回授权</td>", "")
    assert "没有符合条件的操作" in trail.browser(DESK).page(f"/t/{TOWN}/audit?by=nobody")
    assert "筛选条件写法不对" in trail.browser(DESK).page(f"/t/{TOWN}/audit?from=yesterday")


def test_who_may_not_read_the_trail_is_told_so(trail: Office) -> None:
    assert trail.browser(LEADER).get(f"/t/{TOWN}/audit").status_code == 403


def test_an_administrator_reads_what_concerns_the_whole_server_and_nobody_else_does(trail: Office) -> None:
    assert "添加人员" in trail.browser(ADMIN).page("/audit")
    assert trail.browser(DESK).get("/audit").status_code == 403


def test_a_phone_that_enrols_stands_in_the_trail(trail: Office) -> None:
    access.grant(trail.database, "覃党员", f"village:{VILLAGE}", now_ms())
    code = access.make_code(trail.database, "覃党员", TOWN, now_ms())
    made = access.enrol(trail.database, code, {"name": "x", "platform": "y", "app": "z"}, now_ms())
    (row,) = [act for act in trail.trail() if act.action == "enrol"]
    assert (row.by, row.record, row.via) == ("覃党员", made.device, "phone")
