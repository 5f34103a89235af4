"""The console's benchmark itself, with 200 visits: that its township is made as large as it says, and that its meter finds and times pages."""

from pathlib import Path

import pytest

from bench.console import made, measure
from bench.days import Size
from bench.two_years import TOWNSHIP

SMALL = Size(
    villages=2, households=40, visits=200, contact_visits=20, checks=20, problems=20, conflicts=10, open_conflicts=4,
    phones=10, audit_rows=120, days=30,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    made(folder, "", SMALL)
    return folder


def test_the_township_is_as_large_as_asked_for_and_built_once(folder: Path) -> None:
    app = made(folder, "", SMALL)
    with app.extensions["ruhu"].database.read(TOWNSHIP) as store:
        for table, count in (
            ("kind_household", 40), ("kind_visit", 200), ("kind_contact_visit", 20), ("kind_cleanup_check", 20),
            ("kind_conflict", 10), ("audit", 120),
        ):  # fmt: skip
            assert store.sql(f"SELECT count(*) FROM {table} WHERE township = ?", TOWNSHIP) == [(count,)], table
        ((open_,),) = store.sql("SELECT count(*) FROM kind_conflict WHERE township = ? AND status = 'open'", TOWNSHIP)
        ((refused,),) = store.sql("SELECT count(*) FROM changes WHERE township = ? AND refusal IS NOT NULL", TOWNSHIP)
    assert (open_, refused) == (4, 0)


def test_the_meter_finds_pages_and_times_each(folder: Path) -> None:
    found = measure(made(folder, "", SMALL), 2, most=5)
    assert len(found.sorts) == 5
    for sort in found.sorts:
        assert sort.first > 0
        assert sort.size > 500
        assert len(sort.changed) == len(sort.mixed) == 2
    assert found.memory[-1][1] > 20
