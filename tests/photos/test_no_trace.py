"""What a camera writes beside the pixels is gone from what the township keeps, and every photo stands upright."""

import io

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from server.photos.look import look
from server.photos.reencode import reencode
from shared.photos import name_of
from tests.photos.pictures import encoded, jpeg, opened, scene, with_segment
from tests.photos.sender import Sender
from tests.sync.world import TOWN, World, on_sqlite

SERIAL, OWNER, COMMENT, MODEL = "SN8637492201", "Nong Xiaomei", "在百马村拍的", "HUAWEI-MATE-20"
POSITION = (22.0, 8.0, 15.0)
XMP = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="22,8.25N"/></x:xmpmeta>'
SEGMENTS = (b"Exif", b"GPS", b"ICC_PROFILE", b"ns.adobe.com", b"xmpmeta", b"http", b"Photoshop", b"JFXX")


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone's camera writes: who, where, with which device, and a small picture of it all."""
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0112], made[0x013B] = "HUAWEI", MODEL, orientation, OWNER
    made[0xA431] = SERIAL
    place = made.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", POSITION, "E", (107.0, 4.0, 30.0)
    return made


def camera_jpeg(orientation: int = 1) -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(
        scene(3, (320, 240)),
        "JPEG",
        exif=exif(orientation),
        icc_profile=profile,
        comment=COMMENT.encode(),
        dpi=(300, 300),
    )
    thumbnail = jpeg(8, (160, 120))
    return with_segment(with_segment(data, 0xE1, XMP), 0xED, b"Photoshop 3.0\x008BIM" + thumbnail)


def camera_png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", XMP.partition(b"\0")[2].decode())
    text.add_text("Author", OWNER)
    return encoded(scene(3), "PNG", exif=exif(), pnginfo=text)


def camera_webp() -> bytes:
    return encoded(scene(3), "WEBP", exif=exif(), xmp=XMP)


CAMERAS = {"jpeg": camera_jpeg, "png": camera_png, "webp": camera_webp}


def traces(data: bytes) -> list[str]:
    """What still tells of somebody, somewhere or something: nothing, in what is kept."""
    image = opened(data)
    found = [f"info {name}" for name in image.info if name not in ("jfif", "jfif_version", "jfif_unit", "jfif_density")]
    found += [f"exif {tag:x}" for tag in image.getexif()]
    found += [f"segment {name}" for name, _ in getattr(image, "applist", []) if name != "APP0"]
    words = (SERIAL.encode(), OWNER.encode(), COMMENT.encode(), MODEL.encode(), *SEGMENTS)
    found += [f"word {word!r}" for word in words if word in data]
    found += ["a picture in the picture"] if data.count(b"\xff\xd8\xff") > 1 else []
    return found


def test_the_pictures_of_this_test_tell_everything_before() -> None:
    """Able to fail: a camera's own file has it all."""
    before = traces(camera_jpeg())
    for trace in ("exif 8825", "exif 10f", "info icc_profile", "info comment", "info dpi", "a picture in the picture"):
        assert trace in before
    assert {f"word {word!r}" for word in (MODEL.encode(), OWNER.encode(), b"ICC_PROFILE", b"xmpmeta")} <= set(before)
    assert opened(camera_jpeg()).getexif().get_ifd(0x8825)[2] == POSITION
    assert traces(camera_png())
    assert traces(camera_webp())


@on_sqlite
@pytest.mark.parametrize("camera", CAMERAS)
def test_position_serial_owner_profile_and_thumbnail_are_gone(world: World, sender: Sender, camera: str) -> None:
    photo = CAMERAS[camera]()
    assert sender.send(photo).status == 204
    for small in (False, True):
        kept = world.service.photos.read(TOWN, name_of(photo), small)
        assert kept is not None
        assert traces(kept) == []
    folder = world.service.config.instance / "photos"
    for path in folder.rglob("*"):
        if path.is_file():
            assert not [word for word in (SERIAL, OWNER, MODEL) if word.encode() in path.read_bytes()], path.name


def corners(image: Image.Image) -> list[str]:
    """The colours of the four corners, clockwise from the upper left."""
    names = {(255, 0, 0): "red", (0, 255, 0): "green", (0, 0, 255): "blue", (255, 255, 255): "white"}
    width, height = image.size
    found = []
    for at in ((5, 5), (width - 6, 5), (width - 6, height - 6), (5, height - 6)):
        pixel = image.convert("RGB").getpixel(at)
        found.append(names[tuple(255 if value > 127 else 0 for value in pixel)])  # type: ignore[index,union-attr]
    return found


def upright() -> Image.Image:
    """Red, green, blue and white corners, clockwise from the upper left; wider than high."""
    image = Image.new("RGB", (300, 200), "white")
    for colour, at in (("red", (0, 0)), ("green", (150, 0)), ("blue", (150, 100))):
        image.paste(Image.new("RGB", (150, 100), colour), at)
    return image


LYING = {
    1: (), 2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,), 4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,), 6: (Image.Transpose.ROTATE_90,), 7: (Image.Transpose.TRANSVERSE,), 8: (Image.Transpose.ROTATE_270,),
}  # fmt: skip
"""How a sensor that was held so writes the pixels, by the orientation that the camera notes (EXIF 2.3, tag 274)."""


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", LYING)
def test_every_photo_stands_upright_however_the_phone_was_held(orientation: int, format_: str) -> None:
    lying = upright()
    for turn in LYING[orientation]:
        lying = lying.transpose(turn)
    data = encoded(lying, format_, exif=exif(orientation), **({"quality": 95} if format_ != "PNG" else {}))
    made = reencode(data, look(data))
    assert (made.width, made.height) == (300, 200)
    for kept in (made.picture, made.small):
        image = opened(kept)
        assert image.size == (300, 200)
        assert corners(image) == ["red", "green", "blue", "white"]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(orientation: int) -> None:
    data = encoded(upright(), "JPEG", exif=exif(orientation))
    assert corners(opened(reencode(data, look(data)).picture)) == ["red", "green", "blue", "white"]


def test_what_could_be_seen_through_stands_on_white() -> None:
    data = encoded(Image.new("RGBA", (50, 50), (255, 0, 0, 0)), "PNG")
    pixel = opened(reencode(data, look(data)).picture).getpixel((25, 25))
    assert min(pixel) > 250  # type: ignore[arg-type]


def test_a_photo_is_never_made_larger() -> None:
    for pixels in ((1, 1), (10, 7), (1600, 1200), (320, 3)):
        data = jpeg(1, pixels)
        made = reencode(data, look(data))
        assert (made.width, made.height) == pixels
        assert max(Image.open(io.BytesIO(made.small)).size) <= min(320, max(pixels))


def test_the_same_photo_is_encoded_the_same_way_each_time() -> None:
    data = jpeg(1)
    assert reencode(data, look(data)) == reencode(data, look(data))
