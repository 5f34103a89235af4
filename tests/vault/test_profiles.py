"""Several people on one phone: each behind a lock of their own, and nobody's unsent words left behind."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from mobile.carrying import AGAIN_MS, LANDED, MARKER, Carried, JournalUnreadable, NoAddress, over_http, read_statuses
from mobile.courier import HttpCourier
from mobile.device.desktop import FileKeyStore
from mobile.device.fake import FakeKeyStore
from mobile.device.ports import KeyStoreBusy
from mobile.disk import StorageFull
from mobile.journal import ADDRESS, JOURNAL, Address
from mobile.notebook import Notebook
from mobile.profiles import LABEL, NoSuchProfile, Profiles, StillWaiting
from mobile.store import Store
from mobile.vault import MOST_TRIES, VAULT, PinRefused, Vault, VaultDestroyed, WrongPin
from shared.sync.phone import NotOurServer, Offline
from shared.sync.wire import MAX_CHANGES
from tests.vault.stage import (
    COST,
    HEAD,
    NAME,
    OTHER_PIN,
    PHOTO,
    PIN,
    VILLAGE,
    WRONG,
    Key25519,
    change,
    enrol,
    fill,
    found_in,
)


def enrolled(profiles: Profiles, key: Key25519, pin: str = PIN) -> str:
    """A person with a profile, locked again, and one household unsent."""

    def begin(store: Store) -> str:
        enrol(store, key.public).write("household", None, {"head_name": HEAD}, village=VILLAGE)
        return NAME

    id_ = profiles.enrol(pin, begin).folder.name
    profiles.lock()
    return id_


def destroy(profiles: Profiles, id_: str) -> None:
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(WrongPin):
            profiles.open(id_, WRONG)
    with pytest.raises(VaultDestroyed):
        profiles.open(id_, WRONG)


# --- locks ----------------------------------------------------------------------------------------------------------


def test_two_people_have_two_locks_and_one_is_open_at_a_time(profiles: Profiles, key: Key25519) -> None:
    first, second = enrolled(profiles, key), enrolled(profiles, key, OTHER_PIN)
    assert [(one.id, one.label, one.destroyed, one.waiting) for one in profiles.list()] == [
        (first, NAME, False, 1), (second, NAME, False, 1),
    ]  # fmt: skip
    store = profiles.open(first, PIN)
    assert profiles.opened == first
    with pytest.raises(WrongPin):
        profiles.open(second, PIN)
    assert profiles.opened == first, "a wrong PIN for another profile closes nobody's"
    assert store.count_unsent() == 1
    profiles.open(second, OTHER_PIN)
    assert profiles.opened == second
    profiles.lock()
    assert profiles.opened == ""


def test_a_wrong_pin_for_one_profile_is_no_try_at_another(profiles: Profiles, key: Key25519) -> None:
    first, second = enrolled(profiles, key), enrolled(profiles, key, OTHER_PIN)
    destroy(profiles, first)
    assert [one.destroyed for one in profiles.list()] == [True, False]
    with pytest.raises(WrongPin) as told:
        profiles.open(second, WRONG)
    assert told.value.left == MOST_TRIES - 1
    assert profiles.open(second, OTHER_PIN).count_unsent() == 1


def test_a_second_person_can_read_nothing_of_the_first_not_even_the_name(
    profiles: Profiles, key: Key25519, tmp_path: Path
) -> None:
    fill(profiles.create(PIN), key.public)
    profiles.lock()
    enrolled(profiles, key, OTHER_PIN)
    assert found_in(tmp_path / "profiles") == []


def test_names_are_known_again_after_the_app_was_killed(profiles: Profiles, key: Key25519, tmp_path: Path) -> None:
    id_ = enrolled(profiles, key)
    again = Profiles(tmp_path / "profiles", FileKeyStore(tmp_path / "keys"), 0, COST)
    assert again.list()[0].label == NAME
    (tmp_path / "profiles" / id_ / LABEL).unlink()
    again = Profiles(tmp_path / "profiles", FileKeyStore(tmp_path / "keys"), 0, COST)
    assert again.list()[0].label == ""
    again.open(id_, PIN)
    assert again.list()[0].label == NAME, "the next opening writes it down again"
    again.lock()


def test_a_name_that_cannot_be_kept_now_stops_no_enrolment(tmp_path: Path, key: Key25519) -> None:
    keystore = FakeKeyStore()
    profiles = Profiles(tmp_path, keystore, 0, COST)

    def begin(store: Store) -> str:
        enrol(store, key.public)
        keystore.busy = True
        return NAME

    store = profiles.enrol(PIN, begin)
    assert profiles.list()[0].label == ""
    keystore.busy = False
    profiles.open(store.folder.name, PIN)
    assert profiles.list()[0].label == NAME
    profiles.lock()


def test_an_enrolment_that_fails_leaves_no_profile(profiles: Profiles, tmp_path: Path) -> None:
    def begin(store: Store) -> str:
        raise Offline

    with pytest.raises(Offline):
        profiles.enrol(PIN, begin)
    with pytest.raises(PinRefused):
        profiles.enrol("111111", begin)
    assert profiles.list() == []
    assert profiles.opened == ""
    assert [path for root in ("profiles", "keys") for path in (tmp_path / root).iterdir()] == []


def test_a_profile_that_cannot_be_made_leaves_nothing(
    profiles: Profiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store) -> None:
        raise StorageFull

    monkeypatch.setattr(Store, "_renew_briefs", full)
    with pytest.raises(StorageFull):
        profiles.create(PIN)
    assert [path for root in ("profiles", "keys") for path in (tmp_path / root).iterdir()] == []


def test_a_lock_that_cannot_be_made_leaves_no_folder(
    profiles: Profiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull

    monkeypatch.setattr(Vault, "_write", full)
    with pytest.raises(StorageFull):
        profiles.create(PIN)
    assert list((tmp_path / "profiles").iterdir()) == []


def test_the_open_profile_gets_another_pin(profiles: Profiles, key: Key25519) -> None:
    id_ = enrolled(profiles, key)
    with pytest.raises(NoSuchProfile):
        profiles.change_pin(PIN, OTHER_PIN)
    profiles.open(id_, PIN)
    profiles.change_pin(PIN, OTHER_PIN)
    assert profiles.open(id_, OTHER_PIN).count_unsent() == 1
    with pytest.raises(WrongPin):
        profiles.open(id_, PIN)


def test_what_is_no_profile_is_none(profiles: Profiles, key: Key25519, tmp_path: Path) -> None:
    enrolled(profiles, key)
    (tmp_path / "profiles" / "lost+found").mkdir()
    (tmp_path / "profiles" / "0123456789abcdef").mkdir()
    assert len(profiles.list()) == 1
    for id_ in ("", "..", "lost+found", "0123456789abcdef", "../keys"):
        with pytest.raises(NoSuchProfile):
            profiles.open(id_, PIN)
        with pytest.raises(NoSuchProfile):
            profiles.remove(id_, force=True)


def test_a_profile_with_a_spoilt_lock_is_listed_as_destroyed_and_carried_all_the_same(
    profiles: Profiles, key: Key25519, tmp_path: Path
) -> None:
    id_ = enrolled(profiles, key)
    (tmp_path / "profiles" / id_ / VAULT).write_bytes(b"spoilt")
    assert [(one.label, one.destroyed, one.waiting) for one in profiles.list()] == [(NAME, True, 1)]
    assert profiles.carry(Town(key)) == [Carried(id_, 1, 1)]
    profiles.remove(id_)
    assert profiles.list() == []


# --- removing -------------------------------------------------------------------------------------------------------


def test_a_profile_with_unsent_words_goes_only_when_that_is_said_twice(
    profiles: Profiles, key: Key25519, tmp_path: Path
) -> None:
    id_ = enrolled(profiles, key)
    with pytest.raises(StillWaiting, match="1 ") as told:
        profiles.remove(id_)
    assert told.value.waiting == 1
    profiles.open(id_, PIN)
    with pytest.raises(StillWaiting):
        profiles.remove(id_)
    profiles.remove(id_, force=True)
    assert profiles.list() == []
    assert profiles.opened == ""
    assert list((tmp_path / "keys").iterdir()) == [], "nor is any key left"


def test_a_profile_with_photos_that_the_township_does_not_have_is_not_removed_unasked(profiles: Profiles) -> None:
    store = profiles.create(PIN)
    for number, sent in ((1, False), (2, True), (3, False)):
        store.photo_files.keep(f"photo{number}", PHOTO)
        store.photo_files.mark(f"photo{number}", sent)
    id_ = store.folder.name
    for lock in (lambda: None, profiles.lock):
        lock()
        with pytest.raises(StillWaiting, match="2 张照片") as told:
            profiles.remove(id_)
        assert (told.value.waiting, told.value.photos) == (0, 2)
    destroy(profiles, id_)
    profiles.remove(id_)  # with the key they were lost already
    assert profiles.list() == []


def test_a_profile_with_nothing_unsent_goes_at_once(profiles: Profiles, key: Key25519) -> None:
    store = profiles.create(PIN)
    enrol(store, key.public)
    profiles.remove(store.folder.name)
    assert profiles.list() == []


def test_a_key_store_that_does_not_answer_keeps_the_profile(tmp_path: Path, key: Key25519) -> None:
    keystore = FakeKeyStore()
    profiles = Profiles(tmp_path, keystore, 0, COST)
    id_ = enrolled(profiles, key)
    keystore.busy = True
    with pytest.raises(KeyStoreBusy):
        profiles.remove(id_, force=True)
    keystore.busy = False
    assert [one.id for one in profiles.list()] == [id_]
    profiles.remove(id_, force=True)


# --- carrying -------------------------------------------------------------------------------------------------------


class Town:
    """What answers at an address: for each line the status that `says` gives for its number."""

    def __init__(self, key: Key25519) -> None:
        self.key = key
        self.says: dict[int, str] = {}
        self.seen: list[list[int]] = []
        self.addresses: list[Address] = []
        self.fault: Exception | None = None

    def __call__(self, address: Address, sealed: Sequence[str]) -> list[str]:
        if self.fault:
            raise self.fault
        numbers = [self.key.open(text.encode())["change"]["number"] for text in sealed]
        self.seen.append(numbers)
        self.addresses.append(address)
        return [self.says.get(number, "taken") for number in numbers]


class Clock:
    ms = 1_535_940_900_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def phone(tmp_path: Path, clock: Clock) -> Profiles:
    return Profiles(tmp_path / "profiles", FakeKeyStore(), 0, COST, clock)


def locked(profiles: Profiles, key: Key25519, lines: int = 3) -> str:
    store = profiles.create(PIN)
    enrol(store, key.public)
    store.together(lambda: [store.append(change(n, id_=n, remark=f"{n}")) for n in range(1, lines + 1)])
    profiles.lock()
    return store.folder.name


def test_the_locked_ones_words_are_carried_to_their_own_server(phone: Profiles, key: Key25519) -> None:
    town, id_ = Town(key), locked(phone, key)
    assert phone.waiting(id_) == 3
    assert phone.carry(town) == [Carried(id_, 3, 3)]
    assert (town.seen, town.addresses) == ([[1, 2, 3]], [Address("https://ruhu.example", "ab" * 32, False)])
    assert phone.waiting(id_) == 0
    assert phone.open(id_, PIN).count_unsent() == 3, "the owner's own sync is what acknowledges"
    phone.lock()


def test_the_open_ones_words_are_not_carried(phone: Profiles, key: Key25519) -> None:
    id_ = locked(phone, key)
    phone.open(id_, PIN)
    assert phone.carry(Town(key)) == []
    phone.lock()


def test_a_destroyed_ones_words_are_carried_too_and_then_it_may_go(phone: Profiles, key: Key25519) -> None:
    id_ = locked(phone, key)
    destroy(phone, id_)
    with pytest.raises(StillWaiting):
        phone.remove(id_)
    phone.carry(Town(key))
    phone.remove(id_)
    assert phone.list() == []


def test_what_was_answered_for_is_not_sent_again_within_a_day(phone: Profiles, key: Key25519, clock: Clock) -> None:
    town, id_ = Town(key), locked(phone, key)
    town.says = {2: "refused", 3: "gap"}
    assert phone.carry(town) == [Carried(id_, 3, 2)]
    assert phone.waiting(id_) == 1
    clock.ms += AGAIN_MS
    assert phone.carry(town) == []
    clock.ms += 1
    town.says = {}
    assert phone.carry(town) == [Carried(id_, 3, 3)], "in case the server was set back"
    assert phone.waiting(id_) == 0
    clock.ms -= 10 * AGAIN_MS
    assert phone.carry(town)[0].sent == 3, "a clock that was set back stops nothing"


def test_new_lines_go_at_once_though_older_ones_were_carried(phone: Profiles, key: Key25519) -> None:
    town, id_ = Town(key), locked(phone, key)
    phone.carry(town)
    store = phone.open(id_, PIN)
    store.together(lambda: store.append(change(4, id_=4, remark="四")))
    phone.lock()
    assert phone.waiting(id_) == 1
    assert phone.carry(town) == [Carried(id_, 1, 1)]
    assert town.seen == [[1, 2, 3], [4]]


def test_without_signal_nothing_counts_as_carried(phone: Profiles, key: Key25519) -> None:
    town, id_ = Town(key), locked(phone, key)
    town.fault = Offline()
    assert phone.carry(town) == [Carried(id_, 0, 0, town.fault)]
    assert phone.waiting(id_) == 3
    town.fault = None
    assert phone.carry(town) == [Carried(id_, 3, 3)]


def test_one_profiles_trouble_is_not_anothers(phone: Profiles, key: Key25519, tmp_path: Path) -> None:
    first, second = locked(phone, key), locked(phone, key)
    (tmp_path / "profiles" / first / ADDRESS).unlink()
    found = {one.profile: one for one in phone.carry(Town(key))}
    assert isinstance(found[first].error, NoAddress)
    assert found[second] == Carried(second, 3, 3)


def test_a_journal_that_cannot_be_read_is_told_and_stops_nobody(phone: Profiles, key: Key25519, tmp_path: Path) -> None:
    first, second = locked(phone, key), locked(phone, key)
    (tmp_path / "profiles" / first / JOURNAL).unlink()
    (tmp_path / "profiles" / first / JOURNAL).mkdir()
    found = {one.profile: one for one in phone.carry(Town(key))}
    assert isinstance(found[first].error, JournalUnreadable)
    assert found[second].landed == 3


def test_many_lines_go_in_portions_and_what_went_stays_gone(phone: Profiles, key: Key25519) -> None:
    town, id_ = Town(key), locked(phone, key, MAX_CHANGES + 2)

    def until_the_second(address: Address, sealed: Sequence[str]) -> list[str]:
        if town.seen:
            raise Offline
        return town(address, sealed)

    (half,) = phone.carry(until_the_second)
    assert (half.sent, half.landed, isinstance(half.error, Offline)) == (MAX_CHANGES, MAX_CHANGES, True)
    assert phone.waiting(id_) == 2
    assert phone.carry(town) == [Carried(id_, 2, 2)]
    assert [len(batch) for batch in town.seen] == [MAX_CHANGES, 2]


def test_long_lines_go_in_portions_a_server_takes(phone: Profiles, key: Key25519) -> None:
    store = phone.create(PIN)
    enrol(store, key.public)
    long = "长" * 80_000  # 240 KB of UTF-8
    store.together(lambda: [store.append(change(n, id_=n, remark=long)) for n in range(1, 9)])
    phone.lock()
    sizes: list[int] = []

    def measure(address: Address, sealed: Sequence[str]) -> list[str]:
        sizes.append(len(json.dumps({"sealed": list(sealed)})))
        return ["taken"] * len(sealed)

    assert phone.carry(measure)[0].landed == 8
    assert len(sizes) > 1
    assert max(sizes) < 2 * 1024 * 1024


def test_an_answer_for_other_lines_than_were_sent_is_no_answer(phone: Profiles, key: Key25519) -> None:
    id_ = locked(phone, key)
    (found,) = phone.carry(lambda address, sealed: ["taken"])
    assert isinstance(found.error, NotOurServer)
    assert phone.waiting(id_) == 3


def test_a_spoilt_marker_only_sends_once_more(phone: Profiles, key: Key25519, tmp_path: Path) -> None:
    town, id_ = Town(key), locked(phone, key)
    phone.carry(town)
    for spoilt in (b"", b"[]", b'{"a": 1}', b'{"a": ["taken", "x"]}', b'{"a": ["taken", 1e999]}', b"[" * 200_000):
        (tmp_path / "profiles" / id_ / MARKER).write_bytes(spoilt)
        assert phone.waiting(id_) == 3
        assert phone.carry(town)[0].landed == 3


@pytest.mark.parametrize("damage", [b"9" * 6000 + b" x", b"4 \xff\xfe", b"\x00" * 4096])
def test_a_damaged_line_is_left_out_and_the_others_are_carried(
    phone: Profiles, key: Key25519, tmp_path: Path, damage: bytes
) -> None:
    town, id_ = Town(key), locked(phone, key)
    journal = tmp_path / "profiles" / id_ / JOURNAL
    journal.write_bytes(damage + b"\n" + journal.read_bytes())
    assert phone.waiting(id_) == 3
    assert phone.carry(town) == [Carried(id_, 3, 3)]
    (tmp_path / "profiles" / id_ / ADDRESS).write_bytes(b"[" * 200_000)
    assert Address.read(tmp_path / "profiles" / id_) is None


def test_statuses_are_read_by_their_index_and_nonsense_is_refused() -> None:
    lines = [{"index": 1, "status": "gap"}, {"index": 0, "status": "taken"}]
    assert read_statuses({"lines": lines}) == ["taken", "gap"]
    for body in ({}, {"lines": 1}, {"lines": [{}]}, {"lines": [1]}, {"lines": [{"index": "x", "status": "taken"}]}):
        with pytest.raises(NotOurServer):
            read_statuses(body)


def test_over_http_the_certificate_is_the_one_the_first_person_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []
    begin = HttpCourier.__init__

    def remember(self: HttpCourier, *given: object) -> None:
        made.append(given)
        begin(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(HttpCourier, "__init__", remember)
    monkeypatch.setattr(HttpCourier, "_post", lambda self, path, body: {"lines": [{"index": 0, "status": "taken"}]})
    assert over_http(Address("https://ruhu.example", "ab" * 32, False), ["x"]) == ["taken"]
    assert made == [("https://ruhu.example", None, False, "ab" * 32)]


def test_what_a_copied_folder_tells_is_what_the_first_told(phone: Profiles, key: Key25519, tmp_path: Path) -> None:
    """A backup of the phone's files can be carried from as well: nothing in it depends on where it lies."""
    id_ = locked(phone, key)
    shutil.copytree(tmp_path / "profiles", tmp_path / "copy")
    copy = Profiles(tmp_path / "copy", FakeKeyStore(), 0, COST)
    assert copy.waiting(id_) == 3
    assert copy.carry(Town(key))[0].landed == 3


def test_the_statuses_that_stand_in_the_log_are_the_servers_own() -> None:
    from server.upkeep.recovery import AGAIN, REFUSED, TAKEN

    assert set(LANDED) == {TAKEN, AGAIN, REFUSED}


def test_a_profile_folder_is_its_owners_alone(profiles: Profiles) -> None:
    folder = profiles.create(PIN).folder
    assert folder.stat().st_mode & 0o077 == 0


def test_the_notebook_works_on_an_unlocked_profile(profiles: Profiles, key: Key25519) -> None:
    id_ = enrolled(profiles, key)
    store = profiles.open(id_, PIN)
    from shared.kinds import KINDS

    assert [shown.record.values["head_name"] for shown in Notebook(store, KINDS).records("household")] == [HEAD]
