"""An office ready to serve, servers that are gone when the test is, strangers on the line."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.imports.areas import NINGMING
from tests.tls.world import VILLAGE, Listener, Office, Phone, Proxy, Server


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with areas and 韦敏, to be copied."""
    office = Office(tmp_path_factory.mktemp("tls") / "instance")
    office.json("upgrade")
    office.json("areas", "import", str(NINGMING))
    office.json("user", "add", "韦敏", "--role", "cadre", "--grant", f"village:{VILLAGE}")
    return office.folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Office:
    return Office(tmp_path / "instance", ready)


@pytest.fixture
def serve(office: Office) -> Iterator[Callable[..., Server]]:
    """Starts `ruhu serve --tls` for the office."""
    made: list[Server] = []

    def start(port: int = 0) -> Server:
        made.append(Server(office, port))
        return made[-1]

    yield start
    for server in made:
        server.kill()


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    made = Phone(tmp_path / "phone")
    yield made
    made.store.close()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Puts somebody else at a port."""
    made: list[Listener] = []

    def start(*contexts: Any, **options: Any) -> Listener:
        made.append(Listener(contexts, **options))
        return made[-1]

    yield start
    for listener in made:
        listener.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()
