"""The files of one profile's photos: sealed bytes under `photos/`, one file a photo, and `camera/`, where the camera leaves a plain one.

Promises: a photo is on the disk when `keep` returns, or nothing is left of it; a profile with a PIN has no plain photo under `photos/` once
`seal_all` returned; a file's name tells no more than whether the township has it, so that a locked profile can be counted. Leaves to
others: which photo belongs where (`photos`), the seal (`vault`).
"""

from collections.abc import Iterator
from pathlib import Path

from mobile.disk import StorageFailed, StorageFull, give_up_ballast, replace_file
from mobile.vault import Sealing, is_sealed

FOLDER, CAMERA = "photos", "camera"
_SENT = ".sent"
_PART = ".part"


class PhotoFiles:
    """Photos of the profile in `folder`, by their row's id."""

    def __init__(self, folder: Path, seal: Sealing) -> None:
        self._profile = folder
        self._folder = folder / FOLDER
        self.camera = folder / CAMERA
        self.seal = seal

    def plain(self, id: str) -> Path:
        """Where the camera is to put this photo. The folder is there."""
        self.camera.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.camera / f"{id}.jpg"

    def keep(self, id: str, data: bytes) -> None:
        """Seal a photo. StorageFull, once the profile's reserve was given up too; StorageFailed."""
        sealed = self.seal.close_bytes(data, _at(id))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                replace_file(self._folder / id, sealed)
            except StorageFull:
                if not give_up_ballast(self._profile):
                    raise
                replace_file(self._folder / id, sealed)
        except OSError as error:
            raise StorageFailed(error.strerror or "") from error

    def read(self, id: str) -> bytes | None:
        """A photo's bytes; None when there is no file. Unsealable, PinNeeded.

        A plain file is read too: sealing a profile may wait for room. Whoever reads knows by its hash whether it is the right one.
        """
        for path in (self._folder / id, self._folder / f"{id}{_SENT}"):
            try:
                held = path.read_bytes()
            except FileNotFoundError:
                continue
            return self.seal.open_bytes(held, _at(id)) if is_sealed(held) else held
        return None

    def has(self, id: str) -> bool:
        return (self._folder / id).exists() or (self._folder / f"{id}{_SENT}").exists()

    def mark(self, id: str, sent: bool) -> None:
        """Let the name tell whether the township has it. Nothing happens when there is no file."""
        waits, arrived = self._folder / id, self._folder / f"{id}{_SENT}"
        old, new = (waits, arrived) if sent else (arrived, waits)
        if old.exists():
            old.replace(new)

    def drop(self, id: str) -> None:
        """Nothing of this photo is left, plain or sealed."""
        for path in (self._folder / id, self._folder / f"{id}{_SENT}", self.camera / f"{id}.jpg"):
            path.unlink(missing_ok=True)

    def ids(self) -> set[str]:
        """Every photo there is a file of."""
        return {path.name.removesuffix(_SENT) for path in _files(self._folder) if not path.name.endswith(_PART)}

    def tidy_camera(self) -> None:
        """Nothing plain is left of what the camera was for."""
        for path in _files(self.camera):
            path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away what a kill left half written."""
        for path in _files(self._folder):
            if path.name.endswith(_PART):
                path.unlink(missing_ok=True)

    def seal_all(self) -> None:
        """Seal what was kept plain, file by file; a kill leaves the rest for the next time. StorageFull."""
        self.tidy()
        for path in _files(self._folder):
            held = path.read_bytes()
            if not is_sealed(held):
                replace_file(path, self.seal.close_bytes(held, _at(path.name.removesuffix(_SENT))))


def waiting(folder: Path) -> int:
    """How many photos of a profile, locked or not, are not known to have reached the township."""
    return sum(not path.name.endswith((_SENT, _PART)) for path in _files(folder / FOLDER))


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir())) if folder.is_dir() else iter(())


def _at(id: str) -> str:
    return f"photo|{id}"
