"""The people of one phone: a folder each, under a lock of its own; one is open at a time.

Promises: a second person's profile tells nothing about the first but a name, which only this phone's key store opens; a locked profile's
unsent words still reach the township, carried by whoever syncs; none is removed with unsent words in it unless that is said twice.
Leaves to others: the lock (`vault`), what a profile holds (`store`), how a journal travels (`carrying`).
"""

import logging
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobile.carrying import Carried, JournalUnreadable, Post, carry, over_http, waiting
from mobile.disk import BALLAST_BYTES, StorageFull, replace_file
from mobile.photo_files import waiting as waiting_photos
from mobile.store import Store
from mobile.vault import Vault, VaultUnreadable
from shared.sync.phone import PhoneError

if TYPE_CHECKING:
    from mobile.device.ports import KeyStore

LABEL = "label"
_ID = re.compile(r"[0-9a-f]{16}")

log = logging.getLogger(__name__)


class NoSuchProfile(PhoneError):
    code = "no_such_profile"
    words = "这台手机上没有这个档案。 / There is no such profile on this phone."


class StillWaiting(PhoneError):
    """`waiting` changes and so many `photos` would go with it."""

    code = "still_waiting"

    def __init__(self, waiting: int, photos: int = 0) -> None:
        super().__init__(
            f"这个档案还有 {waiting} 条{f'和 {photos} 张照片' if photos else ''}没有上传，删除后就没有了；请先同步，或再次确认删除。"
            f" / {waiting} changes{f' and {photos} photos' if photos else ''} in this profile are not sent yet and would be gone."
            " Sync first, or confirm once more."
        )
        self.waiting, self.photos = waiting, photos


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's place on this phone. `label` is the name, empty when it is not known; `waiting` counts changes not known to be sent."""

    id: str
    label: str
    destroyed: bool
    waiting: int


class Profiles:
    """Everybody on this phone; `root` holds one folder a person. `cost` is scrypt's n, None to suit this phone; `now` ms since 1970."""

    def __init__(
        self,
        root: Path,
        keystore: "KeyStore",
        ballast_bytes: int = BALLAST_BYTES,
        cost: int | None = None,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._root = root
        self._keystore = keystore
        self._ballast_bytes = ballast_bytes
        self._cost = cost
        self._now = now
        self._one = threading.RLock()
        self._store: Store | None = None
        self._labels: dict[str, str] = {}  # as far as they were read: a phone's key store takes its time

    # --- who there is ----------------------------------------------------------------------------------------------

    def list(self) -> Sequence[Profile]:
        """Everybody, oldest first."""
        found = []
        for folder in self._folders():
            try:
                destroyed, created = self._vault(folder).destroyed, self._vault(folder).created
            except VaultUnreadable:
                destroyed, created = True, 0
            try:
                waiting = self.waiting(folder.name)
            except JournalUnreadable as error:  # it is said when it is carried; here it keeps nobody from unlocking
                log.warning("journal: %s", error.detail)
                waiting = 0
            found.append((created, Profile(folder.name, self._label(folder), destroyed, waiting)))
        return [profile for _, profile in sorted(found, key=lambda one: (one[0], one[1].id))]

    def waiting(self, id: str) -> int:
        """How many changes of a profile are not known to have reached the township. JournalUnreadable."""
        folder = self._folder(id)
        if self._store and self._store.folder == folder:
            return self._store.count_unsent()
        return waiting(folder)

    @property
    def opened(self) -> str:
        """The id of the open profile; empty when all are locked."""
        return self._store.folder.name if self._store else ""

    # --- opening and locking ---------------------------------------------------------------------------------------

    def create(self, pin: str) -> Store:
        """A new profile under this PIN, open; the one that was open is locked. PinRefused; then nothing is made."""
        with self._one:
            self.lock()
            folder = self._root / secrets.token_hex(8)
            try:
                seal = self._vault(folder).make(pin, self._cost)
            except BaseException:
                shutil.rmtree(
                    folder, ignore_errors=True
                )  # without its lock it is nobody's, and nothing would find it again
                raise
            try:
                self._store = Store(folder, self._ballast_bytes, seal=seal)
            except BaseException:
                self.remove(folder.name, force=True)
                raise
            return self._store

    def enrol(self, pin: str, begin: Callable[[Store], str]) -> Store:
        """A new profile, open, that `begin` has enrolled; it gives the person's name. When it fails, no profile is left behind."""
        with self._one:
            store = self.create(pin)
            try:
                label = begin(store)
            except BaseException:
                self.lock()
                self.remove(store.folder.name, force=True)
                raise
            self._keep_label(store.folder, label)
            return store

    def open(self, id: str, pin: str) -> Store:
        """A person's store; the one that was open is locked. WrongPin, VaultDestroyed, or what else the vault says."""
        with self._one:
            folder = self._folder(id)
            seal = self._vault(folder).open(pin)
            self.lock()
            self._store = Store(folder, self._ballast_bytes, seal=seal)
            enrolment = self._store.enrolment()
            if enrolment:
                self._keep_label(folder, str(enrolment.user.get("name") or ""))
            return self._store

    def change_pin(self, old: str, new: str) -> None:
        """Another PIN for the open profile; a wrong old one is a try. PinRefused, WrongPin, VaultDestroyed; NoSuchProfile when all are locked."""
        with self._one:
            if self._store is None:
                raise NoSuchProfile
            self._vault(self._store.folder).change_pin(old, new)

    def lock(self) -> None:
        """Close the open profile, if there is one, and forget its key. Whoever syncs it must have stopped."""
        with self._one:
            if self._store:
                self._store.close()
                self._store = None

    # --- carrying and removing -------------------------------------------------------------------------------------

    def carry(self, post: Post = over_http) -> Sequence[Carried]:
        """Take the others' unsent words to the township: one answer for each profile that had any to send, or could not."""
        done = [carry(folder, post, self._now()) for folder in self._folders() if folder.name != self.opened]
        return [one for one in done if one.sent or one.error]

    def remove(self, id: str, force: bool = False) -> None:
        """A profile and its keys are gone. StillWaiting when it holds unsent words or photos, JournalUnreadable when it may, unless `force`."""
        with self._one:
            folder = self._folder(id)
            unsent, photos = (0, 0) if force else (self.waiting(id), self._photos(folder))
            if unsent or photos:
                raise StillWaiting(unsent, photos)
            if self.opened == id:
                self.lock()
            try:
                self._vault(folder).destroy()
            except VaultUnreadable:
                log.warning("vault: unreadable, removed as it is")  # nothing tells the name of its key
            except StorageFull:
                log.warning("vault: not written on a full disk, removed as it is")  # the phone's key went first
            self._keystore.destroy(_label_key(folder))
            shutil.rmtree(folder)
            self._labels.pop(id, None)

    def _photos(self, folder: Path) -> int:
        """How many photos would be lost that the township does not have. With the key those are lost already."""
        try:
            return 0 if self._vault(folder).destroyed else waiting_photos(folder)
        except VaultUnreadable:
            return 0

    # --- folders and labels ----------------------------------------------------------------------------------------

    def _folders(self) -> Sequence[Path]:
        if not self._root.exists():
            return []
        return sorted(
            folder for folder in self._root.iterdir() if _ID.fullmatch(folder.name) and Vault.stands_in(folder)
        )

    def _folder(self, id: str) -> Path:
        folder = self._root / id
        if not _ID.fullmatch(id) or not Vault.stands_in(folder):
            raise NoSuchProfile(id)
        return folder

    def _vault(self, folder: Path) -> Vault:
        return Vault(folder, self._keystore)

    def _label(self, folder: Path) -> str:
        if folder.name not in self._labels:
            try:
                label = self._keystore.unwrap(_label_key(folder), (folder / LABEL).read_bytes()).decode()
            except (
                OSError,
                ValueError,
                PhoneError,
            ):  # a name is a convenience: without it the profile opens all the same
                return ""
            self._labels[folder.name] = label
        return self._labels[folder.name]

    def _keep_label(self, folder: Path, label: str) -> None:
        """Write a name down for the lock's page. Where that fails, the next opening tries again."""
        if self._label(folder) == label:
            return
        try:
            replace_file(folder / LABEL, self._keystore.wrap(_label_key(folder), label.encode()))
            self._labels[folder.name] = label
        except (OSError, PhoneError) as error:
            log.warning("label: %s", type(error).__name__)


def _label_key(folder: Path) -> str:
    """The key of a name is another than the vault's: it outlives ten wrong PINs, so that one sees whose words still wait."""
    return f"ruhu-label-{folder.name}"
