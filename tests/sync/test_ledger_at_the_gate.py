"""What the gate does for the ledger: the township gives each problem its number, and some words are for some roles only."""

import pytest

from tests.sync.world import TOWN, V1, V2, World, new_id, on_sqlite, refusals

NUMBER = "number_text"


def test_a_problem_is_numbered_by_its_village_and_year_as_it_arrives(world: World) -> None:
    wei, nong = world.cadre("韦敏", f"village:{V1}", f"village:{V2}"), world.cadre("农志", f"village:{V1}")
    ids = [new_id() for _ in range(4)]
    wei.take(*(wei.change("problem", id_, {"description": "漏雨"}) for id_ in ids[:2]))
    nong.take(nong.change("problem", ids[2], {"description": "缺水"}))
    wei.take(wei.change("problem", ids[3], {"description": "路烂"}, village=V2))
    wei.pull()
    assert [wei.values("problem", id_)[NUMBER] for id_ in ids] == [
        "201-2018-0001", "201-2018-0002", "201-2018-0003", "202-2018-0001",
    ]  # fmt: skip
    world.verify()


@on_sqlite
def test_a_number_stays_whatever_is_written_later_and_a_repeat_takes_none(world: World) -> None:
    wei, problem = world.cadre("韦敏"), new_id()
    change = wei.change("problem", problem, {"description": "漏雨"})
    wei.take(change)
    wei.send(change).ok()
    wei.take(wei.change("problem", problem, {"remark": "很急"}))
    world.later(days=400)
    wei.take(wei.change("problem", new_id(), {"description": "缺水"}))
    wei.pull()
    given = sorted(r["values"][NUMBER] for (kind, _), r in wei.copy.items() if kind == "problem")
    assert given == ["201-2018-0001", "201-2019-0001"]
    world.verify()


@on_sqlite
def test_a_problem_brought_in_with_its_old_number_keeps_it_and_a_phone_cannot_change_one(world: World) -> None:
    wei, desk, problem = world.cadre("韦敏"), world.desk(), new_id()
    desk.take(desk.change("problem", problem, {"description": "漏雨", NUMBER: "201-2018-0041"}))
    assert refusals(wei.sync(wei.change("problem", problem, {NUMBER: "201-2018-0001"}))) == {1: "forbidden"}
    another = new_id()
    wei.take(wei.change("problem", another, {"description": "缺水"}))
    wei.pull()
    assert [wei.values("problem", id_)[NUMBER] for id_ in (problem, another)] == ["201-2018-0041", "201-2018-0042"]
    world.verify()


@on_sqlite
@pytest.mark.parametrize("review", ["accepted", "declined", None])
def test_only_the_desk_says_whether_a_short_visit_counts(world: World, review: str | None) -> None:
    wei, desk, visit = world.cadre("韦敏"), world.desk(), new_id()
    wei.take(wei.change("visit", visit, {"mode": "home", "short_reason": "户主要出工"}))
    assert refusals(wei.sync(wei.change("visit", visit, {"short_review": review}))) == {2: "forbidden"}
    desk.take(desk.change("visit", visit, {"short_review": review}))


@on_sqlite
@pytest.mark.parametrize(
    ("role", "allowed"),
    [("cadre", {"household", "village"}), ("desk", {"household", "village", "township"}),
     ("county", {"household", "village", "township", "county"})],
)  # fmt: skip
def test_nobody_signs_for_a_tier_above_his_own(world: World, role: str, allowed: set[str]) -> None:
    someone = world.cadre("某人", f"township:{TOWN}", role=role)
    for tier in ("household", "village", "township", "county"):
        step = {"problem": new_id(), "step": "verified", "by_name": "某人", "by_tier": tier}
        refused = refusals(someone.sync(someone.change("problem_step", new_id(), step)))
        assert (not refused) == (tier in allowed), tier
