"""A photo of 200 KB over a valley's line: 50 kbit/s, 300 ms one way, cut at bytes that chance chose, the phone and the server killed twice.

Real processes on both sides: the terminal phone and `ruhu serve`. What is counted is what the line let through.
"""

import json
import random
import subprocess
from pathlib import Path

from bench.photos import picture
from server.app import create_app
from server.config import Config
from shared.photos import name_of
from tests.demo import DATA, TOWNSHIP, Office, Phone
from tests.photos.slow_line import SlowLine

BITS, DELAY = 50_000, 0.3
CHUNK = 24 * 1024
"""More than the phone sends at a time on such a line (three seconds of it)."""
REQUEST = 1200
"""More than the head of a request, or all of a sync with nothing new."""
VILLAGE = f"{TOWNSHIP}001"


def held(folder: Path, name: str) -> bytes | None:
    app = create_app(Config.at(folder / "server"))
    found: bytes | None = app.extensions["ruhu"].photos.read(TOWNSHIP, name)
    app.extensions["ruhu"].database.engine.dispose()
    return found


def test_a_photo_of_200_kb_arrives_over_a_line_that_is_cut_while_both_sides_are_killed(tmp_path: Path) -> None:
    chance = random.Random(6)
    office, phone = Office(tmp_path), Phone("韦敏", tmp_path)
    office("upgrade")
    office("areas", "import", str(DATA / "ningming_areas.csv"))
    office("user", "add", phone.name, "--role", "cadre", "--grant", f"village:{VILLAGE}")
    office.open()
    line = SlowLine(office.port, BITS, DELAY)
    try:
        phone("enrol", f"http://127.0.0.1:{line.port}", office("enrol", phone.name)["code"])
        phone("sync")
        visit = phone("write", "visit", "mode=home", "remark=屋顶漏雨")["id"]
        phone("sync")
        file = tmp_path / "roof.jpg"
        file.write_bytes(picture(1, (1360, 1020)))
        photo = phone("photo", "add", "visit", visit, "photos", str(file))
        size = photo["bytes"]
        assert 180_000 < size < 260_000

        began = line.up
        line.cut_at(began + int(size * part) + chance.randrange(20_000) for part in (0.1, 0.35, 0.6, 0.8))
        kills = [
            (0.22, "phone"), (0.45, "server"), (0.7, "phone"), (0.9, "server"),
        ]  # fmt: skip
        runs = reached = 0
        while (photo := phone("photo", "list")["photos"][0])["state"] != "sent":
            assert photo["offset"] >= reached, "it began anew"
            reached = photo["offset"]
            runs += 1
            assert runs < 30, "it does not arrive"
            sync = subprocess.Popen(phone.command("sync"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while sync.poll() is None:
                if kills and line.wait_for(began + int(size * kills[0][0]), 0.2):
                    who = kills.pop(0)[1]
                    if who == "phone":
                        sync.kill()
                    else:
                        office.kill()
                        office.open()
                elif not kills:
                    sync.wait()
        assert not kills
        assert line.cut == 4
        assert reached > size // 2, "most of it was there before the last run"
        interruptions = line.cut + 4
        most = size + interruptions * (CHUNK + 4 * REQUEST) + (size // 4096 + runs) * REQUEST // 4
        assert line.up - began <= most, json.dumps({"sent": line.up - began, "size": size, "most": most, "runs": runs})
    finally:
        office.kill()
        line.close()
    kept = held(tmp_path, photo["name"])
    assert kept is not None
    assert office("verify")["ok"]
    assert name_of(kept) != photo["name"], "what is kept was encoded anew"
