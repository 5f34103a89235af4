"""Pictures that are none, carry something, or are made to hurt: each refused in words, with nothing kept and the server going on. And the
other way round: a clean picture in whose coded pixels such signatures happen to stand is taken.
"""

import contextlib
import io
import struct
import time
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from server.photos import uploads
from server.photos.look import MOST_PIXELS, look
from server.photos.reencode import Limits, reencode
from server.photos.refusal import Busy, PhotoRefused
from shared.photos import name_of
from tests.photos.pictures import (
    as_phones_write_it,
    chunk,
    encoded,
    film,
    jpeg,
    opened,
    png,
    scene,
    segment,
    webp,
    with_chunk,
    with_riff,
    with_segment,
)  # fmt: skip
from tests.photos.sender import Sender
from tests.sync.world import TOWN, World, on_sqlite

STATUS = {"not_a_picture": 415, "unsafe_picture": 422, "too_many_pixels": 422, "wrong_hash": 460}


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("run.js", "alert(1)")
    return out.getvalue()


FOREIGN = {
    "zip": archive(), "pdf": b"%PDF-1.7\n1 0 obj\n<< /OpenAction 2 0 R >>", "page": b"<html><body onload=alert(1)>", "script": b"<ScRiPt >alert(1)</script>",
    "doctype": b"<!DOCTYPE html>", "php": b"<?php system($_GET[0]); ?>", "svg": b"<svg onload=alert(1)>", "program": b"\x7fELF\x02\x01\x01" + b"\0" * 9,
    "rar": b"Rar!\x1a\x07\x01\x00", "shell": b"#!/bin/sh\nrm -rf /",
}  # fmt: skip


def huge_png(width: int, height: int) -> bytes:
    """A PNG of so many pixels in a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def sized_jpeg(width: int, height: int) -> bytes:
    """A JPEG whose header tells another size than its pixels have."""
    data = jpeg()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def sized_webp(width: int, height: int) -> bytes:
    data = encoded(scene().convert("RGBA"), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
    assert data[12:16] == b"VP8X"
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return data[:24] + size + data[30:]


def moving(format_: str) -> bytes:
    frames = [scene(seed) for seed in range(3)]
    return encoded(frames[0], format_, save_all=True, append_images=frames[1:], duration=100)


def many_scans(count: int) -> bytes:
    """A progressive JPEG of one colour whose last scan stands there again and again: few bytes, and a walk over all pixels for each."""
    data = encoded(Image.new("L", (5000, 5000), 100), "JPEG", progressive=True)
    scans = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    return data[:-2] + data[scans[-1] : -2] * count + data[-2:]


def corrupt_png() -> bytes:
    data = bytearray(png())
    at = data.index(b"IDAT") + 300
    data[at : at + 40] = bytes(40)
    return bytes(data)


JPEG, PNG, WEBP = jpeg(), png(), webp()
NOT_PICTURES = {
    "a text": "入户走访".encode() * 50, "one byte": b"\xff", "a beginning": b"\xff\xd8\xff", "a beginning and an end": b"\xff\xd8\xff\xd9",
    "a page": b"<html></html>", "a zip": archive(), "a gif": encoded(scene(), "GIF"), "a bmp": encoded(scene(), "BMP"), "a tiff": encoded(scene(), "TIFF"),
    "a moving gif": moving("GIF"), "a moving png": moving("PNG"), "a moving webp": moving("WEBP"),
    "a jpeg cut in its pixels": JPEG[: len(JPEG) // 2], "a jpeg without its end": JPEG[:-2], "a jpeg cut in its header": JPEG[:100],
    "a png cut in its pixels": PNG[: len(PNG) // 2], "a png without its end": PNG[:-12], "a png without its last byte": PNG[:-1],
    "a png without pixels": huge_png(9, 9).replace(chunk(b"IDAT", zlib.compress(b"\0" * 1000)), b""), "a damaged png": corrupt_png(),
    "a webp cut in its pixels": WEBP[: len(WEBP) // 2], "a webp without a picture": b"RIFF\x04\0\0\0WEBP",
    "a jpeg of no width": sized_jpeg(0, 240), "a jpeg of no height": sized_jpeg(320, 0), "a png of no width": huge_png(0, 5),
    "a jpeg with a segment that goes too far": JPEG[:2] + b"\xff\xfe\xff\xff" + JPEG[2:300], "zeros": bytes(5000), "ones": b"\xff" * 5000,
    "a jpeg with two headers": with_segment(JPEG, 0xC0, JPEG[JPEG.index(b"\xff\xc0") + 4 :][:15]),
    "a jpeg of another sort": JPEG.replace(b"\xff\xc0", b"\xff\xc9", 1), "a png with a chunk nobody knows": with_chunk(PNG, b"ABCD", b"x"),
    "a picture under another's beginning": b"\x89PNG\r\n\x1a\n" + JPEG,
}  # fmt: skip
TOO_MANY = {
    "a png of 40,000 by 40,000": huge_png(40_000, 40_000), "a png of two thousand million by two thousand million": huge_png(2**31 - 1, 2**31 - 1),
    "a jpeg of 65,500 by 65,500": sized_jpeg(65_500, 65_500), "a webp of 16 million by 16 million": sized_webp(2**24, 2**24),
    "a png that is just too large": huge_png(MOST_PIXELS // 1000 + 1, 1000),
}  # fmt: skip
UNSAFE = {
    **{f"a jpeg with a {what} after its end": JPEG + data for what, data in FOREIGN.items()},
    **{f"a png with a {what} after its end": PNG + data for what, data in FOREIGN.items()},
    **{f"a webp with a {what} after its end": WEBP + data for what, data in FOREIGN.items()},
    **{f"a jpeg with a {what} in its comment": with_segment(JPEG, 0xFE, b"see " + data) for what, data in FOREIGN.items()},
    **{f"a jpeg with a {what} in a segment": with_segment(JPEG, 0xED, data) for what, data in FOREIGN.items()},
    **{f"a png with a {what} in its text": with_chunk(PNG, b"tEXt", b"Comment\0" + data) for what, data in FOREIGN.items()},
    **{f"a png with a {what} in a chunk": with_chunk(PNG, b"ruHu", data) for what, data in FOREIGN.items()},
    **{f"a webp with a {what} in a chunk": with_riff(WEBP, b"EXIF", data) for what, data in FOREIGN.items()},
    **{f"a jpeg with zeros and a {what} after its end": JPEG + bytes(64) + data for what, data in FOREIGN.items()},
    "a jpeg with a byte after its end": JPEG + b"x", "a png with a byte after its end": PNG + b"\0", "a png with a film after its end": PNG + film(),
    "a png with a jpeg after its end": PNG + JPEG, "a webp with a jpeg after its end": WEBP + JPEG, "a jpeg with a png after its end": JPEG + PNG,
    "a jpeg with its end twice": JPEG + b"\xff\xd9", "a jpeg with half a picture's beginning after it": JPEG + b"\xff\xd8",
    "a jpeg with a film's name elsewhere": JPEG + b"\0" * 5 + b"ftypmp42", "a jpeg with samsung's word and more": JPEG + b"xSEFTx",
    "a webp with two bytes after its end": WEBP + b"\0\0",
    "a jpeg with a zip that says where it ends": with_segment(JPEG, 0xFE, archive()) + archive()[-22:],
}  # fmt: skip
REFUSED = {
    **{what: ("not_a_picture", data) for what, data in NOT_PICTURES.items()},
    **{what: ("too_many_pixels", data) for what, data in TOO_MANY.items()},
    **{what: ("unsafe_picture", data) for what, data in UNSAFE.items()},
}


def judge(data: bytes) -> None:
    reencode(data, look(data))


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_clean_picture_is_refused_in_words(what: str) -> None:
    code, data = REFUSED[what]
    with pytest.raises(PhotoRefused) as refused:
        judge(data)
    assert (refused.value.code, refused.value.status) == (code, STATUS[code]), what
    zh, _, en = refused.value.message.partition(" / ")
    assert zh.endswith("。")
    assert en.endswith(".")


@on_sqlite
@pytest.mark.parametrize(
    "what", ["a text", "a png of 40,000 by 40,000", "a jpeg with a zip after its end", "a damaged png", "a moving webp"]
)
def test_a_refused_upload_leaves_nothing_and_says_the_same_again(world: World, sender: Sender, what: str) -> None:
    code, data = REFUSED[what]
    url = sender.begin(data)
    sender.patch(url, 0, data[:3])
    first = sender.patch(url, 3, data[3:]).error(STATUS[code], code)
    world.later(days=2)
    for offset, body in ((len(data), b""), (0, b"x"), (3, data[3:])):
        assert sender.patch(url, offset, body).error(STATUS[code], code) == first
    assert sender.head(url).status == STATUS[code]
    assert list(world.service.photos.names(TOWN)) == []
    (left,) = (path for path in (world.service.config.instance / "photos").rglob("*") if path.is_file())
    assert left.suffix == ".json"
    assert left.stat().st_size < 700, "the refusal, and not a byte of the picture"
    assert sender.ask("DELETE", url).status == 204
    assert sender.send(jpeg(99)).status == 204, "and the phone goes on"


@on_sqlite
def test_bytes_that_are_not_those_of_the_name_are_refused_and_may_come_again(world: World, sender: Sender) -> None:
    """A photo whose name is right and whose bytes came wrong, though they are a picture."""
    photo, other = jpeg(1), jpeg(2)
    wrong = other[: len(photo)].ljust(len(photo), b"\0")
    visit = sender.named(photo, other)
    url = sender.begin(photo, visit)
    sender.patch(url, 0, wrong).error(460, "wrong_hash")
    assert sender.head(url).status == 460
    swapped = sender.create(other, visit, about={"name": name_of(photo)})
    sender.patch(swapped.headers["Location"], 0, other).error(460, "wrong_hash")
    assert list(world.service.photos.names(TOWN)) == []
    assert sender.send(photo, visit).status == 204
    assert list(world.service.photos.names(TOWN)) == [name_of(photo)]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_picture_that_takes_for_ever_to_decode_is_ended_and_refused() -> None:
    data = many_scans(20_000)
    assert len(data) < 1_000_000
    began = time.monotonic()
    with pytest.raises(PhotoRefused) as refused:
        reencode(data, look(data), Limits(cpu_seconds=1))
    assert refused.value.code == "unsafe_picture"
    assert time.monotonic() - began < 60, "though it would take many minutes"


def test_a_picture_that_wants_too_much_memory_is_refused() -> None:
    data = encoded(Image.new("RGBA", (5000, 5000)), "PNG")
    reencode(data, look(data))
    with pytest.raises(PhotoRefused) as refused:
        reencode(data, look(data), Limits(memory=120 * 1024 * 1024))
    assert refused.value.code == "unsafe_picture"


def test_a_machine_that_is_too_busy_refuses_nothing_for_good() -> None:
    """The clock ran out, not the processor's time."""
    data = many_scans(20_000)
    with pytest.raises(Busy):
        reencode(data, look(data), Limits(wall_seconds=0.3, cpu_seconds=60))


@on_sqlite
def test_a_slow_picture_is_refused_over_the_wire_while_records_go_on(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "reencode", lambda data, seen: reencode(data, seen, Limits(cpu_seconds=1)))
    data = many_scans(20_000)
    sender.send(data).error(422, "unsafe_picture")
    sender.named(jpeg(7))
    assert list(world.service.photos.names(TOWN)) == []


def test_the_child_knows_nothing_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given the bytes and where the program lies, none of the settings."""
    import subprocess

    monkeypatch.setenv("RUHU_DATABASE_URL", "postgresql://secret")
    given = {}
    popen = subprocess.Popen

    def note(command: list[str], **options: object) -> object:
        given.update(options, command=command)
        return popen(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("server.photos.reencode.subprocess.Popen", note)
    judge(JPEG)
    assert given["env"].keys() == {"PYTHONPATH"}  # type: ignore[attr-defined]
    assert "secret" not in repr(given)


# --- and what must not be refused ------------------------------------------------------------------------------------


def test_a_clean_jpeg_whose_coded_pixels_hold_such_signatures_is_taken() -> None:
    """They are put into the scan itself, where any bytes may stand."""
    data = jpeg(1, (640, 480))
    scan = data.index(b"\xff\xda") + 200
    for what, foreign in FOREIGN.items():
        cleaned = foreign.replace(b"\xff", b"\xfe")
        holding = data[:scan] + cleaned + data[scan + len(cleaned) :]
        assert cleaned in holding
        made = reencode(holding, look(holding))
        assert (made.width, made.height) == (640, 480), what


def test_a_clean_png_whose_coded_pixels_hold_such_signatures_is_taken() -> None:
    """Stored without compression, a picture's bytes stand in the file as they are."""
    rows = b"".join(
        b"\0" + foreign[:300].ljust(300, b"\0") for foreign in FOREIGN.values()
    )  # each row as it is: filter 0
    header = struct.pack(">IIBBBBB", 100, len(FOREIGN), 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    data = PNG[:8] + body
    assert all(foreign in data for foreign in FOREIGN.values())
    made = reencode(data, look(data))
    assert (made.width, made.height) == (100, len(FOREIGN))


def test_what_cameras_and_programs_usually_write_is_taken() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "HUAWEI", "用户说明"
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "某相机 1.0; see https://example.org/?a=<b>&c")
    xmp = b'http://ns.adobe.com/xap/1.0/\0<?xpacket begin="" id="W5M0"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
    usual = {
        "progressive": jpeg(progressive=True), "grey": encoded(scene().convert("L"), "JPEG"), "four colours": encoded(scene().convert("CMYK"), "JPEG"),
        "with exif": jpeg(exif=exif), "with a comment": jpeg(comment="雨后路滑"), "restarts": jpeg(restart_marker_blocks=4),
        "xmp": with_segment(JPEG, 0xE1, xmp), "filled": JPEG[:2] + b"\xff\xff" + segment(0xFE, b"x") + JPEG[2:],
        "png with text": png(pnginfo=text), "palette": encoded(scene().convert("P"), "PNG"), "see-through": encoded(scene().convert("RGBA"), "PNG"),
        "bilevel": encoded(scene().convert("1"), "PNG"), "webp without loss": webp(lossless=True), "webp with exif": webp(exif=exif), "see-through webp":
        encoded(scene().convert("RGBA"), "WEBP"), "one pixel": jpeg(1, (1, 1)), "a strip": jpeg(1, (4000, 2)),
    }  # fmt: skip
    for what, data in usual.items():
        made = reencode(data, look(data))
        assert made.picture.startswith(b"\xff\xd8\xff"), what
        assert made.small.startswith(b"\xff\xd8\xff"), what


@pytest.mark.parametrize("what", as_phones_write_it())
def test_what_phones_lay_behind_a_picture_is_passed_over_and_only_the_picture_is_kept(what: str) -> None:
    data = as_phones_write_it()[what]
    seen = look(data)
    assert data[: seen.end].endswith(b"\xff\xd9"), "it ends where the picture does"
    assert (seen.width, seen.height) == (320, 240)
    assert opened(data[: seen.end]).tobytes() == opened(data).tobytes()
    made = reencode(data[: seen.end], seen)
    assert (made.width, made.height) == (320, 240)
    for kept in (made.picture, made.small):
        assert look(kept).end == len(kept)
        assert not any(word in kept for word in (b"ftyp", b"SEFT", b"MPF\0", b"hdrgm"))


@on_sqlite
@pytest.mark.parametrize("what", as_phones_write_it())
def test_a_picture_as_phones_write_it_arrives_under_the_name_of_all_its_bytes(
    world: World, sender: Sender, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_ = []
    monkeypatch.setattr(uploads, "reencode", lambda data, seen: given_.append(data) or reencode(data, seen))
    data = as_phones_write_it()[what]
    assert sender.send(data).status == 204
    assert list(world.service.photos.names(TOWN)) == [name_of(data)]
    assert given_ == [data[: look(data).end]], "no decoder sees what lies behind"
    assert len(given_[0]) < len(data)


@given(
    data=st.sampled_from([JPEG, PNG, WEBP, jpeg(progressive=True), sized_webp(5, 5)]), cut=st.floats(0, 1),
    places=st.lists(st.tuples(st.floats(0, 0.02) | st.floats(0, 1), st.integers(0, 255)), max_size=6), tail=st.binary(max_size=5),
)  # fmt: skip
def test_whatever_is_damaged_or_cut_is_judged_without_stumbling(
    data: bytes, cut: float, places: list[tuple[float, int]], tail: bytes
) -> None:
    damaged = bytearray(data)
    for place, value in places:
        damaged[int(place * (len(damaged) - 1))] = value
    given_ = bytes(damaged[: int(cut * len(damaged))] if cut < 0.5 else damaged) + tail
    with contextlib.suppress(PhotoRefused):
        seen = look(given_)
        assert 0 < seen.width * seen.height <= MOST_PIXELS


def test_twenty_clean_pictures_of_every_format_are_taken() -> None:
    for seed in range(20):
        for data in (jpeg(seed), png(seed), webp(seed), webp(seed, lossless=True)):
            assert (look(data).width, look(data).height) == (320, 240)
