"""Check 12 of KIVY.md 3.4: the hook changes Java and manifest exactly once, or stops the build."""

from pathlib import Path

import pytest

from mobile.android.p4a_hook import NEW_BACKSPACE, OLD_BACKSPACE, PARTS, Unexpected, every_backspace, with_parts
from tests.packaging.assembly import SDL_ACTIVITY, Assembly

FILE, OTHER = Path("SDLActivity.java"), Path("SDLInputConnection.java")


def test_check_12_one_line_of_java_is_changed_and_no_other() -> None:
    (changed,) = every_backspace({FILE: SDL_ACTIVITY}).values()
    assert changed == SDL_ACTIVITY.replace("if (Build.VERSION.SDK_INT <= 29 /*", f"if ({NEW_BACKSPACE} /*")
    assert changed.count("\n") == SDL_ACTIVITY.count("\n")


def test_check_12_a_second_time_changes_nothing() -> None:
    once = every_backspace({FILE: SDL_ACTIVITY, OTHER: "class X {}"})
    assert every_backspace(once) == once


@pytest.mark.parametrize(
    "sources",
    [
        {},
        {FILE: "class X {}"},
        {FILE: SDL_ACTIVITY + SDL_ACTIVITY},
        {FILE: SDL_ACTIVITY, OTHER: SDL_ACTIVITY},
        {FILE: SDL_ACTIVITY + NEW_BACKSPACE},
    ],
)
def test_check_12_anything_unexpected_stops_the_build_and_says_where(sources: dict[Path, str]) -> None:
    with pytest.raises(Unexpected, match="libsdl"):
        every_backspace(sources)


@pytest.mark.parametrize(
    "manifest",
    [
        "<manifest ></manifest>",
        "<manifest ><application></application><application></application></manifest>",
        "<manifest xmlns:tools='x'><application></application></manifest>",
        "<manifest ><application><provider name='FileProvider'/></application></manifest>",
    ],
)
def test_check_12_a_manifest_of_another_shape_stops_the_build(manifest: str) -> None:
    with pytest.raises(Unexpected, match="AndroidManifest"):
        with_parts(manifest)


def test_check_12_the_whole_hook_ran_twice_and_left_each_change_once(assembly: Assembly) -> None:
    java = (assembly.project / "src/main/java/org/libsdl/app/SDLActivity.java").read_text("utf-8")
    assert (java.count(OLD_BACKSPACE), java.count(NEW_BACKSPACE)) == (0, 1)
    manifest = (assembly.project / "src/main/AndroidManifest.xml").read_text("utf-8")
    assert manifest.count("FileProvider") == PARTS.count("FileProvider")
    assert manifest.count("xmlns:tools") == 1
