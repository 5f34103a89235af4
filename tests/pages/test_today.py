"""Today: what is due, the running visit, and how syncing goes."""

from tests.pages.conftest import Stage


def test_the_household_that_must_be_visited_is_listed_with_the_reason(stage: Stage) -> None:
    assert stage.hand.sees("覃秀英")
    assert stage.hand.sees("贫困户：还没有走访")
    assert not stage.hand.sees("黄华大")
