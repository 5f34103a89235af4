"""Check 8 of KIVY.md 3.4: the manifest, rendered by p4a's own template with our settings and changed by our hook, says what we mean."""

from xml.etree import ElementTree as ET

import pytest

from tests.packaging.assembly import Assembly

A = "{http://schemas.android.com/apk/res/android}"
TOOLS = "{http://schemas.android.com/tools}"


@pytest.fixture(scope="session")
def manifest(assembly: Assembly) -> ET.Element:
    return ET.parse(assembly.project / "src/main/AndroidManifest.xml").getroot()


@pytest.fixture
def application(manifest: ET.Element) -> ET.Element:
    (one,) = manifest.findall("application")
    return one


def test_check_08_old_and_new_android(manifest: ET.Element, assembly: Assembly) -> None:
    (sdk,) = manifest.findall("uses-sdk")
    assert (sdk.get(f"{A}minSdkVersion"), sdk.get(f"{A}targetSdkVersion")) == ("26", "34")
    gradle = (assembly.project / "build.gradle").read_text("utf-8")
    for line in ("minSdkVersion 26", "targetSdkVersion 34", "namespace 'org.ruhu.ruhu'", "versionName '0.1.0'"):
        assert line in gradle


def test_check_08_the_permissions_are_these_and_no_other(manifest: ET.Element) -> None:
    assert sorted(one.get(f"{A}name", "") for one in manifest.findall("uses-permission")) == [
        "android.permission.ACCESS_COARSE_LOCATION",
        "android.permission.ACCESS_FINE_LOCATION",
        "android.permission.ACCESS_NETWORK_STATE",
        "android.permission.CAMERA",
        "android.permission.INTERNET",
    ]


def test_check_08_nothing_leaves_by_a_backup(application: ET.Element, assembly: Assembly) -> None:
    assert application.get(f"{A}allowBackup") == "false"
    assert application.get(f"{A}fullBackupContent") == "false"
    assert application.get(f"{A}dataExtractionRules") == "@xml/data_extraction_rules"
    rules = ET.parse(assembly.project / "src/main/res/xml/data_extraction_rules.xml").getroot()
    for way in ("cloud-backup", "device-transfer"):
        (part,) = rules.findall(way)
        assert {one.get("domain") for one in part.findall("exclude")} == {
            "root",
            "file",
            "database",
            "sharedpref",
            "external",
        }


def test_check_08_there_is_no_service_and_one_door_for_the_launcher(application: ET.Element) -> None:
    assert application.findall("service") == []
    assert application.findall("receiver") == []
    open_ones = [one.get(f"{A}name") for one in application if one.get(f"{A}exported") == "true"]
    assert open_ones == ["org.kivy.android.PythonActivity"]
    (main,) = (one for one in application.findall("activity") if one.get(f"{A}exported") == "true")
    assert main.get(f"{A}screenOrientation") == "portrait"
    assert main.get(f"{A}launchMode") == "singleTask"


def test_check_08_files_pass_by_one_provider_that_names_two_folders(
    application: ET.Element, assembly: Assembly
) -> None:
    (provider,) = application.findall("provider")
    assert provider.get(f"{A}name") == "androidx.core.content.FileProvider"
    assert provider.get(f"{A}authorities") == "${applicationId}.files"
    assert (provider.get(f"{A}exported"), provider.get(f"{A}grantUriPermissions")) == ("false", "true")
    (meta,) = provider.findall("meta-data")
    assert meta.get(f"{A}resource") == "@xml/file_paths"
    paths = ET.parse(assembly.project / "src/main/res/xml/file_paths.xml").getroot()
    assert [(one.tag, one.get("path")) for one in paths] == [("cache-path", "camera/"), ("cache-path", "share/")]


def test_check_08_the_scanning_page_stands_upright(application: ET.Element) -> None:
    (page,) = (one for one in application.findall("activity") if "CaptureActivity" in one.get(f"{A}name", ""))
    assert page.get(f"{A}name") == "com.journeyapps.barcodescanner.CaptureActivity"
    assert page.get(f"{A}screenOrientation") == "portrait"
    assert page.get(f"{TOOLS}replace") == "android:screenOrientation"


def test_check_08_gradle_is_given_the_libraries(assembly: Assembly) -> None:
    gradle = (assembly.project / "build.gradle").read_text("utf-8")
    for one in ("androidx.core:core:1.13.1", "com.journeyapps:zxing-android-embedded:4.3.0"):
        assert f"implementation '{one}'" in gradle
    assert "android.useAndroidX=true" in (assembly.project / "gradle.properties").read_text("utf-8")


def test_check_08_name_and_pictures_are_ours(assembly: Assembly) -> None:
    resources = assembly.project / "src/main/res"
    assert ">入户 Ruhu<" in (resources / "values/strings.xml").read_text("utf-8")
    assert ">#0B6B4F<" in (resources / "values/strings.xml").read_text("utf-8")
    for name in (
        "mipmap/icon.png",
        "mipmap/icon_foreground.png",
        "mipmap/icon_background.png",
        "drawable/presplash.jpg",
    ):
        assert (resources / name).read_bytes().startswith(b"\x89PNG")
    assert (resources / "mipmap-anydpi-v26/icon.xml").exists()
