"""Today: what is due, the running visit, and how syncing goes."""

import pytest

from mobile.syncing import Outcome
from shared.sync.converse import Summary
from shared.sync.phone import Offline
from tests.pages.conftest import Stage


def test_the_household_that_must_be_visited_is_listed_with_the_reason(stage: Stage) -> None:
    assert stage.hand.sees("覃秀英")
    assert stage.hand.sees("贫困户：还没有走访")
    assert not stage.hand.sees("黄华大")


def test_once_a_day_the_phone_asks_whether_it_holds_all_it_should(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    session = stage.app.session

    def compare() -> list[str]:
        asked.append(stage.phone.watch.ms)
        return []

    monkeypatch.setattr(session.syncing, "compare", compare)
    for hours in (0, 1, 22, 2, 25):
        stage.phone.watch.ms += hours * 3_600_000
        session._told(Outcome(Summary()))
    assert len(asked) == 3


def test_a_township_that_cannot_be_asked_now_is_asked_after_the_next_sync(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare() -> list[str]:
        raise Offline

    monkeypatch.setattr(stage.app.session.syncing, "compare", compare)
    stage.app.session._told(Outcome(Summary()))
    assert stage.app.session.state.error is None
    assert stage.phone.store.fact("compared_at") is None
