"""Key stores in memory and in files, profiles that cost no waiting, and a township's real server in a process of its own."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mobile.device.desktop import FileKeyStore
from mobile.device.fake import FakeKeyStore
from mobile.profiles import Profiles
from server.cli import main
from server.imports.areas import NINGMING
from tests.sync.conftest import backends, pg_server, world
from tests.vault.stage import COST, VILLAGE, Key25519

__all__ = ["backends", "pg_server", "world"]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def keystore() -> FakeKeyStore:
    return FakeKeyStore()


@pytest.fixture(scope="session")
def key() -> Key25519:
    return Key25519()


@pytest.fixture
def profiles(tmp_path: Path) -> Iterator[Profiles]:
    """A phone of several people, its keys in files."""
    made = Profiles(tmp_path / "profiles", FileKeyStore(tmp_path / "keys"), ballast_bytes=0, cost=COST)
    yield made
    made.lock()


class Office:
    """An instance folder with 农小妹 and 韦敏, a clerk at its command line, and its server when it is wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"RUHU_INSTANCE": str(folder), "RUHU_DATABASE_URL": ""}
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, words, env=self.env)

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def serve(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--port", "0"],
            env={**os.environ, **self.env, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self._process.stdout
        words = self._process.stdout.readline()
        port = int(words.rstrip("/\n").rpartition(":")[2])
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def log(self) -> list[tuple[str, str, str]]:
        """(writer, record, what was written) of every change taken, in order."""
        with contextlib.closing(sqlite3.connect(self.folder / "ruhu.db")) as connection:
            rows = connection.execute(
                "SELECT written_by, record, written FROM changes WHERE refusal IS NULL ORDER BY seq"
            )
            return [tuple(row) for row in rows]


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    office = Office(tmp_path_factory.mktemp("vault") / "instance")
    office.json("upgrade")
    office.json("areas", "import", str(NINGMING))
    for name in ("农小妹", "韦敏"):
        office.json("user", "add", name, "--role", "cadre", "--grant", f"village:{VILLAGE}")
    return office.folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Iterator[Office]:
    made = Office(Path(shutil.copytree(ready, tmp_path / "instance")))
    yield made
    made.stop()


@pytest.fixture
def killed(tmp_path: Path) -> Callable[..., None]:
    """Runs a script in a process of its own that must end itself with os._exit(9), as a power cut would."""

    def run(script: str, *arguments: object) -> None:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 9, done.stderr

    return run
