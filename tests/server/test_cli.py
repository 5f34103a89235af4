"""`ruhu` as a clerk types it: every command with --json, its words, and what it says when it cannot."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server import accounts
from server import run as running
from server.app import create_app
from server.cli import main
from server.config import Config
from server.imports.areas import NINGMING
from server.imports.plan import Imported
from server.service import Service, now_ms

TOWNSHIP, VILLAGE, OTHER = "451422103", "451422103001", "451422103201"


class Office:
    """A clerk at the command line, and a phone's raw requests to the same database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"RUHU_INSTANCE": str(folder), "RUHU_DATABASE_URL": ""}

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, words, env=self.env)

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def fails(self, *words: str) -> str:
        result = self.run(*words, "--json")
        assert result.exit_code == 1, result.output
        return str(json.loads(result.stderr)["error"])

    def phone(self, name: str) -> "Phone":
        app = create_app(Config.at(self.folder))
        body = {"code": self.json("enrol", name)["code"], "device": {"name": "x", "platform": "y", "app": "z"}}
        return Phone(app.test_client(), app.test_client().post("/api/v1/enrol", json=body).json)


class Phone:
    def __init__(self, client: Any, enrolled: Any) -> None:
        self.client, self.me, self.number = client, enrolled, 0

    def write(self, kind: str, id_: str, values: dict[str, Any], base: dict[str, Any] | None = None) -> Any:
        self.number += 1
        stamp = f"{now_ms() - 1000:012x}-{self.number:04x}-{self.me['device']}"
        change = {"number": self.number, "kind": kind, "id": id_, "village": VILLAGE, "household": None}
        return self.sync([{**change, "stamp": stamp, "set": values, "base": base or {}}])

    def sync(self, changes: list[dict[str, Any]]) -> Any:
        body = {"protocol": 1, "cursors": {}, "changes": changes}
        return self.client.post("/api/v1/sync", json=body, headers={"Authorization": f"Bearer {self.me['token']}"}).json


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "instance")
    made.json("upgrade")
    made.json("areas", "import", str(NINGMING))
    return made


def test_upgrading_again_keeps_the_epoch(office: Office) -> None:
    assert office.json("upgrade") == office.json("upgrade")


def test_areas_are_counted_without_the_farms_and_import_again_unchanged(office: Office) -> None:
    again = office.json("areas", "import", str(NINGMING))
    assert (again["townships"], again["villages"]) == (13, 190)
    assert (again["areas"]["created"], again["areas"]["updated"]) == (0, 0)


def test_a_person_a_code_a_phone_and_its_end(office: Office) -> None:
    assert uuid.UUID(office.json("user", "add", "韦敏", "--role", "cadre", "--grant", f"village:{VILLAGE}")["id"])
    phone = office.phone("韦敏")
    assert phone.sync([])["grants"] == [f"village:{VILLAGE}"]
    (device,) = office.json("device", "list")["devices"]
    assert device["person"] == "韦敏"
    assert not device["revoked"]
    office.json("device", "revoke", device["device"])
    assert phone.sync([])["code"] == "revoked"


def test_grants_are_given_and_taken_with_the_next_request(office: Office) -> None:
    office.json("user", "add", "韦敏", "--role", "cadre", "--grant", f"village:{VILLAGE}")
    phone = office.phone("韦敏")
    office.json("user", "grant", "韦敏", f"village:{OTHER}")
    assert phone.sync([])["grants"] == [f"village:{VILLAGE}", f"village:{OTHER}"]
    office.json("user", "ungrant", "韦敏", f"village:{VILLAGE}")
    assert phone.sync([])["grants"] == [f"village:{OTHER}"]
    assert "没有这项授权" in office.fails("user", "ungrant", "韦敏", f"village:{VILLAGE}")


def test_several_grants_may_be_given_either_way(office: Office) -> None:
    grants = [f"village:{OTHER}", f"village:{VILLAGE}"]
    office.json("user", "add", "甲", "--role", "cadre", "--grant", grants[0], "--grant", grants[1])
    office.json("user", "add", "乙", "--role", "cadre", "--grant", *grants)
    for name in ("甲", "乙"):
        assert office.phone(name).sync([])["grants"] == sorted(grants)


def test_what_cannot_be_is_said_in_words_and_changes_nothing(office: Office) -> None:
    assert "没有这个角色" in office.fails("user", "add", "x", "--role", "king")
    assert "没有这个地方" in office.fails("user", "add", "x", "--role", "cadre", "--grant", "village:451422103999")
    assert "授权写法不对" in office.fails("user", "add", "x", "--role", "cadre", "--grant", "village:1")
    assert "没有这个用户" in office.fails("enrol", "x")
    assert "没有这条记录" in office.fails("household", "move", str(uuid.uuid4()), OTHER)
    assert "没有这条记录" in office.fails("conflicts", "resolve", str(uuid.uuid4()), "--keep", "losing")
    assert "乡镇" in office.fails("roster", "import", str(NINGMING), "--township", "451422401")
    office.json("user", "add", "x", "--role", "cadre")
    assert "已有同名用户" in office.fails("user", "add", "x", "--role", "cadre")
    assert "--township" in office.fails("enrol", "x")


def test_a_command_before_the_first_upgrade_says_what_to_do(tmp_path: Path) -> None:
    assert "ruhu upgrade" in Office(tmp_path / "empty").fails("conflicts", "list")


def test_a_conflict_is_listed_resolved_and_gone_from_the_open_ones(office: Office) -> None:
    for name in ("韦敏", "农强"):
        office.json("user", "add", name, "--role", "cadre", "--grant", f"village:{VILLAGE}")
    wei, nong = office.phone("韦敏"), office.phone("农强")
    home = str(uuid.uuid4())
    wei.write("household", home, {"categories": ["key"], "remark": "漏雨"})
    nong.write("household", home, {"categories": ["disabled"], "remark": "不漏"})
    listed = office.json("conflicts", "list")["conflicts"]
    assert {(c["field"], c["status"]) for c in listed} == {("categories", "open"), ("remark", "quiet")}
    (waiting,) = office.json("conflicts", "list", "--open")["conflicts"]
    assert {"id", "kind", "record", "field", "losing", "standing", "status"} <= waiting.keys()
    assert (waiting["losing"], waiting["standing"]) == (["key"], ["disabled"])
    assert "其一" in office.fails("conflicts", "resolve", waiting["id"])
    assert office.fails("conflicts", "resolve", waiting["id"], "--value", "no list")
    office.json("conflicts", "resolve", waiting["id"], "--value", '["key", "disabled"]', "--by", "陆")
    assert office.json("conflicts", "list", "--open")["conflicts"] == []
    records = {(r["kind"], r["id"]): r["values"] for r in wei.sync([])["records"]}
    assert records["household", home]["categories"] == ["key", "disabled"]
    assert records["conflict", waiting["id"]]["decided_by"] == "陆"
    assert office.json("verify")["ok"]


def test_a_household_moves_with_its_members(office: Office) -> None:
    office.json("user", "add", "韦敏", "--role", "cadre", "--grant", f"village:{VILLAGE}")
    phone = office.phone("韦敏")
    home = str(uuid.uuid4())
    phone.write("household", home, {"head_name": "何海强"})
    assert office.json("household", "move", home, OTHER)["moved"] == [home]
    assert phone.sync([])["records"] == []


def test_what_was_taken_but_is_worth_a_look_is_listed_without_anybodys_words(office: Office) -> None:
    office.json("user", "add", "韦敏", "--role", "cadre", "--grant", f"village:{VILLAGE}")
    phone, visit, home = office.phone("韦敏"), str(uuid.uuid4()), str(uuid.uuid4())
    phone.write("visit", visit, {"remark": "屋顶漏雨", "mode": "by_drone"})
    office.json("user", "ungrant", "韦敏", f"village:{VILLAGE}")
    phone.write("household", home, {"head_name": "何海强", "household_no": "1"})
    listed = office.json("warnings", "--township", TOWNSHIP)["warnings"]
    found = {(w["code"], w["id"]): w["fields"] for w in listed}
    assert "started_at" in found["incomplete", visit]
    assert found["unknown_choice", visit] == ["mode"]
    assert found["late", home] == ["head_name", "household_no"]
    assert "漏雨" not in str(listed)


def test_a_read_token_reads_its_village(office: Office) -> None:
    token = office.json("token", "add", "报表", "--grant", f"village:{VILLAGE}")["token"]
    client = create_app(Config.at(office.folder)).test_client()
    reply = client.get("/api/v1/records/household", headers={"Authorization": f"Bearer {token}"})
    assert (reply.status_code, reply.json["records"]) == (200, [])
    assert "同一个乡镇" in office.fails(
        "token", "add", "x", "--grant", f"village:{VILLAGE}", "--grant", "township:451422102"
    )


def test_a_backup_restores_into_a_new_epoch(office: Office, tmp_path: Path) -> None:
    epoch = office.json("upgrade")["epoch"]
    office.json("backup", str(tmp_path / "b.zip"))
    restored = office.json("restore", str(tmp_path / "b.zip"))
    assert restored["epoch"] != epoch
    assert office.json("verify")["ok"]


@pytest.mark.parametrize(
    "words", [[], ["user"], ["user", "add"], ["serve"], ["run"], ["roster", "import"], ["conflicts", "resolve"]]
)
def test_help_is_bilingual_everywhere(office: Office, words: list[str]) -> None:
    result = office.run(*words, "--help")
    assert result.exit_code == 0
    assert any("一" <= c <= "鿿" for c in result.output)


def test_people_are_listed_with_their_roles_and_the_grants_they_hold_now(office: Office) -> None:
    office.json("user", "add", "韦敏", "--role", "cadre", "--grant", f"village:{VILLAGE}", f"village:{OTHER}")
    office.json("user", "ungrant", "韦敏", f"village:{OTHER}")
    (user,) = office.json("user", "list")["users"]
    assert (user["name"], user["roles"], user["grants"]) == ("韦敏", ["cadre"], [f"village:{VILLAGE}"])
    assert f"village:{VILLAGE}" in office.run("user", "list").output


# --- accounts of the console ---------------------------------------------------------------------------------------


def sign_in(folder: Path, name: str, password: str) -> str:
    service: Service = create_app(Config.at(folder)).extensions["ruhu"]
    try:
        return accounts.sign_in(service.database, name, password, now_ms())
    finally:
        service.database.engine.dispose()


def test_a_one_time_password_opens_the_console_until_the_next_one_is_given(office: Office) -> None:
    office.json("user", "add", "陆桌员", "--role", "desk", "--grant", f"township:{TOWNSHIP}")
    first = office.json("user", "password", "陆桌员")["password"]
    assert sign_in(office.folder, "陆桌员", first)
    shown = office.run("user", "password", "陆桌员").output
    assert first not in shown
    with pytest.raises(accounts.SignInError):
        sign_in(office.folder, "陆桌员", first)
    assert "没有这个用户" in office.fails("user", "password", "没有这人")


def test_a_disabled_person_neither_signs_in_nor_syncs_until_enabled_again(office: Office) -> None:
    office.json("user", "add", "韦敏", "--role", "cadre", "--role", "desk", "--grant", f"village:{VILLAGE}")
    phone, password = office.phone("韦敏"), office.json("user", "password", "韦敏")["password"]
    assert office.json("user", "disable", "韦敏") == {"user": "韦敏", "disabled": True}
    assert phone.sync([])["code"] == "revoked"
    with pytest.raises(accounts.SignInError):
        sign_in(office.folder, "韦敏", password)
    assert "没有这个用户" in office.fails("user", "disable", "韦敏")
    assert office.json("user", "list")["users"][0]["disabled"]
    assert office.json("user", "enable", "韦敏") == {"user": "韦敏", "disabled": False}
    assert phone.sync([])["grants"] == [f"village:{VILLAGE}"]
    assert sign_in(office.folder, "韦敏", password)
    assert "没有停用的用户" in office.fails("user", "enable", "韦敏")


def test_the_last_administrator_is_not_disabled(office: Office) -> None:
    office.json("user", "add", "甲", "--role", "admin")
    assert "至少要留一位" in office.fails("user", "disable", "甲")
    office.json("user", "add", "乙", "--role", "admin")
    office.json("user", "disable", "甲")
    assert "至少要留一位" in office.fails("user", "disable", "乙")
    assert not next(user for user in office.json("user", "list")["users"] if user["name"] == "乙")["disabled"]


def test_adding_somebody_names_every_role(office: Office) -> None:
    told = office.run("user", "add", "--help").output
    assert all(role in told for role in ("cadre", "party_member", "desk", "leader", "county", "admin"))


def test_the_demonstration_says_once_how_everybody_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "serve", lambda *_: None)
    # Its households are not what is asked for here.
    monkeypatch.setattr(running, "import_roster", lambda *_, **__: Imported())
    folder = tmp_path / "demo"
    first: list[str] = []
    running.run_demo_server(Config.at(folder), "127.0.0.1", 8000, first.append)
    given = {
        words[0]: words[1] for line in first if len(words := line.split()) > 1 and words[0] in running.DEMO_ACCOUNTS
    }
    assert sorted(running.DEMO_ACCOUNTS.values()) == ["admin", "county", "desk", "desk", "leader"]
    assert given.keys() == running.DEMO_ACCOUNTS.keys()
    assert all(sign_in(folder, name, password) for name, password in given.items())
    again: list[str] = []
    running.run_demo_server(Config.at(folder), "127.0.0.1", 8000, again.append)
    told = "\n".join(again)
    assert not any(password in told for password in given.values())
    assert all(name in told for name in given)
    assert "ruhu user password" in told
