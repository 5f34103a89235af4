"""An office with people of every role and a little data, and a browser that fills in forms: what the console's tests have in common."""

import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server import access, accounts
from server.acts.campaigns import add_campaign
from server.acts.desk import desk_writer
from server.app import create_app
from server.audit import Act
from server.audit import read as read_trail
from server.config import Config
from server.imports.area_store import import_areas
from server.imports.areas import NINGMING, read_areas
from server.service import Service, now_ms
from server.store import TownshipStore
from server.upkeep.upgrade import upgrade
from shared.record import Key, Record
from shared.sync.gate import Gate

TOWN, OTHER_TOWN = "451422103", "451422101"
VILLAGE, SECOND_VILLAGE, OTHER_VILLAGE = "451422103001", "451422103201", "451422101001"
PEOPLE: Mapping[str, tuple[list[str], list[str]]] = {
    "韦桌员": (["desk"], [f"township:{TOWN}"]),
    "农桌员": (["desk"], [f"township:{TOWN}"]),
    "黄领导": (["leader"], [f"township:{TOWN}"]),
    "李村长": (["leader"], [f"village:{VILLAGE}"]),
    "陆县员": (["county"], [f"township:{TOWN}", f"township:{OTHER_TOWN}"]),
    "管理员": (["admin"], [f"township:{TOWN}", f"township:{OTHER_TOWN}"]),
    "邻镇员": (["desk"], [f"township:{OTHER_TOWN}"]),
    "韦干部": (["cadre"], [f"village:{VILLAGE}"]),
    "覃党员": (["party_member"], []),
}
"""Name to roles and grants. The last two work in the field and never sign in here."""
DESK, SECOND_DESK, LEADER, VILLAGE_LEADER, COUNTY, ADMIN, NEIGHBOUR = list(PEOPLE)[:7]


def make_office(folder: Path) -> Path:
    """A set-up instance: areas, PEOPLE, a campaign. No households: each test writes what it needs with `Office.write`."""
    app = create_app(Config.at(folder))
    upgrade(app)
    database = app.extensions["ruhu"].database
    import_areas(database, read_areas(NINGMING))
    for name, (roles, grants) in PEOPLE.items():
        access.add_user(database, name, roles, grants, now_ms())
    add_campaign(database, TOWN, "大走访", starts_on="2018-09-01", ends_on="2099-12-31", strict=False, by="测试")
    database.engine.dispose()
    return folder


class Office:
    """The office's app, its database, and a browser for whoever comes in."""

    def __init__(self, folder: Path) -> None:
        self.app = create_app(Config.at(folder))
        self.app.config["RATELIMIT_ENABLED"] = False
        self.service: Service = self.app.extensions["ruhu"]
        self.database = self.service.database
        self.database.compute = None  # figures are added up in place, at every look
        self.folder = folder

    def close(self) -> None:
        self.database.engine.dispose()

    def browser(self, name: str = "") -> "Browser":
        """A browser with this person signed in (past the password: `test_entry` tries the door itself); nobody for ''."""
        browser = Browser(self.app.test_client())
        if name:
            with self.database.transaction() as connection:
                store = TownshipStore(self.database, connection, "")
                person, _ = access.person_named(store, name)
                secret = accounts._open(store, person, now_ms())
            with browser.client.session_transaction() as session:
                session["secret"], session["seen"] = secret, now_ms()
        return browser

    def write(
        self, kind: str, values: Mapping[str, Any], village: str | None = VILLAGE, household: str | None = None,
        id: str | None = None, by: str = "韦干部", township: str = TOWN,
    ) -> str:  # fmt: skip
        """A record written through the gate by the township; returns its id. With `id` it is a change to that record."""
        id_ = id or str(uuid.uuid4())

        def work(store: TownshipStore) -> None:
            gate = Gate(self.database.kinds, store, now_ms)
            row = gate.write(
                desk_writer(township, by, "test"), kind, id_, dict(values), village=village, household=household
            )
            assert row.refusal is None, row.refusal
            gate.close()

        self.database.write(township, work)
        return id_

    def record(self, kind: str, id_: str, township: str = TOWN) -> Record:
        with self.database.read(township) as store:
            return store.load([Key(kind, id_)])[Key(kind, id_)]

    def trail(self, township: str = TOWN) -> list[Act]:
        """The audit trail, oldest first."""
        with self.database.read(township) as store:
            return list(read_trail(store))[::-1]


class Browser:
    """Opens pages and sends forms with their token against forgery, as a browser does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, url: str, part: bool = False) -> TestResponse:
        return self.client.get(url, headers={"HX-Request": "true"} if part else {})

    def page(self, url: str) -> str:
        """A page's HTML; it must open."""
        answer = self.client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.text

    def post(self, url: str, data: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form, with a token as every page of the console carries one."""
        return self.client.post(url, data={**(data or {}), "csrf_token": self.token()}, **more)

    def token(self) -> str:
        found = re.search(
            r'name="csrf_token" value="([^"]+)"', self.client.get("/password", follow_redirects=True).text
        )
        assert found
        return found[1]


def said(answer: TestResponse, browser: Browser) -> str:
    """What the page after an act says."""
    if answer.status_code in (302, 303):
        return browser.page(answer.headers["Location"])
    return str(answer.text)
