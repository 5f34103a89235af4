"""Making the county: the same seed, the gate, where the villages lie, and when it is refused."""

import hashlib
import json
from typing import Any

import pytest

from server import access
from server.demo import DemoDataError, Made, make_county
from server.demo.homes import SOURCE
from server.demo.places import stem_of
from server.store import Database
from server.upkeep.verify import verify
from shared.hlc import milliseconds_of
from shared.kinds import KINDS
from shared.rules.policy import read_policy
from tests.demo_data.conftest import TOWN, County

START = "2018-09-01"


def make(database: Database, seed: int = 7, **more: Any) -> Made:
    return make_county(database, **({"villages": 1, "seed": seed, "households": 12} | more))


def log_of(database: Database) -> str:
    """A digest of the whole log, but for the accounts' ids."""
    with database.read(TOWN) as store:
        rows = store.sql(
            "SELECT seq, device, number, kind, record, village, household, stamp, written_by, via, at, written, base"
            " FROM changes WHERE township = ? ORDER BY seq",
            TOWN,
        )
    return hashlib.sha256(json.dumps([tuple(row) for row in rows]).encode()).hexdigest()


# --- the same again ----------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_county_to_the_last_stamp(database: Database, backend: Any) -> None:
    first = make(database).as_json(), log_of(database)
    backend.renew()
    assert (make(database).as_json(), log_of(database)) == first


def test_another_seed_makes_another_county(database: Database, backend: Any) -> None:
    make(database)
    first = log_of(database)
    backend.renew()
    make(database, seed=8)
    assert log_of(database) != first


# --- the gate ----------------------------------------------------------------------------------------------------------


def test_every_invariant_of_the_database_holds_afterwards(county: County) -> None:
    report = verify(county.database)
    assert report["ok"], [check for check in report["checks"] if not check["ok"]]


def test_every_change_passed_the_gate_and_none_was_refused_or_restamped(county: County) -> None:
    assert county.sql("SELECT count(*) FROM changes WHERE refusal IS NOT NULL OR repeats = 1") == [(0,)]
    assert county.sql("SELECT count(*) FROM changes WHERE sent_stamp IS NOT NULL") == [(0,)]
    doors = dict(county.sql("SELECT via, count(*) FROM changes GROUP BY via"))
    assert doors["import"] == county.made.households + county.made.members
    assert doors["number"] == county.made.problems
    assert doors["sync"] > 0
    assert doors["console"] > 0


def test_the_township_hears_of_a_phones_words_hours_or_days_later(county: County) -> None:
    waits = [
        (at - milliseconds_of(stamp)) / 3_600_000
        for at, stamp in county.sql("SELECT at, stamp FROM changes WHERE via = 'sync'")
    ]
    assert min(waits) >= 0
    assert sum(1 <= wait <= 48 for wait in waits) > len(waits) / 2
    assert max(waits) > 72


def test_every_phone_numbers_its_own_changes_and_belongs_to_whoever_wrote_them(county: County) -> None:
    strange = county.sql(
        "SELECT count(*) FROM changes c LEFT JOIN device d ON d.township = c.township AND d.id = c.device"
        " WHERE c.via = 'sync' AND (d.person IS NULL OR d.person <> c.person)"
    )
    assert strange == [(0,)]
    assert county.sql("SELECT count(DISTINCT device) FROM changes WHERE via = 'sync'")[0][0] > 30


def test_every_record_is_complete_and_holds_no_unknown_word(county: County) -> None:
    for name, kind in KINDS.items():
        for entry in [] if kind.made_by_server else county.entries(name):
            assert not kind.errors(entry.values), name
            assert not kind.unknown_codes(entry.values), name
            assert not kind.missing(entry.values), name


# --- what is made ------------------------------------------------------------------------------------------------------


def test_what_was_made_is_what_stands(county: County) -> None:
    made = county.made
    counted = {
        kind: county.sql(f"SELECT count(*) FROM kind_{kind}")[0][0]
        for kind in ("household", "member", "party_link", "visit", "contact_visit", "cleanup_check", "problem")
    }
    assert counted == {
        "household": made.households,
        "member": made.members,
        "party_link": made.party_links,
        "visit": made.visits,
        "contact_visit": made.contact_visits,
        "cleanup_check": made.cleanup_checks,
        "problem": made.problems,
    }
    assert county.sql("SELECT count(*) FROM kind_problem_step") == [(made.steps,)]
    assert made.people["cadre"] == 30
    assert made.people["desk"] == 2
    assert made.people["county"] == 1
    assert 30 <= made.people["party_member"] <= 50
    assert county.sql("SELECT count(*) FROM user_account") == [(sum(made.people.values()),)]
    assert json.loads(json.dumps(made.as_json()))["townships"] == [TOWN]


def test_the_township_has_one_policy_and_one_running_campaign_with_the_six_categories(county: County) -> None:
    (policy,), (campaign,) = county.entries("policy"), county.entries("campaign")
    assert (policy.values["version"], policy.values["effective_from"]) == ("2018.1", START)
    assert campaign.values["state"] == "running"
    assert campaign.values["frozen_at"] == "2018-09-01T00:00:00+08:00"
    assert campaign.values["must_visit"] == [
        "registered_poor", "removed", "key", "low_allowance", "disabled", "borderline",
    ]  # fmt: skip
    assert (policy.village, campaign.village) == (None, None)
    assert read_policy(policy.values)[1] == []
    for kind in ("visit", "contact_visit", "cleanup_check", "problem"):
        assert {entry.values["policy_version"] for entry in county.entries(kind)} == {"2018.1"}


def test_every_household_says_that_it_is_made_up(county: County) -> None:
    assert {entry.values["source"] for entry in county.entries("household")} == {SOURCE}


def test_the_households_are_imported_by_the_desk_ten_days_before(county: County) -> None:
    days = county.sql("SELECT DISTINCT date((at + 28800000) / 1000, 'unixepoch') FROM changes WHERE via = 'import'")
    assert days == [("2018-08-22",)]


# --- where -------------------------------------------------------------------------------------------------------------


def test_villages_that_stand_in_the_area_table_keep_their_names(county: County) -> None:
    assert county.sql("SELECT name FROM area WHERE code = '451422103201'") == [("海湾村委会",)]


def test_missing_areas_are_made_and_two_villages_of_a_township_never_share_a_name(bare: Database) -> None:
    made = make(bare, villages=18, households=8, days=21)
    assert made.townships == [TOWN, "451422100"]
    with bare.read(TOWN) as store:
        townships = store.sql("SELECT count(*) FROM area WHERE level = 'township' AND NOT is_farm")
        villages = [
            tuple(row) for row in store.sql("SELECT code, name FROM area WHERE level = 'village' ORDER BY code")
        ]
    assert townships[0][0] == 13
    assert [code for code, _ in villages] == [
        "451422100201",
        *(f"4514221032{n:02d}" for n in range(1, 18)),
    ]
    assert all(name.endswith("村") for _, name in villages)
    assert len({(code[:9], stem_of(name)) for code, name in villages}) == 18
    assert verify(bare)["ok"]


# --- what is refused ---------------------------------------------------------------------------------------------------


def test_a_township_that_holds_data_is_refused_and_left_alone(database: Database) -> None:
    make(database)
    before = log_of(database)
    with pytest.raises(DemoDataError, match=r"451422103 已有数据.* / .*hold data"):
        make(database, seed=8)
    assert log_of(database) == before


def test_whoever_has_an_account_already_keeps_the_name(database: Database, backend: Any) -> None:
    make(database)
    with database.read(TOWN) as store:
        ((name,),) = store.sql("SELECT name FROM user_account WHERE roles = 'county'")
    backend.renew()
    access.add_user(database, name, ["leader"], [f"township:{TOWN}"], 0)
    make(database)
    with database.read(TOWN) as store:
        names = dict(map(tuple, store.sql("SELECT name, roles FROM user_account")))
    assert names[name] == "leader"
    assert names[f"{name}（县）"] == "county"


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"villages": 0}, "村数"),
        ({"villages": 174}, "173"),
        ({"households": 3}, "households a village"),
        ({"days": 7}, "days"),
        ({"start": "2018-9-1"}, "开始日期不对"),
        ({"start": "2999-01-01"}, "must be over"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_in_both_languages(database: Database, wish: Any, says: str) -> None:
    with pytest.raises(DemoDataError, match=says) as told:
        make(database, **wish)
    assert " / " in str(told.value)


def test_progress_is_told_village_by_village(database: Database) -> None:
    told: list[tuple[str, int, int]] = []
    make(database, villages=2, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert [done for stage, done, _ in told if stage == "register"] == [1, 2]
    campaign = [done for stage, done, _ in told if stage == "campaign"]
    assert campaign == sorted(campaign)
    assert campaign[-1] == 2
    assert {total for _, _, total in told} == {2}
