"""How every problem stands, in memory: always what a fold of the whole ledger says, and only what was touched is folded again."""

from random import Random
from typing import Any

import pytest

import server.reading.standings
from server.acts.policies import use_policy
from server.reading.standings import Ledger, ledger_of
from server.reports.book import read_book
from server.service import now_ms
from shared.moments import end_of
from shared.rules.due import standings_of
from shared.rules.standing import Standing
from tests.console.browser import SECOND_VILLAGE, TOWN, VILLAGE, Office
from tests.console.problems import by_phone, problem, step, today, walk


def kept(office: Office) -> Ledger:
    with office.database.read(TOWN) as store:
        return ledger_of(office.database, store)


def anew(office: Office) -> dict[str, Standing]:
    with office.database.read(TOWN) as store:
        return standings_of(read_book(store, ["problem", "problem_step"]))


@pytest.mark.parametrize("seed", range(4))
def test_after_any_writes_the_ledger_in_memory_is_what_a_fold_of_everything_says(office: Office, seed: int) -> None:
    chance = Random(seed)
    ids = [problem(office, village) for village in (VILLAGE, SECOND_VILLAGE, VILLAGE)]
    steps: list[str] = []
    kept(office)
    for _ in range(25):
        match chance.choice(["step", "step", "step", "step", "new", "describe", "remove"]):
            case "new":
                ids.append(problem(office))
            case "describe":
                office.write("problem", {"tier": chance.choice(["county", "township"])}, id=chance.choice(ids))
            case "remove" if steps:
                office.write("problem_step", {"removed": True}, id=chance.choice(steps))
            case _:
                said = {
                    "due_date": today(5),
                    "unit": "村委会",
                    "person": "黄支书",
                    "proof_note": "好了",
                    "reason": "因故",
                }
                name = chance.choice(
                    ["reported", "accepted", "assigned", "started", "fixed", "verified", "rejected", "reopened"]
                )
                steps.append(step(office, chance.choice(ids), name, chance.choice("甲乙"), "township", **said))
        assert kept(office).standings == anew(office)


def test_a_step_folds_its_own_problem_again_and_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [walk(office, problem(office), "accepted") for _ in range(3)]
    kept(office)
    folded: list[str] = []
    real = server.reading.standings.stand

    def watch(entry: Any, *more: Any) -> Standing:
        folded.append(entry.id)
        return real(entry, *more)

    monkeypatch.setattr(server.reading.standings, "stand", watch)
    kept(office)
    assert folded == []
    step(office, ids[1], "rejected", "唐桌员", "township", reason="不属于台账")
    assert kept(office).problems[ids[1]].standing.state == "rejected"
    assert folded == [ids[1]]


def test_what_somebody_reads_is_not_changed_under_his_hands(office: Office) -> None:
    id_ = walk(office, problem(office), "reported")
    before = kept(office)
    step(office, id_, "accepted", "唐桌员", "township")
    assert kept(office).problems[id_].standing.state == "accepted"
    assert before.problems[id_].standing.state == "reported"
    assert len(before.steps[id_]) == 1


def test_a_problem_that_was_removed_stands_nowhere_and_comes_back_when_that_is_undone(office: Office) -> None:
    id_ = walk(office, problem(office), "accepted")
    kept(office)
    office.write("problem", {"removed": True}, id=id_)
    assert id_ not in kept(office).problems
    office.write("problem", {"removed": False}, id=id_)
    assert kept(office).problems[id_].standing.state == "accepted"


def test_a_step_that_came_before_its_problem_counts_once_the_problem_is_there(office: Office) -> None:
    id_ = problem(office)
    office.write("problem", {"removed": True}, id=id_)
    kept(office)
    step(office, id_, "reported")
    kept(office)
    office.write("problem", {"removed": False}, id=id_)
    assert kept(office).problems[id_].standing.state == "reported"


def test_a_new_policy_judges_the_problems_that_are_its_own(office: Office) -> None:
    id_ = walk(office, problem(office), "accepted")
    assert kept(office).problems[id_].rules.extensions == 2
    use_policy(
        office.database, TOWN, "five_campaigns_2018", effective_from="2018-01-01",
        settings={"problems.extensions": 5}, version=None, by="测试",
    )  # fmt: skip
    assert kept(office).problems[id_].rules.extensions == 5


@pytest.mark.parametrize("last", ["reported", "assigned", "fixed", "verified", "satisfied"])
def test_overdue_is_what_the_rules_say_to_the_second(office: Office, last: str) -> None:
    one = kept_one(office, walk(office, problem(office), last, today(2)))
    deadline = end_of(today(2))
    for moment in (now_ms(), deadline - 1, deadline, deadline + 1, deadline + 999, deadline + 1000, deadline * 2):
        assert one.overdue(moment) == one.standing.overdue(moment), moment
    assert one.overdue(deadline + 1) == (last in ("assigned", "fixed"))


def test_days_overdue_count_from_the_deadlines_day(office: Office) -> None:
    one = kept_one(office, walk(office, problem(office), "assigned", today(2)))
    assert [one.days_overdue(end_of(today(days))) for days in (1, 2, 3, 5)] == [0, 0, 1, 3]


def test_a_step_of_a_phone_whose_clock_runs_ahead_is_kept_in_its_own_order(office: Office) -> None:
    id_ = walk(office, problem(office), "started")
    by_phone(office, id_, "fixed", 4 * 60_000, proof_note="已换瓦")
    assert kept(office).problems[id_].standing.state == "fixed"


def kept_one(office: Office, id_: str) -> server.reading.standings.Problem:
    return kept(office).problems[id_]
