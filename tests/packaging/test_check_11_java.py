"""Check 11 of KIVY.md 3.4: the Android adapters run over a Java played in Python, with one table of signatures.

The check itself is `tests/device/test_android.py`; here stands only that it is there and covers every door.
"""

import dataclasses
import inspect
import re

from mobile.device.android.java import CALLED_BACK, TOUCHED
from mobile.device.ports import Device
from tests.device import contract, test_android


def test_check_11_every_door_has_a_suite_and_android_inherits_it() -> None:
    doors = {field.name.replace("_", "").removesuffix("s") for field in dataclasses.fields(Device)}
    suites = {
        name.removesuffix("Contract").lower().removesuffix("s"): suite
        for name, suite in vars(contract).items()
        if inspect.isclass(suite) and name.endswith("Contract") and suite.__bases__ == (object,)
    }
    assert set(suites) == doors
    ours = [one for name, one in vars(test_android).items() if inspect.isclass(one) and name.startswith("Test")]
    for name, suite in suites.items():
        assert any(issubclass(one, suite) for one in ours), f"no Android adapter is tried for {name}"


def test_check_11_the_table_is_made_of_jni_signatures() -> None:
    kind = r"\[?(?:[ZBCSIJFD]|L[\w/$]+;)"
    row = re.compile(rf"(static )?(?:{kind}|\((?:{kind}(?:\.\.\.)?)*\)(?:{kind}|V))")
    for rows in [*TOUCHED.values(), *CALLED_BACK.values()]:
        for words in rows.values():
            for one in words.removeprefix("static ").split(" "):
                assert row.fullmatch(one), one
