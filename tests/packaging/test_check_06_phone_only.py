"""Check 6 of KIVY.md 3.4: with nothing but what the phone has, every module can be imported.

Here with this interpreter, behind a block that refuses what is not shipped, docstrings and asserts stripped as on the phone. `phone_env.py`
does the same, and runs the screens' tests, in an environment that holds the phone's very versions (`make phone-env`).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from mobile.android.stage import ROOT
from tests.packaging import phone_env
from tests.packaging.assembly import Assembly
from tests.packaging.blocker import REFUSED, Blocker, modules_of

RUNNER = ROOT / "tests/packaging/blocker.py"


def test_check_06_every_module_is_imported_with_what_the_phone_has(assembly: Assembly) -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-W", "error::DeprecationWarning:mobile", str(RUNNER), "import", str(assembly.staged)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split()[-2:] == [str(len(modules_of(assembly.staged, "shared", "mobile"))), "modules"]


def test_check_06_the_modules_are_all_there(assembly: Assembly) -> None:
    names = modules_of(assembly.staged, "shared", "mobile")
    assert {"mobile.main", "mobile.ui.screen", "mobile.device.android.keys", "shared.merge"} < set(names)
    assert len(names) > 100


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_check_06_what_a_phone_has_not_is_refused(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="not on a phone"):
        Blocker().find_spec(name)


def test_check_06_what_is_not_shipped_is_refused() -> None:
    blocker = Blocker({"kivy"})
    with pytest.raises(ModuleNotFoundError, match="not shipped"):
        blocker.find_spec("flask")
    assert blocker.find_spec("kivy") is None
    assert blocker.find_spec("json") is None


def test_check_06_the_environment_would_hold_the_pins_of_the_spec() -> None:
    assert "kivy==2.3.1" in phone_env.shipped()
    assert "cryptography==46.0.3" in phone_env.shipped()
    assert not [one for one in phone_env.shipped() if one.startswith(("python3", "android", "pyjnius"))]
    assert {one.partition("==")[0] for one in phone_env.for_tests()} >= {"pytest", "hypothesis"}
    assert all("==" in one for one in [*phone_env.shipped(), *phone_env.for_tests()])
    assert isinstance(phone_env.PLACE, Path)
