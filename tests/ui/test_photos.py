"""Photos as they are drawn: small, one a frame, the right way up, and let go again; and the square that opens the camera."""

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ui.driver import Phone, Stage, box

from kivy.core.image import Image as CoreImage  # isort: skip
from kivy.graphics import Rectangle
from kivy.graphics.context import get_context
from kivy.graphics.texture import Texture

from mobile.disk import ProfileClosed
from mobile.pages.blocks import LargePhoto, Paragraph, Photos, Picture
from mobile.ui import theme
from mobile.ui.widgets import pictures
from mobile.ui.widgets.photos import SMALL_PX, Add, LargePhotoPiece, PhotosPiece, Small
from mobile.ui.widgets.pictures import texture_of
from tests.scenes import photograph

ROOT = Path(__file__).parents[2]


def picture(name: str = "a" * 64, state: str = "没上传", number: int = 1, upright: bool = False) -> Picture:
    return Picture(name, "照片 1", state, load=lambda: photograph("yard", number, upright))


def smalls(phone: Phone) -> list[Small]:
    return [piece for piece in phone.pieces() if isinstance(piece, Small)]


def colour_at(texture: Texture, x: float, up: float) -> tuple[int, ...]:
    """The colour at a place, from 0 to 1 to the right and upwards."""
    column, row = int(x * (texture.width - 1)), int(up * (texture.height - 1))
    at = (row * texture.width + column) * 4
    return tuple(texture.pixels[at : at + 3])


def is_blue(colour: tuple[int, ...]) -> bool:
    red, _, blue = colour
    return blue > red + 40


@pytest.fixture
def large_ones(monkeypatch: pytest.MonkeyPatch) -> list["weakref.ref[Texture]"]:
    """Every texture that a JPEG came in."""
    made: list[weakref.ref[Texture]] = []

    def watched(*given: Any, **named: Any) -> Any:
        image = CoreImage(*given, **named)
        made.append(weakref.ref(image.texture))
        return image

    monkeypatch.setattr(pictures, "CoreImage", watched)
    return made


def test_a_small_photo_is_drawn_with_its_sky_above_and_its_ground_below(stage: Stage) -> None:
    stage.show(Photos("照片", (picture(),), name="photos"))
    stage.phone.frames(3)
    (small,) = smalls(stage.phone)
    texture = small.shown.texture
    assert texture is not None
    assert is_blue(colour_at(texture, 0.5, 0.97))
    assert not is_blue(colour_at(texture, 0.5, 0.03))
    drawn = [one for one in small.canvas.children if isinstance(one, Rectangle) and one.texture is texture]
    assert len(drawn) == 1
    left, top, wide, high = *drawn[0].pos, *drawn[0].size
    assert (left, top + high) == (0, 0)
    assert wide == high == small.width


def test_the_window_shows_the_photo_the_right_way_up(stage: Stage, tmp_path: Path) -> None:
    from PIL import Image

    stage.show(Photos("照片", (picture(),), name="photos"))
    stage.phone.frames(3)
    left, bottom, wide, high = box(smalls(stage.phone)[0])
    with Image.open(stage.phone.screenshot(tmp_path / "window.png")) as window:
        x, lowest = round(left + wide / 2), window.height - round(bottom + high - wide)
        sky, ground = window.getpixel((x, lowest - round(wide) + 4)), window.getpixel((x, lowest - 4))
    assert is_blue(sky[:3])
    assert not is_blue(ground[:3])


def test_of_a_photo_only_a_small_texture_is_kept(stage: Stage, large_ones: list["weakref.ref[Texture]"]) -> None:
    shown = tuple(picture(f"{number:064x}", number=number, upright=number == 2) for number in (1, 2, 3))
    stage.show(Photos("照片", shown, "拍照", name="photos"))
    stage.phone.frames(6)
    textures = [small.shown.texture for small in smalls(stage.phone)]
    assert all(texture is not None and max(texture.size) <= SMALL_PX for texture in textures)
    gc.collect()
    assert len(large_ones) == 3
    assert [one() for one in large_ones] == [None, None, None]


@pytest.mark.parametrize("upright", [False, True], ids=["lying", "upright"])
@pytest.mark.parametrize("side", [82, 188, 320])
def test_a_small_photo_fills_its_square_whatever_its_shape(stage: Stage, side: int, upright: bool) -> None:
    texture = texture_of(picture(upright=upright), side, side, crop=True)
    assert texture is not None
    assert texture.size == (side, side)


def test_a_large_photo_keeps_its_shape_and_is_no_larger_than_it_was_taken(stage: Stage) -> None:
    lying, upright = (texture_of(picture(upright=up), 1080, 2160, crop=False) for up in (False, True))
    assert lying is not None
    assert upright is not None
    assert lying.size == (1080, 810)
    assert upright.size == (1080, 1440)
    wide = texture_of(picture(), 5000, 5000, crop=False)
    assert wide is not None
    assert wide.size == (1600, 1200)


def test_photos_are_read_one_a_frame_and_after_the_page_stands(stage: Stage) -> None:
    read: list[str] = []

    def load(name: str) -> Callable[[], bytes]:
        def work() -> bytes:
            read.append(name)
            return photograph("yard")

        return work

    names = [f"{number:064x}" for number in range(3)]
    shown = tuple(Picture(name, "照片", "", load=load(name)) for name in names)
    stage.phone.screen.show(_view(Photos("照片", shown, name="photos")), "page")
    assert read == []
    stage.phone.frames(1)
    assert len(read) == 1
    stage.phone.frames(4)
    assert read == names
    stage.show(Photos("照片", shown, name="photos"), Paragraph("又画一次"))
    stage.phone.frames(4)
    assert read == names


def test_a_photo_whose_state_changes_is_not_read_again_and_its_words_are_new(stage: Stage) -> None:
    read: list[int] = []

    def load() -> bytes:
        read.append(1)
        return photograph("yard")

    for state in ("没上传", "已传 40%", "已上传"):
        stage.show(Photos("照片", (Picture("a" * 64, "照片 1", state, load=load),), name="photos"))
        stage.phone.frames(2)
    assert len(read) == 1
    assert "已上传" in stage.phone.texts()


def test_a_photo_that_is_not_here_has_a_quiet_sign_and_is_asked_for_once(stage: Stage) -> None:
    asked: list[int] = []
    away = Picture("b" * 64, "照片 1", "不在手机上", load=lambda: asked.append(1))
    stage.show(Photos("照片", (away,), name="photos"))
    stage.phone.frames(5)
    (small,) = smalls(stage.phone)
    assert small.shown.texture is None
    assert asked == [1]
    assert "不在手机上" in stage.phone.texts()


def test_bytes_that_are_no_picture_leave_the_page_standing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.show(
        Photos("照片", (Picture("c" * 64, "照片 1", "", load=lambda: b"\xff\xd8 nothing"),), name="photos"),
        LargePhoto(Picture("d" * 64, load=lambda: b""), "读不出来", name="large"),
    )
    stage.phone.frames(5)
    assert smalls(stage.phone)[0].shown.texture is None
    assert "读不出来" in stage.phone.texts()
    assert "could not be read" in caplog.text


def test_a_touch_on_the_camera_square_takes_a_photo_and_on_a_photo_shows_it(stage: Stage, phone: Phone) -> None:
    heard: list[str] = []
    block = Photos(
        "照片", (picture("e" * 64),), "拍照", on_add=lambda: heard.append("add"), on_pick=heard.append, name="photos"
    )
    stage.show(block)
    phone.tap("photos.add")
    phone.tap("photos.0")
    assert heard == ["add", "e" * 64]


def test_without_a_word_for_it_there_is_no_camera_square(stage: Stage, phone: Phone) -> None:
    stage.show(Photos("照片", (picture(),), "拍照", name="photos"))
    assert phone.has("photos.add")
    stage.show(Photos("照片", (picture(),), name="photos"))
    assert not phone.has("photos.add")


def test_the_camera_is_a_low_key_while_there_is_no_photo_and_a_square_beside_one(stage: Stage, phone: Phone) -> None:
    stage.show(Photos("照片", (), "拍照", name="photos"))
    low = next(piece for piece in phone.pieces() if isinstance(piece, Add))
    assert theme.TOUCH <= low.height < 2 * theme.TOUCH
    assert low.width > 4 * theme.TOUCH
    stage.show(Photos("照片", (picture(),), "拍照", name="photos"))
    beside = next(piece for piece in phone.pieces() if isinstance(piece, Add))
    assert beside is low
    assert beside.width == smalls(phone)[0].width


def test_a_photo_that_was_deleted_goes_and_the_others_keep_their_textures(stage: Stage) -> None:
    one, two = picture("1" * 64, number=1), picture("2" * 64, number=2)
    stage.show(Photos("照片", (one, two), name="photos"))
    stage.phone.frames(4)
    kept = smalls(stage.phone)[1].shown.texture
    stage.show(Photos("照片", (two,), name="photos"))
    (small,) = smalls(stage.phone)
    assert small.shown.texture is kept
    assert small.picture.name == "2" * 64


def test_the_large_photo_is_let_go_when_its_page_is_left_and_stands_again_on_coming_back(stage: Stage) -> None:
    shown = LargePhoto(picture(), name="photo")
    stage.show(shown, key="photo")
    (piece,) = [one for one in stage.phone.pieces() if isinstance(one, LargePhotoPiece)]
    assert piece.texture is not None
    assert piece.height == round(piece.width * 0.75)
    stage.show(Paragraph("别的"), key="other")
    assert piece.texture is None
    stage.show(shown, key="photo")
    assert piece.texture is not None


def test_photos_are_drawn_again_after_the_phone_has_lost_its_graphics(stage: Stage) -> None:
    stage.show(Photos("照片", (picture(),), name="photos"), LargePhoto(picture("f" * 64), name="photo"))
    stage.phone.frames(3)
    (small,) = smalls(stage.phone)
    (large,) = [one for one in stage.phone.pieces() if isinstance(one, LargePhotoPiece)]
    before = small.shown.texture, large.texture
    assert None not in before
    get_context().reload()  # what Kivy does when Android gave the app a new graphics context
    stage.phone.frames(4)
    assert small.shown.texture is not None
    assert small.shown.texture is not before[0]
    assert large.texture is not None
    assert large.texture is not before[1]
    assert is_blue(colour_at(small.shown.texture, 0.5, 0.97))


def test_a_page_of_a_profile_that_was_locked_meanwhile_draws_its_photos_as_not_there(stage: Stage) -> None:
    locked: list[bool] = []

    def load() -> bytes:
        if locked:
            raise ProfileClosed
        return photograph("yard", 1, False)

    shown = Picture("a" * 64, "照片 1", "没上传", load=load)
    stage.show(Photos("照片", (shown,), name="photos"), LargePhoto(shown, name="photo"))
    stage.phone.frames(3)
    (small,) = smalls(stage.phone)
    assert small.shown.texture is not None
    locked.append(True)
    get_context().reload()
    stage.phone.frames(4)
    assert small.shown.texture is None


def test_a_page_that_is_left_before_its_photos_were_read_reads_them_on_coming_back(stage: Stage) -> None:
    shown = Photos("照片", (picture(),), name="photos")
    stage.phone.screen.show(_view(shown), "one")
    stage.phone.screen.show(_view(Paragraph("别的")), "two")
    stage.phone.frames(3)
    stage.phone.screen.show(_view(shown), "one")
    stage.phone.frames(3)
    assert smalls(stage.phone)[0].shown.texture is not None
    (piece,) = [one for one in stage.phone.pieces() if isinstance(one, PhotosPiece)]
    assert not piece.reusable  # its textures go with it


WITHOUT_PILLOW = """
import sys
from pathlib import Path
from tests.packaging.blocker import Blocker
sys.meta_path.insert(0, Blocker())
from tests.ui.driver import the_clock
the_clock()
from mobile.pages.blocks import Picture
from mobile.ui.widgets.pictures import texture_of
texture = texture_of(Picture("photo", load=Path(sys.argv[1]).read_bytes), 320, 320, crop=True)
assert "PIL" not in sys.modules
print(texture.size)
"""


def test_a_photo_is_drawn_where_there_is_no_pillow(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photograph("yard"))
    command = [sys.executable, "-c", WITHOUT_PILLOW, str(tmp_path / "photo.jpg")]
    environment = {name: value for name, value in os.environ.items() if name != "KIVY_HOME"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.strip().endswith("(320, 320)")


def _view(block: Any) -> Any:
    from mobile.pages.blocks import View

    return View("页", blocks=(block,))
