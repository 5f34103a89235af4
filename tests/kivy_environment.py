"""Kivy without a screen, for every test that draws: import this before anything of Kivy.

Promises: a window of 360x740 dp at density 1, drawn off-screen with real pixels; nothing is read from or written to the home folder; what
is set before wins (KIVY_GL_BACKEND=mock, KIVY_METRICS_DENSITY=2, KIVY_METRICS_FONTSCALE=1.3, RUHU_WINDOW=320x568). Fails loudly when Kivy
was imported before.
"""

import atexit
import logging
import os
import shutil
import sys
import tempfile

WIDTH, HEIGHT = map(int, os.environ.get("RUHU_WINDOW", "360x740").split("x"))

if "kivy" in sys.modules and os.environ.get("RUHU_KIVY_ENVIRONMENT") != str(os.getpid()):
    raise RuntimeError("kivy was imported before tests.kivy_environment")
os.environ["RUHU_KIVY_ENVIRONMENT"] = str(os.getpid())

os.environ.pop("DISPLAY", None)
os.environ["SDL_VIDEODRIVER"] = "offscreen"
os.environ["KIVY_NO_ARGS"] = "1"
os.environ["KIVY_NO_CONFIG"] = "1"
os.environ["KIVY_NO_FILELOG"] = "1"
os.environ["KIVY_NO_CONSOLELOG"] = "1"
os.environ["KIVY_LOG_MODE"] = "PYTHON"  # else Kivy takes stderr, and what fails is not told
os.environ["KIVY_CLIPBOARD"] = "dummy"
os.environ["KIVY_DPI"] = "160"
os.environ.setdefault("KIVY_METRICS_FONTSCALE", "1")
os.environ.setdefault("KIVY_METRICS_DENSITY", "1")
DENSITY = float(os.environ["KIVY_METRICS_DENSITY"])

if "KIVY_HOME" not in os.environ:
    os.environ["KIVY_HOME"] = tempfile.mkdtemp(prefix="ruhu-kivy-")
    atexit.register(shutil.rmtree, os.environ["KIVY_HOME"], ignore_errors=True)

# Kivy looks for two desktop programs when the first field is made, and is loud when they are not there.
logging.getLogger("kivy").addFilter(lambda record: "Cutbuffer" not in record.getMessage())

from kivy.config import Config  # noqa: E402 - only after the environment stands

for key, value in {
    "width": round(WIDTH * DENSITY),
    "height": round(HEIGHT * DENSITY),
    "multisamples": 0,
    "maxfps": 0,
    "vsync": 0,
}.items():
    Config.set("graphics", key, str(value))
Config.set("kivy", "exit_on_escape", "0")  # a back key that nobody takes must not close the window of all tests
Config.remove_section("input")
Config.add_section("input")
