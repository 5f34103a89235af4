"""The area list in the database: Ningming's divisions stored once, and the villages a roster import asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.app import create_app
from server.config import Config
from server.imports.area_store import UnknownTownshipError, compare_areas, import_areas, village_names
from server.imports.areas import NINGMING, Area, read_areas, villages_of
from server.store import Database
from server.upkeep.upgrade import upgrade

AREAS = read_areas(NINGMING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="module")
def upgraded(folder: Path) -> Database:
    app = create_app(Config.at(folder))
    upgrade(app)
    database: Database = app.extensions["ruhu"].database
    return database


@pytest.fixture
def database(upgraded: Database) -> Iterator[Database]:
    yield upgraded
    with upgraded.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM area")


def stored(database: Database) -> list[tuple[object, ...]]:
    with database.read("") as store:
        return [tuple(row) for row in store.sql("SELECT code, name, parent, level, is_farm FROM area ORDER BY code")]


def test_the_county_is_stored_with_its_13_townships_and_190_villages(database: Database) -> None:
    report = import_areas(database, AREAS)
    assert report == {
        "areas": {"created": len(AREAS), "updated": 0, "unchanged": 0},
        "townships": 13,
        "villages": 190,
    }
    farms = [code for code, *_, is_farm in stored(database) if is_farm]
    assert farms == ["451422401", "451422402", "451422403"]


def test_the_same_list_again_changes_nothing(database: Database) -> None:
    import_areas(database, AREAS)
    before = stored(database)
    assert import_areas(database, AREAS)["areas"] == {"created": 0, "updated": 0, "unchanged": len(AREAS)}
    assert stored(database) == before


def test_a_new_name_is_taken_over_and_what_a_newer_list_leaves_out_stays(database: Database) -> None:
    import_areas(database, AREAS)
    newer = [Area(a.code, "桐骨社区", a.parent_code, a.level) if a.code == "451422103215" else a for a in AREAS[:-1]]
    assert import_areas(database, newer)["areas"] == {"created": 0, "updated": 1, "unchanged": len(AREAS) - 2}
    assert len(stored(database)) == len(AREAS)
    assert village_names(database, "451422103")["桐骨社区"] == "451422103215"


def test_a_comparison_tells_every_line_and_writes_nothing(database: Database) -> None:
    import_areas(database, AREAS[:-1])
    newer = [Area(a.code, "桐骨社区", a.parent_code, a.level) if a.code == "451422103215" else a for a in AREAS]
    before = stored(database)
    told = {row.code: (row.outcome, row.was) for row in compare_areas(database, newer)}
    was = next(a.name for a in AREAS if a.code == "451422103215")
    assert told.pop("451422103215") == ("updated", was)
    assert told.pop(AREAS[-1].code) == ("created", "")
    assert set(told.values()) == {("unchanged", "")}
    assert stored(database) == before
    assert import_areas(database, newer, dry_run=True)["areas"] == {
        "created": 1,
        "updated": 1,
        "unchanged": len(AREAS) - 2,
    }
    assert stored(database) == before


def test_a_township_gives_its_villages_by_name(database: Database) -> None:
    import_areas(database, AREAS)
    assert village_names(database, "451422103") == villages_of(AREAS, "451422103")


@pytest.mark.parametrize(
    ("code", "says"),
    [("451422999", "没有这个乡镇"), ("451422", "宁明县"), ("451422103215", "不是乡镇"), ("451422401", "不是乡镇")],
)
def test_what_is_no_township_is_refused_in_words(database: Database, code: str, says: str) -> None:
    import_areas(database, AREAS)
    with pytest.raises(UnknownTownshipError, match=rf"{says}.* / "):
        village_names(database, code)


def test_a_township_whose_villages_were_never_imported_is_refused_in_words(database: Database) -> None:
    import_areas(database, [area for area in AREAS if area.level != "village"])
    with pytest.raises(UnknownTownshipError, match="没有行政村"):
        village_names(database, "451422103")
