"""A long first download is paused after the page that is under way, kept as far as it came, and goes on where it stopped."""

import threading
from pathlib import Path

from mobile.syncing import Outcome, Syncing
from shared.kinds import KINDS
from shared.sync.converse import Summary
from shared.sync.wire import DEFAULT_LIMIT
from tests.mobile.township import Line, Phone, Township, Watch

PATIENCE_S = 20.0


def test_a_pause_keeps_what_came_and_resuming_brings_the_rest_without_asking_for_it_again(
    township: Township, tmp_path: Path, watch: Watch
) -> None:
    whole = DEFAULT_LIMIT * 2 + 10
    for number in range(whole):
        township.written_by_others("household", f"0190a6d0-0000-7000-8000-{number:012x}", {"head_name": f"户{number}"})
    phone = Phone(township, tmp_path / "phone", watch).enrol()
    first_page, done = threading.Event(), threading.Event()
    outcomes: list[Outcome] = []

    def progress(summary: Summary) -> None:
        if not first_page.is_set():
            syncing.pause()
            first_page.set()

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        done.set()

    syncing = Syncing(phone.store, KINDS, watch, lambda one: Line(township, one.token), progress=progress)
    syncing.start(tell)
    try:
        assert first_page.wait(PATIENCE_S)
        assert len(phone.store.copies("household")) == DEFAULT_LIMIT
        assert not phone.store.filled(next(iter(phone.store.grants())))
        assert not done.is_set()
        syncing.resume()
        assert done.wait(PATIENCE_S)
    finally:
        syncing.stop()
    assert len(phone.store.copies("household")) == whole
    assert phone.store.filled(next(iter(phone.store.grants())))
    assert outcomes[0].summary
    assert outcomes[0].summary.received == whole - DEFAULT_LIMIT
