"""The terminal phone's lock: opening a profile that has a PIN, and the commands that set or change one.

The PIN comes from RUHU_PIN, a new one from RUHU_NEW_PIN: not from the command line, which everybody on the machine can read. Keys in place
of a phone's key store are files in RUHU_KEYS (`~/.ruhu/keys`). Leaves to others: the lock (`vault`), sealing (`store`).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile.store import Store
from mobile.vault import Vault
from shared.sync.phone import PhoneError

PIN, NEW_PIN, KEYS = "RUHU_PIN", "RUHU_NEW_PIN", "RUHU_KEYS"


class NoPinGiven(PhoneError):
    code = "pin_needed"
    words = "请用环境变量给出六位数字 PIN。 / Give the six digits of the PIN in the environment."


class HasPin(PhoneError):
    code = "has_pin"
    words = "这个档案已有 PIN，请用 pin change。 / This profile has a PIN already: use pin change."


class HasNoPin(PhoneError):
    code = "has_no_pin"
    words = "这个档案没有 PIN，请用 pin set。 / This profile has no PIN: use pin set."


def open_store(profile: Path) -> Store:
    """A profile's store, unlocked with RUHU_PIN where it has a lock. NoPinGiven, WrongPin, VaultDestroyed."""
    if not Vault.stands_in(profile):
        return Store(profile)
    return Store(profile, seal=_vault(profile).open(_given(PIN)))


def add_lock(command: Callable[..., Any]) -> None:
    """Hang these commands on the parser; `command` is the terminal's own way to add one."""
    sub = command(
        "pin", _needs_step, "给档案加锁：PIN 由环境变量给出 / lock this profile; the PIN comes from the environment"
    )
    steps = sub.add_subparsers(dest="step", required=True, metavar="STEP")
    command("set", _set, "设 PIN（RUHU_PIN），全部内容从此加密 / set a PIN: everything is sealed from now on", steps)
    command("change", _change, "把 PIN 从 RUHU_PIN 改为 RUHU_NEW_PIN / change the PIN", steps)


def _needs_step(desk: Any) -> None:
    raise AssertionError("the parser asks for a step")


def _set(desk: Any) -> None:
    store: Store = desk.notebook.store
    if Vault.stands_in(store.folder):
        raise HasPin
    store.seal_all(_vault(store.folder).make(_given(PIN)))
    desk.answer(
        {"pin": "set"}, "已加锁，以后每次都要给出 RUHU_PIN。 / Locked: from now on every command needs RUHU_PIN."
    )


def _change(desk: Any) -> None:
    store: Store = desk.notebook.store
    if not Vault.stands_in(store.folder):
        raise HasNoPin
    _vault(store.folder).change_pin(_given(PIN), _given(NEW_PIN))
    desk.answer({"pin": "changed"}, "PIN 已更改。 / The PIN is changed.")


def _vault(folder: Path) -> Vault:
    from mobile.device.desktop import FileKeyStore  # late: a profile without a lock needs none of it

    return Vault(folder, FileKeyStore(Path(os.environ.get(KEYS) or Path.home() / ".ruhu" / "keys")))


def _given(name: str) -> str:
    pin = os.environ.get(name)
    if not pin:
        raise NoPinGiven(name)
    return pin
