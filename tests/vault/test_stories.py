"""Whole stories with a real server in a process of its own: a forgotten PIN, a second person, a terminal phone under lock."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mobile import terminal
from mobile.device.desktop import FileKeyStore
from mobile.journal import JOURNAL
from mobile.notebook import Notebook
from mobile.profiles import Profiles, StillWaiting
from mobile.store import Store
from mobile.syncing import Syncing
from mobile.vault import MOST_TRIES, VaultDestroyed, WrongPin
from shared.kinds import KINDS
from tests.vault.conftest import Office
from tests.vault.stage import COST, OTHER_PIN, PIN, VILLAGE, WRONG, found_in

SECRETS = ("覃桂兰", "452132196305061234", "13877125566", "屋顶漏雨", "农小妹", "韦敏")


class People:
    """The people of one phone, their server over the wire."""

    def __init__(self, profiles: Profiles, office: Office) -> None:
        self.profiles, self.office = profiles, office
        self.store: Store | None = None

    def enrol(self, name: str, pin: str) -> str:
        """A person joins with a code of the office; the profile stays open."""

        def begin(store: Store) -> str:
            code = self.office.json("enrol", name)["code"]
            done = Syncing(store, KINDS, clock).enrol(self.office.url, code, "x", "test")
            return str(done.user["name"])

        self.store = self.profiles.enrol(pin, begin)
        return self.store.folder.name

    def open(self, id_: str, pin: str) -> None:
        self.store = self.profiles.open(id_, pin)

    def write(self, **values: Any) -> str:
        assert self.store
        written = Notebook(self.store, KINDS).write("household", None, values, village=VILLAGE)
        assert written
        return written.id

    def sync(self) -> Any:
        assert self.store
        return Syncing(self.store, KINDS, clock).once()

    def forget_pin(self, id_: str) -> None:
        """Ten wrong ones."""
        for _ in range(MOST_TRIES - 1):
            with pytest.raises(WrongPin):
                self.profiles.open(id_, WRONG)
        with pytest.raises(VaultDestroyed):
            self.profiles.open(id_, WRONG)


def clock() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def people(profiles: Profiles, office: Office) -> Iterator[People]:
    office.serve()
    yield People(profiles, office)
    profiles.lock()


def written(office: Office) -> list[tuple[str, str]]:
    """(writer, head of household) of every household in the log."""
    return [(writer, json.loads(values)["head_name"]) for writer, _, values in office.log()]


def test_ten_wrong_pins_destroy_and_the_next_persons_sync_brings_every_unsent_word_home(
    people: People, office: Office, tmp_path: Path
) -> None:
    first = people.enrol("农小妹", PIN)
    people.write(head_name="先前")
    people.sync()
    for number in range(3):
        people.write(head_name=f"覃桂兰{number}", phone="13877125566", remark="屋顶漏雨")
    people.profiles.lock()
    assert found_in(tmp_path / "profiles", SECRETS) == []
    people.forget_pin(first)
    with pytest.raises(StillWaiting):
        people.profiles.remove(first)

    people.enrol("韦敏", OTHER_PIN)
    people.write(head_name="韦敏自己的")
    people.sync()
    (carried,) = people.profiles.carry()
    assert (carried.profile, carried.sent, carried.landed, carried.error) == (first, 3, 3, None)

    assert written(office) == [
        ("农小妹", "先前"), ("韦敏", "韦敏自己的"), ("农小妹", "覃桂兰0"), ("农小妹", "覃桂兰1"), ("农小妹", "覃桂兰2"),
    ]  # fmt: skip
    assert people.profiles.carry() == [], "not again today"
    assert people.profiles.waiting(first) == 0
    people.profiles.remove(first)

    people.enrol("农小妹", PIN)
    people.sync()
    assert people.store
    heads = {copy.record.values["head_name"] for copy in people.store.copies("household")}
    assert heads == {"先前", "韦敏自己的", "覃桂兰0", "覃桂兰1", "覃桂兰2"}, "and she has all of it again"
    people.profiles.lock()
    assert found_in(tmp_path / "profiles", SECRETS) == []
    assert office.json("verify")["ok"]


def test_ten_wrong_pins_destroy_and_the_office_recovers_every_unsent_word_from_the_file(
    people: People, office: Office, tmp_path: Path
) -> None:
    first = people.enrol("农小妹", PIN)
    for number in range(3):
        people.write(head_name=f"覃桂兰{number}")
    people.profiles.lock()
    people.forget_pin(first)
    file = tmp_path / "profiles" / first / JOURNAL
    done = office.json("recover", str(file))
    assert (done["lines"], done["taken"]) == (3, 3)
    assert written(office) == [("农小妹", f"覃桂兰{number}") for number in range(3)]
    people.enrol("韦敏", OTHER_PIN)
    (carried,) = people.profiles.carry()
    assert (carried.sent, carried.landed) == (3, 3), "and whoever carries it later does no harm"
    assert len(written(office)) == 3
    assert office.json("verify")["ok"]


def test_a_locked_persons_words_go_out_and_the_persons_own_sync_agrees_afterwards(
    people: People, office: Office
) -> None:
    first = people.enrol("农小妹", PIN)
    home = people.write(head_name="覃桂兰")
    people.enrol("韦敏", OTHER_PIN)
    people.sync()
    assert [carried.landed for carried in people.profiles.carry()] == [1]
    people.sync()
    assert people.store
    (copy,) = people.store.copies("household")
    assert (copy.record.id, copy.record.values["head_name"]) == (home, "覃桂兰")

    people.open(first, PIN)
    assert people.profiles.waiting(first) == 1
    people.write(head_name="另一户")
    summary = people.sync()
    assert (summary.acknowledged, summary.refused, summary.waiting) == (2, 0, 0)
    assert written(office) == [("农小妹", "覃桂兰"), ("农小妹", "另一户")]
    people.open(next(one.id for one in people.profiles.list() if one.id != first), OTHER_PIN)
    assert people.profiles.carry() == [], "the owner's own sync has emptied the journal"


def test_a_server_that_is_away_is_said_and_nothing_is_lost(people: People, office: Office) -> None:
    first = people.enrol("农小妹", PIN)
    people.write(head_name="覃桂兰")
    people.enrol("韦敏", OTHER_PIN)
    office.stop()
    (carried,) = people.profiles.carry()
    assert carried.error is not None
    assert carried.error.code == "offline"
    assert people.profiles.waiting(first) == 1


# --- the terminal phone -----------------------------------------------------------------------------------------------


class Terminal:
    """`ruhu-phone`: runs commands of one profile, with PINs in the environment, and reads their JSON."""

    def __init__(self, folder: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.keys, self.capsys = folder, keys, capsys

    def run(self, *words: str, **pins: str) -> tuple[int, str, str]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Store, "_keep_ballast", lambda self, size: None)
            for name, value in {"RUHU_KEYS": str(self.keys), **pins}.items():
                patched.setenv(name, value)
            code = terminal.main(["--profile", str(self.folder), "--json", *words])
        out, err = self.capsys.readouterr()
        return code, out, err

    def ok(self, *words: str, **pins: str) -> Any:
        code, out, err = self.run(*words, **pins)
        assert code == 0, err
        return json.loads(out)

    def fails(self, *words: str, **pins: str) -> tuple[str, str]:
        code, out, err = self.run(*words, **pins)
        assert (code, out) == (1, "")
        body = json.loads(err.splitlines()[-1])
        return body["error"], body["message"]


def test_a_terminal_phone_under_lock_opens_with_its_pin_only_and_loses_nothing(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.serve()
    phone = Terminal(tmp_path / "phone", tmp_path / "keys", capsys)
    phone.ok("enrol", office.url, office.json("enrol", "农小妹")["code"])
    phone.ok("write", "household", "--village", VILLAGE, "head_name=覃桂兰", "phone=13877125566")
    assert {word for _, word in found_in(tmp_path / "phone", SECRETS)} == {"覃桂兰", "13877125566", "农小妹"}
    assert phone.fails("pin", "set")[0] == "pin_needed"
    assert phone.fails("pin", "set", RUHU_PIN="111111")[0] == "pin_refused"
    assert phone.fails("pin", "change", RUHU_PIN=PIN, RUHU_NEW_PIN=OTHER_PIN)[0] == "has_no_pin"
    assert phone.ok("pin", "set", RUHU_PIN=PIN) == {"pin": "set"}
    assert found_in(tmp_path, SECRETS[:4]) == [], "from now on nothing can be read"

    assert phone.fails("list") == ("pin_needed", phone.fails("list")[1])
    code, words = phone.fails("list", RUHU_PIN=WRONG)
    assert (code, "还可以试 9 次" in words, "9 tries left" in words) == ("wrong_pin", True, True)
    assert phone.fails("pin", "set", RUHU_PIN=PIN)[0] == "has_pin"
    assert phone.ok("pin", "change", RUHU_PIN=PIN, RUHU_NEW_PIN=OTHER_PIN) == {"pin": "changed"}
    assert phone.fails("waiting", RUHU_PIN=PIN)[0] == "wrong_pin"
    assert [one["set"]["head_name"] for one in phone.ok("waiting", RUHU_PIN=OTHER_PIN)["waiting"]] == ["覃桂兰"]
    assert phone.ok("sync", RUHU_PIN=OTHER_PIN)["acknowledged"] == 1
    assert [record["values"]["head_name"] for record in phone.ok("list", RUHU_PIN=OTHER_PIN)["records"]] == ["覃桂兰"]
    assert found_in(tmp_path / "phone", SECRETS) == []


def test_a_copied_profile_does_not_open_without_the_phones_own_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phone = Terminal(tmp_path / "phone", tmp_path / "keys", capsys)
    phone.ok("pin", "set", RUHU_PIN=PIN)
    elsewhere = Terminal(tmp_path / "phone", tmp_path / "no keys", capsys)
    assert elsewhere.fails("list", RUHU_PIN=PIN)[0] == "key_gone"
    assert phone.ok("list", RUHU_PIN=PIN) == {"records": []}


def test_keys_in_files_are_no_part_of_a_profile(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles", FileKeyStore(tmp_path / "keys"), 0, COST)
    store = profiles.create(PIN)
    names = {path.name for path in store.folder.iterdir()}
    profiles.lock()
    keys = [path.read_bytes() for path in (tmp_path / "keys").iterdir()]
    assert keys
    held = b"".join((store.folder / name).read_bytes() for name in names if (store.folder / name).exists())
    assert not [key for key in keys if key in held]
