"""What changes in the register during the campaign: dated additions, households that leave, disagreements for the desk."""

from server.demo.chance import Chance
from server.demo.homes import MUST_VISIT, Home
from server.demo.register import choose_changes
from shared.moments import milliseconds
from shared.record import Key
from shared.rules.coverage import has_left
from tests.demo_data.conftest import END, TOWN, County

START = milliseconds("2018-09-01T00:00:00+08:00")


def test_about_two_in_a_hundred_change_category_one_leaves_and_a_few_are_removed() -> None:
    chance = Chance(4)
    homes = [
        Home(str(n), "451422103201", 0, ["registered_poor", "disabled"] if n % 20 == 0 else ["general"])
        for n in range(20_000)
    ]
    chosen = choose_changes(chance, homes)
    shares = {how: len(some) / len(homes) for how, some in chosen.items()}
    assert 0.017 < shares["gain"] + shares["lose"] < 0.023
    assert 0.008 < shares["leave"] < 0.012
    assert 0.001 < shares["remove"] < 0.005
    assert sum(home.leaving for home in homes) == len(chosen["leave"]) + len(chosen["remove"])


def test_additions_come_during_the_campaign_and_the_roster_of_its_first_day_is_in_the_log(county: County) -> None:
    changed = county.sql(
        "SELECT record, at FROM changes WHERE kind = 'household' AND via IN ('sync', 'console')"
        " AND written LIKE '%\"categories\"%'"
    )
    assert changed
    assert all(START < at <= END + 14 * 86_400_000 for _, at in changed)
    gained = 0
    with county.database.read(TOWN) as store:
        for id_, _ in changed:
            before, *later = store.history([Key("household", id_)])[Key("household", id_)]
            assert before.at < START
            now = set(later[-1].set.get("categories", ())) - set(before.set["categories"])
            gained += not now.isdisjoint(MUST_VISIT)
    assert gained > 0


def test_who_leaves_does_so_for_a_reason_on_a_day_of_the_campaign(county: County) -> None:
    left = [home for home in county.entries("household") if home.values.get("left_reason")]
    assert left
    for home in left:
        assert "2018-09-01" <= home.values["left_on"] <= "2018-10-31"
        assert has_left(home.values, "2018-10-31")
