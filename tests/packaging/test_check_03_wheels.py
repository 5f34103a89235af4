"""Check 3 of KIVY.md 3.4: every package that pip is left with is pure Python, also with all that it needs.

Asks the package index for nothing but its list; skipped where the index cannot be reached.
"""

import json
import subprocess
import sys

import pytest
from buildozer.specparser import SpecParser

from tests.packaging.test_check_02_graph import graph

NO_NETWORK = ("Retrying (", "Connection", "timed out", "Temporary failure", "Network is unreachable", "ProxyError")


def asked(*arguments: str) -> list[dict[str, object]]:
    """What pip would install for Android. Skips the test where there is no index."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--ignore-installed",
        "--only-binary=:all:",
        "--quiet",
    ]
    command += [
        "--disable-pip-version-check",
        "--retries",
        "0",
        "--timeout",
        "15",
        "--report",
        "-",
        "--target",
        "nowhere",
    ]
    command += ["--platform", "android_26_arm64_v8a", "--implementation", "cp", "--python-version", "3.11", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    if done.returncode and any(word in done.stderr for word in NO_NETWORK):
        pytest.skip("package index out of reach")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["install"]


def wheels(report: list[dict[str, object]]) -> dict[str, str]:
    """Package to wheel."""
    return {
        str(one["metadata"]["name"]).lower().replace("-", "_"): str(one["download_info"]["url"]).rpartition("/")[2]  # type: ignore[index]
        for one in report
    }


@pytest.mark.slow
def test_check_03_every_package_is_pure_and_needs_no_other(spec: SpecParser) -> None:
    _, left = graph(spec)
    found = wheels(asked(*[one for one in spec.getlist("app", "requirements") if one.partition("==")[0] in left]))
    assert set(found) == set(left), "what else they need must stand in the spec with a pin"
    assert [name for name in found.values() if not name.endswith("-none-any.whl")] == []
