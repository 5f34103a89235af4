"""Photos from the yard to the township: taken where there is no signal, through a flat battery, and told until all are there.

A real server process, real HTTP, the real lock; on paper and on glass.
"""

import time
from pathlib import Path

import pytest

from mobile.pages.blocks import Photos
from tests.demo import Office
from tests.journeys.app_phone import AppPhone, Surface
from tests.journeys.test_visit import Phone, Watch
from tests.scenes import photograph

JPEG = b"\xff\xdb\x00\x43"
"""How a JPEG's tables of brightness begin: so long that no sealed file holds it by chance."""


def states(phone: AppPhone, field: str) -> list[str]:
    """What stands below each photo of a field."""
    block = phone.hand.block(field)
    assert isinstance(block, Photos)
    return [picture.state for picture in block.pictures]


@pytest.mark.slow
def test_photos_before_and_after_reach_the_township_from_a_yard_without_signal(
    office: Office, tmp_path: Path, surface: Surface
) -> None:
    nong = Phone(tmp_path / "nong", Watch(), office, office("enrol", "农队员")["code"])
    home = nong.doors.new_id()
    nong.write("household", home, {"head_name": "覃秀英", "household_no": "0001", "hamlet": "那桃屯"})
    nong.line.once()
    wei = AppPhone(tmp_path / "wei", surface, time.time_ns() // 1_000_000)
    url = f"http://127.0.0.1:{office.port}"
    wei.enrol(office("enrol", "韦干部", "--url", url)["invitation"])

    # No signal. A photo before, one after; then the battery is flat.
    office.kill()
    wei.app.go("household", id=home)
    wei.hand.tap("cleanup")
    check = wei.app.page.where["id"]
    for field, scene in (("photos_before", "yard"), ("photos", "yard_clean")):
        wei.device.camera.answers.append(photograph(scene))
        wei.hand.tap(field, "add")
    wei.lose_power()
    assert wei.app.page.where["id"] == check
    assert states(wei, "photos_before") == states(wei, "photos") == ["没上传"]
    wei.hand.tap("e1_house", "full")
    wei.hand.tap("save")
    wei.sync_in_vain()
    wei.app.go("household", id=home)
    assert wei.hand.sees("照片 0/2")

    # With signal the words go first, the photos follow by themselves.
    office.open()
    wei.sync()
    photos = wei.app.session.photos
    wei.wait(lambda: {one.state for one in photos.of("cleanup_check", check)} == {"sent"}, "both photos to arrive")
    wei.app.redraw()
    assert not wei.hand.sees("照片 0/2")
    wei.hand.tap(f"cleanup_check/{check}")
    assert states(wei, "photos_before") == states(wei, "photos") == ["已上传"]

    # Nong reads of them, and that they are not on his phone; the township holds them whole.
    nong.line.once()
    (record,) = nong.records("cleanup_check", household=home)
    named = [*record.record.values["photos_before"], *record.record.values["photos"]]
    assert sorted(named) == sorted(one.name for one in photos.of("cleanup_check", check))
    assert office("verify")["ok"]
    held = {path.name.partition(".")[0] for path in Path(office.env["RUHU_INSTANCE"]).glob("photos/*/*/*.jpg")}
    assert held == set(named)
    assert JPEG in photograph("yard")
    assert not [path for path in wei.folder.rglob("*") if path.is_file() and JPEG in path.read_bytes()]
    wei.hand.put_away()
