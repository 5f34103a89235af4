"""The terminal phone's photos: taken of a picture file, listed, sent. After each sync they are sent by themselves.

Leaves to others: the photos (`photos`), the lane (`sending`), the camera a desktop plays (`device.desktop`).
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobile.sending import Lane, Sending
from mobile.words import line_of_photo
from shared.sync.phone import PhoneError


class NoSuchFile(PhoneError):
    code = "no_such_file"
    words = "没有这个文件，或读不出来。 / There is no such file, or it cannot be read."


def add_photos(command: Callable[..., Any]) -> None:
    """Hang these commands on the parser; `command` is the terminal's own way to add one."""
    sub = command("photo", _needs_step, "照片：添加、列出、上传 / photos: add, list, send")
    steps = sub.add_subparsers(dest="step", required=True, metavar="STEP")
    step = command(
        "add", _add, "给一条记录的照片栏加一张，并保存 / add one to a record's field of photos, and save", steps
    )
    step.add_argument("kind", metavar="KIND", help="种类 / kind")
    step.add_argument("id", metavar="ID", help="记录编号 / the record's id")
    step.add_argument("field", metavar="FIELD", help="照片栏 / photos, photos_before")
    step.add_argument("file", metavar="FILE", help="图片文件 / a picture")
    command("list", _list, "手机里的照片 / the photos on this phone", steps)
    command("send", _send, "上传照片 / send photos", steps)


def send_after_sync(desk: Any) -> Lane | None:
    """Send photos once records are through; None when there was nothing to send. What goes wrong is said and spoils nothing: the sync worked.

    Sent ones count too: a township that was set back is offered them again.
    """
    if not desk.photos.waiting() and not desk.notebook.store.photo_files.ids():
        desk.photos.sweep()
        return None
    sending = Sending(desk.photos, desk.syncing().idle)
    try:
        sending.run(_tell)
    except PhoneError as error:
        print(f"照片还没传完：{error} / Photos are not all sent yet.", file=sys.stderr)
    lane = sending.lane
    return lane if lane.arrived or lane.waiting else None


def words_of(lane: Lane) -> str:
    return f"照片 {lane.arrived}/{lane.arrived + lane.waiting} / photos {lane.arrived} of {lane.arrived + lane.waiting}"


def body_of_lane(lane: Lane) -> dict[str, int]:
    return {"arrived": lane.arrived, "waiting": lane.waiting}


def _needs_step(desk: Any) -> None:
    raise AssertionError("the parser asks for a step")


def _add(desk: Any) -> None:
    from mobile.device.desktop import FileCamera  # late: most commands need no camera

    given = desk.given
    desk.notebook.get(given.kind, given.id)
    file = Path(given.file)
    if not file.is_file():
        raise NoSuchFile(given.file)
    photo, path = desk.photos.begin(given.kind, given.id, given.field)
    FileCamera(lambda work: work(), file).take(path, lambda told: desk.photos.taken(photo.id, told))
    desk.notebook.save(given.kind, given.id)
    kept = desk.photos.get(photo.id)
    desk.answer(asdict(kept), f"已存在手机里。 / Saved on the phone. {line_of_photo(kept)}")


def _list(desk: Any) -> None:
    found = desk.photos.all()
    lines = [*map(line_of_photo, found), f"共 {len(found)} 张，待上传 {desk.photos.waiting()} 张 / waiting to be sent"]
    desk.answer({"photos": [asdict(photo) for photo in found]}, "\n".join(lines))


def _send(desk: Any) -> None:
    lane = Sending(desk.photos, desk.syncing().idle).run(_tell)
    desk.answer(body_of_lane(lane), words_of(lane))


def _tell(lane: Lane) -> None:
    print(words_of(lane), file=sys.stderr)
