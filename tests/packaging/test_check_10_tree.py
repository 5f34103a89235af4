"""Check 10 of KIVY.md 3.4: what goes into the app has a main.py at its root, plain names and a size that an old phone bears."""

import zlib
from pathlib import Path

import pytest

from mobile.android.draw import PICTURES, pictures
from tests.packaging.assembly import Assembly

MB = 1024 * 1024


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_check_10_main_stands_at_the_root(assembly: Assembly) -> None:
    assert (assembly.app / "main.py").exists()


def test_check_10_no_two_names_differ_by_case_alone_and_all_are_plain(assembly: Assembly) -> None:
    names = [path.relative_to(assembly.app).as_posix() for path in files(assembly.app)]
    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if not name.isascii() or " " in name] == []


def test_check_10_assets_and_app_are_small(assembly: Assembly) -> None:
    assert sum(path.stat().st_size for path in files(assembly.app / "mobile/assets")) < 12 * MB
    assert (assembly.project / "src/main/assets/private.tar").stat().st_size < 10 * MB


def test_check_10_the_fonts_and_their_licence_go_along(assembly: Assembly) -> None:
    fonts = {path.name for path in files(assembly.app / "mobile/assets/fonts")}
    assert {"OFL.txt"} < fonts
    assert len([name for name in fonts if name.endswith(".otf")]) == 2


@pytest.mark.parametrize("name", sorted(pictures()))
def test_check_10_the_pictures_are_those_that_the_script_draws(name: str) -> None:
    assert pixels((PICTURES / name).read_bytes()) == pixels(pictures()[name])


def pixels(png: bytes) -> bytes:
    """The rows of a PNG; how they were compressed does not matter."""
    start = png.index(b"IDAT")
    return zlib.decompress(png[start + 4 : start + 4 + int.from_bytes(png[start - 4 : start], "big")])
