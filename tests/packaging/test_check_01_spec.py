"""Check 1 of KIVY.md 3.4: buildozer reads the spec as we mean it, and knows every key in it."""

import re
from pathlib import Path

import buildozer
from buildozer.specparser import SpecParser

from mobile.android.draw import GREEN
from mobile.android.stage import ROOT
from mobile.syncing import APP
from tests.packaging.assembly import Assembly

MOBILE = ROOT / "mobile"


def test_check_01_every_key_is_one_that_buildozer_knows(spec: SpecParser) -> None:
    default = (Path(buildozer.__file__).parent / "default.spec").read_text("utf-8")
    known = set(re.findall(r"^#? ?([a-z][\w.-]+) ?=", default, re.MULTILINE))
    assert spec.sections() == ["app", "buildozer"]
    for section in spec.sections():
        for key in spec.options(section):
            assert key in known, f"buildozer knows no {key}"


def test_check_01_the_app_is_called_and_numbered_as_it_should_be(spec: SpecParser, assembly: Assembly) -> None:
    assert spec.get("app", "title") == "入户 Ruhu"
    assert f"{spec.get('app', 'package.domain')}.{spec.get('app', 'package.name')}" == "org.ruhu.ruhu"
    assert assembly.args.version == APP
    assert assembly.args.name == "入户 Ruhu"


def test_check_01_old_and_new_phones_are_served(spec: SpecParser) -> None:
    assert spec.getlist("app", "android.archs") == ["arm64-v8a", "armeabi-v7a"]
    assert spec.getint("app", "android.api") == 34
    assert spec.getint("app", "android.minapi") == spec.getint("app", "android.ndk_api") == 26
    assert spec.get("app", "android.release_artifact") == "apk"
    assert spec.get("app", "p4a.bootstrap") == "sdl2"


def test_check_01_no_more_is_asked_for_than_is_used(spec: SpecParser) -> None:
    assert {one.removeprefix("android.permission.") for one in spec.getlist("app", "android.permissions")} == {
        "INTERNET",
        "ACCESS_NETWORK_STATE",
        "CAMERA",
        "ACCESS_FINE_LOCATION",
        "ACCESS_COARSE_LOCATION",
    }
    assert spec.getlist("app", "services") is None
    assert spec.getboolean("app", "android.allow_backup") is False
    assert not spec.has_option("app", "android.features"), "p4a 2026.5.9 refuses --feature"


def test_check_01_nothing_is_left_out_by_the_spec(spec: SpecParser) -> None:
    assert not [key for key in spec.options("app") if key.startswith(("source.include", "source.exclude"))]


def test_check_01_every_file_it_names_is_there(spec: SpecParser) -> None:
    files = [spec.get("app", key) for key in spec.options("app") if key.endswith(".filename")]
    files += [spec.get("app", "p4a.hook"), spec.get("app", "android.extra_manifest_application_arguments")]
    files += spec.getlist("app", "android.res_xml")
    for name in files:
        assert (MOBILE / name).resolve().is_file(), name


def test_check_01_the_first_picture_has_the_colour_of_the_app(spec: SpecParser) -> None:
    theme = (MOBILE / "ui/theme.py").read_text("utf-8")
    brand = re.search(r'^BRAND = .*"(#\w+)"', theme, re.MULTILINE)
    assert brand is not None
    assert spec.get("app", "android.presplash_color") == brand[1] == "#{:02X}{:02X}{:02X}".format(*GREEN)
