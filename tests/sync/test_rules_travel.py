"""The rules on real phones against a real server: the policy travels, a problem goes from the door to struck off, and all see the same."""

from collections.abc import Callable

import pytest

from mobile.duties import Duties, StepNotNow
from server.acts.ledger import go_round
from server.acts.policies import use_policy
from tests.sync.phones import RealPhone
from tests.sync.world import DAY, TOWN, V1, World, new_id, on_sqlite

CHECKS = {f"{n}_status": "ok" for n in ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")}


def sit(phone: RealPhone, home: str, minutes: int) -> str:
    begun = phone.notebook.start_visit(home)
    phone.world.later(minutes=minutes)
    phone.notebook.finish_visit(begun.id, CHECKS)
    return begun.id


def test_a_policy_put_in_force_reaches_every_phone_and_judges_what_is_written_from_then_on(
    world: World, pocket: Callable[..., RealPhone]
) -> None:
    world.person("韦敏", f"village:{V1}")
    wei = pocket("韦敏")
    home = wei.write("household", None, head_name="农大山").id
    before = sit(wei, home, 20)
    use_policy(
        world.service.database, TOWN, "five_campaigns_2018", effective_from="2018-01-01",
        settings={"visit.minimum_minutes": 20, "cleanup.pass_mark": 85}, version="宁明2018-2", by="desk",
    )  # fmt: skip
    wei.sync()
    after = sit(wei, home, 20)
    duties = Duties(wei.notebook)
    assert [duties.visit(id_).is_short for id_ in (before, after)] == [True, False]
    assert duties.notebook.policies().on("2018-09-03").cleanup.pass_mark == 85
    assert wei.notebook.get("visit", after).record.values["policy_version"] == "宁明2018-2"
    world.verify()


def test_a_problem_goes_from_the_door_through_three_gates_and_everybody_sees_the_same(
    world: World, pocket: Callable[..., RealPhone]
) -> None:
    for name in ("韦敏", "农志"):
        world.person(name, f"village:{V1}")
    world.person("陈办", f"township:{TOWN}", role="desk")
    wei, nong, desk = (pocket(name) for name in ("韦敏", "农志", "陈办"))
    everybody = (wei, nong, desk)

    def sync() -> None:
        for phone in (*everybody, *everybody):
            phone.sync()

    home = wei.write("household", None, head_name="农大山").id
    problem = wei.write("problem", None, household=home, category="house", found_at="2018-09-03T10:00:00+08:00").id
    Duties(wei.notebook).take_step(problem, "reported", {})
    sync()
    desk_duties = Duties(desk.notebook)
    desk_duties.take_step(problem, "accepted", {})
    with pytest.raises(StepNotNow, match="责任单位"):
        desk_duties.take_step(problem, "assigned", {"unit": "村委会"})
    desk_duties.take_step(problem, "assigned", {"unit": "村委会", "person": "韦敏", "due_date": "2018-09-20"})
    sync()
    assert [due.mine for place in Duties(wei.notebook).due().places for due in place.due] == [True]
    Duties(wei.notebook).take_step(problem, "fixed", {"proof_note": "屋顶修好"})
    sync()
    with pytest.raises(StepNotNow, match="不能由整改人"):
        Duties(wei.notebook).take_step(problem, "verified", {})
    Duties(nong.notebook).take_step(problem, "verified", {})
    sync()
    Duties(desk.notebook).take_step(problem, "satisfied", {"answer": "yes", "method": "phone"})
    sync()
    told = [Duties(phone.notebook).problem(problem) for phone in everybody]
    assert {(one.number, one.standing.state, one.standing.closed_by) for one in told} == {
        ("201-2018-0001", "closed", "household")
    }
    world.verify()


def test_two_phones_without_signal_take_different_steps_and_end_the_same(
    world: World, pocket: Callable[..., RealPhone]
) -> None:
    for name in ("韦敏", "农志"):
        world.person(name, f"village:{V1}")
    wei, nong = pocket("韦敏"), pocket("农志")
    problem = wei.write("problem", None, category="water", found_at="2018-09-03T10:00:00+08:00").id
    Duties(wei.notebook).take_step(problem, "fixed", {"proof_note": "换了水管"})
    for phone in (wei, nong):
        phone.sync()
    Duties(nong.notebook).take_step(problem, "verified", {})
    Duties(wei.notebook).take_step(problem, "gate_failed", {"reason": "又漏了"})
    for phone in (nong, wei, nong, wei):
        phone.sync()
    told = [Duties(phone.notebook).problem(problem).standing for phone in (wei, nong)]
    assert told[0].state == told[1].state
    assert [(t.entry.id, t.why) for t in told[0].steps] == [(t.entry.id, t.why) for t in told[1].steps]
    assert wei.notebook.conflicts(everyone=True) == []


@on_sqlite
def test_a_step_once_written_is_changed_by_nobody_but_the_desk(world: World) -> None:
    wei, nong, desk, step = world.cadre("韦敏"), world.cadre("农志"), world.desk(), new_id()
    values = {"problem": new_id(), "step": "fixed", "by_name": "韦敏", "at": "2018-09-03T10:15:00+08:00"}
    sent = wei.change("problem_step", step, values)
    wei.take(sent)
    told = [
        nong.sync(nong.change("problem_step", step, {"reason": "不对"})),
        nong.sync(nong.change("problem_step", step, {"removed": True})),
        wei.sync(wei.change("problem_step", step, {"step": "verified"})),
        wei.sync(wei.change("problem_step", step, {"removed": True})),
    ]
    assert [one["refused"][0]["code"] for one in told] == ["forbidden"] * 4
    wei.take(wei.change("problem_step", step, {"proof_note": "修好了"}))
    again = wei.sync({**sent, "number": wei.number})
    assert again["refused"] == [], "the same write again, under another number, is no change"
    desk.take(desk.change("problem_step", step, {"removed": True}))
    world.verify()


@on_sqlite
def test_an_overdue_problem_climbs_once_and_its_finder_sees_it(world: World, pocket: Callable[..., RealPhone]) -> None:
    world.person("韦敏", f"village:{V1}")
    desk = world.desk()
    wei = pocket("韦敏")
    problem = wei.write("problem", None, category="infra", found_at="2018-09-03T10:00:00+08:00").id
    Duties(wei.notebook).take_step(problem, "reported", {})
    wei.sync()
    for step, more in (("accepted", {}), ("assigned", {"unit": "村委会", "person": "韦敏", "due_date": "2018-09-10"})):
        values = {"problem": problem, "step": step, "at": "2018-09-03T11:00:00+08:00", "by_name": "desk", **more}
        desk.take(desk.change("problem_step", new_id(), values))
    rounds = [go_round(world.service.database, TOWN, world.now + days * DAY) for days in (13, 14.2, 15, 15)]
    assert [len(done.climbed) for done in rounds] == [0, 0, 1, 0]
    world.later(days=15)
    wei.sync()
    standing = Duties(wei.notebook).problem(problem).standing
    assert (standing.tier, standing.original_due, standing.state) == ("township", "2018-09-10", "assigned")
    world.verify()


def test_the_second_of_two_problems_is_not_called_a_duplicate_of_the_first_that_is_one_of_it(
    world: World, pocket: Callable[..., RealPhone]
) -> None:
    world.person("陈办", f"township:{TOWN}", role="desk")
    desk = pocket("陈办")
    duties, home = Duties(desk.notebook), desk.write("household", None, village=V1, head_name="农大山").id
    one, other = (
        desk.write("problem", None, household=home, category="house", found_at="2018-09-03T10:00:00+08:00").id
        for _ in range(2)
    )
    for problem in (one, other):
        duties.take_step(problem, "reported", {})
    duties.take_step(one, "duplicate", {"duplicate_of": other})
    with pytest.raises(StepNotNow, match="没人办"):
        duties.take_step(other, "duplicate", {"duplicate_of": one})
    assert duties.problem(other).standing.open
