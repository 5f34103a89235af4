"""What pages ask for is there before anybody asks, and a township that cannot be read keeps nobody else waiting."""

from typing import Any

import pytest

from server.reading import warm
from server.store import Database, TownshipStore
from tests.console.browser import DESK, TOWN, Office


def test_the_first_page_finds_what_was_warmed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.write("household", {"head_name": "韦阿妹", "household_no": "12"})
    warm.start(office.database).join()

    entries = TownshipStore.entries

    def once(store: TownshipStore, kind: str, *given: Any, **more: Any) -> Any:
        assert more.get("ids") or kind not in ("household", "member", "problem_step") or more.get("removed"), kind
        return entries(store, kind, *given, **more)

    monkeypatch.setattr(TownshipStore, "entries", once)
    assert "韦阿妹" in office.browser(DESK).page(f"/t/{TOWN}/households?q=wam")


def test_a_township_that_cannot_be_read_is_left_to_its_first_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write("household", {"head_name": "韦阿妹"})
    seen: list[str] = []

    def fails(_: Database, store: object) -> None:
        seen.append(store.code)  # type: ignore[attr-defined]
        raise OSError("disk")

    monkeypatch.setattr(warm, "homes_of", fails)
    warm.warm(office.database)
    assert TOWN in seen
    assert "韦阿妹" in office.browser(DESK).page(f"/t/{TOWN}/households")
