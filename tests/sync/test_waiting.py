"""How much a phone still holds, as it told when it was last here: the desk sees it, and it costs a sync nothing."""

import pytest

from tests.sync.world import V1, Client, World, new_id, visit_set


@pytest.fixture
def wei(world: World) -> Client:
    return world.cadre("wei", f"village:{V1}")


def told(world: World, wei: Client) -> tuple[int, str]:
    (row,) = world.sql("SELECT waiting, app FROM device WHERE id = :device", device=wei.device)
    return row[0], row[1]


def test_the_desk_sees_how_much_a_phone_still_held_and_which_app_it_has(world: World, wei: Client) -> None:
    wei.sync(wei.change("visit", new_id(), visit_set()), waiting=7, app="0.2.0")
    assert told(world, wei) == (7, "0.2.0")
    wei.sync()
    assert told(world, wei) == (0, "0.1.0")


@pytest.mark.parametrize(("sent", "kept"), [(-5, 0), (10**18, 1_000_000)])
def test_a_count_that_cannot_be_is_brought_within_bounds(world: World, wei: Client, sent: int, kept: int) -> None:
    wei.sync(waiting=sent)
    assert told(world, wei)[0] == kept


@pytest.mark.parametrize("odd", ["7", 1.5, [], True])
def test_a_count_that_is_no_number_is_answered_in_words(world: World, wei: Client, odd: object) -> None:
    assert "waiting" in wei.send(waiting=odd).error(400)["errors"]
