"""The lock: PINs, tries, and the tenth wrong one."""

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobile import vault as module
from mobile.device.desktop import FileKeyStore
from mobile.device.fake import FakeKeyStore
from mobile.device.ports import KeyGone, KeyStoreBusy
from mobile.disk import BALLAST, StorageFull
from mobile.vault import (
    LARGEST_COST,
    MOST_TRIES,
    USUAL_COST,
    VAULT,
    PinRefused,
    Unsealable,
    Vault,
    VaultDestroyed,
    VaultUnreadable,
    WrongPin,
    calibrated,
)
from shared.sync.phone import PhoneError
from tests.vault.stage import COST, HEAD, OTHER_PIN, PIN, WRONG

AT = "drafts|visit|1"


@pytest.fixture
def vault(tmp_path: Path, keystore: FakeKeyStore) -> Vault:
    return Vault(tmp_path, keystore)


def read(folder: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((folder / VAULT).read_text())
    return body


def wrong(vault: Vault, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongPin):
            vault.open(WRONG)


def test_what_was_sealed_opens_with_the_pin_and_with_no_other(vault: Vault) -> None:
    held = vault.make(PIN, COST).close(HEAD, AT)
    assert vault.open(PIN).open(held, AT) == HEAD
    with pytest.raises(WrongPin):
        vault.open(WRONG)


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "12a456", "１２３４５６", "000000", "777777", "123456", "654321", " 13579"]
)
def test_a_pin_is_six_digits_and_not_one_that_everybody_tries(vault: Vault, tmp_path: Path, pin: str) -> None:
    with pytest.raises(PinRefused):
        vault.make(pin, COST)
    assert not Vault.stands_in(tmp_path)


def test_what_is_no_pin_is_not_counted_as_a_try(vault: Vault, tmp_path: Path) -> None:
    vault.make(PIN, COST)
    with pytest.raises(PinRefused):
        vault.open("13579")
    assert read(tmp_path)["tries"] == 0


def test_a_wrong_pin_says_how_many_tries_are_left_and_the_right_one_gives_them_back(vault: Vault) -> None:
    vault.make(PIN, COST)
    for left in range(MOST_TRIES - 1, 0, -1):
        with pytest.raises(WrongPin) as told:
            vault.open(WRONG)
        assert told.value.left == left
        assert str(left) in str(told.value)
    vault.open(PIN)
    with pytest.raises(WrongPin) as told:
        vault.open(WRONG)
    assert told.value.left == MOST_TRIES - 1


def test_the_tenth_wrong_pin_destroys_the_key_and_says_what_to_do(
    vault: Vault, tmp_path: Path, keystore: FakeKeyStore
) -> None:
    vault.make(PIN, COST)
    name, wrapped = read(tmp_path)["name"], read(tmp_path)["key"]
    wrong(vault, MOST_TRIES - 1)
    assert not vault.destroyed
    with pytest.raises(VaultDestroyed, match=r"乡镇办公室.* / .*township"):
        vault.open(WRONG)
    assert vault.destroyed
    assert read(tmp_path)["key"] is None
    with pytest.raises(VaultDestroyed):
        vault.open(PIN)
    (tmp_path / VAULT).write_text(json.dumps(read(tmp_path) | {"key": wrapped, "tries": 0}))
    with pytest.raises(KeyGone):  # also for who kept a copy of the file
        vault.open(PIN)
    assert name.startswith("ruhu-")


KILLED = """
import os, sys
from pathlib import Path
from mobile import vault
from mobile.device.desktop import FileKeyStore
vault._unwrap = lambda key, sealed: os._exit(9)
vault.Vault(Path(sys.argv[1]), FileKeyStore(Path(sys.argv[2]))).open(sys.argv[3])
"""


def test_a_try_is_on_the_disk_before_the_pin_is_looked_at(tmp_path: Path, killed: Callable[..., None]) -> None:
    keys = tmp_path / "keys"
    vault = Vault(tmp_path / "profile", FileKeyStore(keys))
    vault.make(PIN, COST)
    for _ in range(2):
        killed(KILLED, tmp_path / "profile", keys, WRONG)
    with pytest.raises(WrongPin) as told:
        vault.open(WRONG)
    assert told.value.left == MOST_TRIES - 3


def test_killed_between_the_tenth_try_and_the_destruction_it_is_destroyed_at_the_next(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(PIN, COST)
    wrong(vault, MOST_TRIES - 1)
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "destroy", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            vault.open(WRONG)
    assert read(tmp_path)["key"] is not None
    assert vault.destroyed
    with pytest.raises(VaultDestroyed):
        vault.open(PIN)
    assert read(tmp_path)["key"] is None


def test_a_key_store_that_fails_while_destroying_leaves_nothing_to_open(
    vault: Vault, tmp_path: Path, keystore: FakeKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(PIN, COST)
    monkeypatch.setattr(keystore, "destroy", lambda name: (_ for _ in ()).throw(KeyStoreBusy))
    with pytest.raises(KeyStoreBusy):
        vault.destroy()
    assert read(tmp_path)["key"] is None


@pytest.mark.parametrize("fault", ["busy", "gone", "memory"])
def test_what_fails_before_the_pin_is_looked_at_costs_no_try(
    vault: Vault, tmp_path: Path, keystore: FakeKeyStore, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    vault.make(PIN, COST)
    if fault == "memory":
        monkeypatch.setattr(module, "_scrypt", lambda *given: (_ for _ in ()).throw(MemoryError))
    elif fault == "busy":
        keystore.busy = True
    else:
        keystore.lose()
    with pytest.raises((KeyStoreBusy, KeyGone, MemoryError)):
        vault.open(PIN)
    assert read(tmp_path)["tries"] == 0


def test_another_pin_opens_the_same_words(vault: Vault, tmp_path: Path) -> None:
    held = vault.make(PIN, COST).close(HEAD, AT)
    before = read(tmp_path)
    vault.change_pin(PIN, OTHER_PIN)
    assert vault.open(OTHER_PIN).open(held, AT) == HEAD
    assert read(tmp_path)["salt"] != before["salt"]
    assert (read(tmp_path)["created"], read(tmp_path)["n"]) == (before["created"], COST)
    with pytest.raises(WrongPin):
        vault.open(PIN)


def test_a_wrong_old_pin_is_a_try_and_a_bad_new_one_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    vault.make(PIN, COST)
    with pytest.raises(WrongPin):
        vault.change_pin(WRONG, OTHER_PIN)
    assert read(tmp_path)["tries"] == 1
    with pytest.raises(PinRefused):
        vault.change_pin(PIN, "111111")
    vault.open(PIN)


@pytest.mark.parametrize(
    "damage",
    [
        None, b"", b"not json", b"[]", b"{}", {"salt": "x"}, {"tries": -1}, {"tries": "0"}, {"key": 5}, {"n": 2**40}, {"n": 3}, {"r": 99},
        {"version": 2}, {"name": None}, {"name": "../x"}, {"name": "A B"}, {"key": "%%%"}, {"n": 2**20}, b"[" * 200_000,
    ],
    ids=lambda damage: str(damage)[:30],
)  # fmt: skip
def test_a_damaged_lock_says_so_in_words(vault: Vault, tmp_path: Path, damage: Any) -> None:
    vault.make(PIN, COST)
    if damage is None:
        (tmp_path / VAULT).unlink()
    else:
        (tmp_path / VAULT).write_bytes(
            damage if isinstance(damage, bytes) else json.dumps(read(tmp_path) | damage).encode()
        )
    with pytest.raises(VaultUnreadable, match=" / "):
        vault.open(PIN)
    with pytest.raises(VaultUnreadable):
        assert vault.destroyed


def test_the_file_is_its_owners_alone(vault: Vault, tmp_path: Path) -> None:
    vault.make(PIN, COST)
    assert stat.S_IMODE((tmp_path / VAULT).stat().st_mode) == 0o600
    assert read(tmp_path).keys() == {"version", "name", "salt", "n", "r", "p", "key", "tries", "created"}
    assert PIN not in (tmp_path / VAULT).read_text()


def test_a_full_disk_does_not_lock_out_who_has_a_reserve(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(PIN, COST)
    fsync = os.fsync

    def full(handle: int) -> None:
        if (tmp_path / BALLAST).exists():
            raise OSError(errno.ENOSPC, "full")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / BALLAST).write_bytes(b"\0" * 1000)
    vault.open(PIN)
    assert not (tmp_path / BALLAST).exists()


def test_a_full_disk_without_a_reserve_says_so_and_gives_no_try_away(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.make(PIN, COST)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        vault.open(WRONG)
    assert sorted(path.name for path in tmp_path.iterdir()) == [VAULT]


def test_the_cost_of_a_try_suits_the_phone_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calibrated() in (USUAL_COST, LARGEST_COST)
    ticks = iter([0.0, 5.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ticks))
    assert calibrated() == USUAL_COST, "a slow phone waits no longer than it must"


@pytest.mark.parametrize("error", [Unsealable, VaultDestroyed, VaultUnreadable, KeyGone])
def test_who_promises_that_unsent_words_can_be_recovered_says_that_unsent_photos_cannot(
    error: type[PhoneError],
) -> None:
    chinese, english = str(error()).split(" / ")
    assert "填写内容" in chinese
    assert "没上传的照片恢复不了" in chinese
    assert "photos that were not sent cannot be recovered" in " ".join(english.split())
