"""A JPEG without what a camera adds: the same picture, nothing beside it, and nothing taken that is not one."""

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from mobile.jpeg import NotAJpeg, bare

SERIAL, PLACE = b"SN-4711-0815", (22.0, 7.0, 30.5)


def picture(size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    told = io.BytesIO()
    dice = random.Random(7)
    image = Image.frombytes("RGB", size, dice.randbytes(size[0] * size[1] * 3))
    image.save(told, "JPEG", **{"quality": 75, **options})
    return told.getvalue()


def full_of_it() -> bytes:
    """As a camera writes it: position, serial number, a small picture, remarks, a profile, and bytes after the end."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: PLACE, 3: "E", 4: PLACE}
    exif[0xA431] = SERIAL.decode()
    exif[0x0112] = 6
    data = picture(exif=exif, comment=b"remark " + SERIAL, icc_profile=SERIAL * 10)
    thumbed = data[:2] + segment(0xE0, b"JFXX\x00\x10" + picture((16, 12))) + data[2:]
    return thumbed + b"MPF" + picture((32, 24)) + SERIAL


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 2}, {"subsampling": 0}]
)
def test_the_picture_stays_point_for_point(options: dict[str, Any]) -> None:
    data = picture(**options)
    assert pixels(bare(data)) == pixels(data)
    assert bare(bare(data)) == bare(data)


def test_position_serial_number_small_pictures_remarks_and_what_follows_the_end_are_gone() -> None:
    data = full_of_it()
    assert SERIAL in data
    assert data.count(b"\xff\xd8\xff") == 3
    clean = bare(data)
    assert SERIAL not in clean
    assert b"Exif" not in clean
    assert b"JFXX" not in clean
    assert clean.count(b"\xff\xd8\xff") == 1
    assert clean.endswith(b"\xff\xd9")
    assert pixels(clean) == pixels(data)
    with Image.open(io.BytesIO(clean)) as image:
        assert not image.getexif()
        assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def test_the_small_picture_within_jfif_itself_is_gone() -> None:
    data = picture()
    assert data[2:4] == b"\xff\xe0"
    rest = data[4 + int.from_bytes(data[4:6], "big") :]
    small = bytes(range(27))
    thumbed = data[:2] + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x03\x03" + small) + rest
    clean = bare(thumbed)
    assert small not in clean
    assert pixels(clean) == pixels(data)


def test_a_second_jfif_segment_and_filling_bytes_are_gone() -> None:
    data = picture()
    first = data[2 : 4 + int.from_bytes(data[4:6], "big")]
    assert bare(data[:2] + first + b"\xff\xff\xff" + first + data[2 + len(first) :]) == bare(data)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"", b"\xff", b"\xff\xd8", b"words", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"%PDF-1.7",
        picture()[:-2],  # no end
        picture()[1:], b"\x00" + picture(),
        b"\xff\xd8" + segment(0xC4, b"x" * 20) + b"\xff\xd9",  # no picture in it
        b"\xff\xd8" + segment(0xDA, b"x" * 10) + b"\x00\xff\xd9",  # a scan of nothing
        b"\xff\xd8" + segment(0xC0, b"\x08\x00\x00\x00\x10\x01") + segment(0xDA, b"x") + b"\xff\xd9",  # no height
        b"\xff\xd8\xff\xc0\x00\x01",  # a length that cannot be
        b"\xff\xd8\xff\xe1\xff\xff",  # a length beyond the end
        b"\xff\xd8" + segment(0xC3, b"\x08\x00\x10\x00\x10\x01"),  # lossless
        b"\xff\xd8" + segment(0xF0, b""),
    ],
)  # fmt: skip
def test_what_is_no_whole_jpeg_is_refused_in_words(spoilt: bytes) -> None:
    with pytest.raises(NotAJpeg, match=" / "):
        bare(spoilt)


WHOLE = full_of_it()


@given(st.integers(0, len(WHOLE) - 1))
def test_a_picture_cut_anywhere_before_its_end_is_refused(cut: int) -> None:
    end = len(bare_end())
    if cut < end:
        with pytest.raises(NotAJpeg):
            bare(WHOLE[:cut])
    else:
        assert bare(WHOLE[:cut]) == bare(WHOLE)


def bare_end() -> bytes:
    """All up to the picture's end, which is the first end outside any segment."""
    clean = bare(WHOLE)
    scan = clean[clean.rindex(b"\xff\xda") :]
    return WHOLE[: WHOLE.index(scan) + len(scan)]


@given(
    st.lists(st.tuples(st.sampled_from([0xFE, *range(0xE1, 0xF0)]), st.binary(max_size=60)), max_size=6),
    st.binary(max_size=60),
)
def test_whatever_is_put_beside_a_picture_nothing_of_it_stays(beside: list[tuple[int, bytes]], behind: bytes) -> None:
    data = picture((16, 16))
    grown = data[:2] + b"".join(segment(*one) for one in beside) + data[2:] + behind
    assert bare(grown) == bare(data)


@settings(max_examples=400)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"\xff\xd8\xff" + rest))
def test_any_bytes_are_taken_or_refused_and_what_is_taken_stays_as_it_is(data: bytes) -> None:
    never_worse(data)


@settings(max_examples=400)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_wrong_byte_breaks_nothing(place: int, value: int) -> None:
    never_worse(WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :])


def never_worse(data: bytes, read: Callable[[bytes], bytes] = bare) -> None:
    try:
        clean = read(data)
    except NotAJpeg:
        return
    assert read(clean) == clean
    assert len(clean) <= len(data)


def test_a_scan_goes_on_behind_every_byte_that_only_looks_like_a_marker() -> None:
    """FF 00 and the restart markers belong to the scan: a picture full of both comes out whole."""
    noisy = picture((256, 256), quality=98, restart_marker_blocks=1)
    assert noisy.count(b"\xff\x00") > 50
    assert noisy.count(b"\xff\xd3") > 20
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    assert pixels(bare(noisy)) == pixels(noisy)
