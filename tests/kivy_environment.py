"""Kivy without a screen, for every test that draws: import this before anything of Kivy.

Promises: a window of 360x740 dp at density 1, drawn off-screen with real pixels; nothing is read from or written to the home folder; the
environment a developer has set (KIVY_GL_BACKEND=mock, KIVY_METRICS_DENSITY=2) wins where it may. Fails loudly when Kivy was imported before.
"""

import atexit
import os
import shutil
import sys
import tempfile

WIDTH, HEIGHT = 360, 740

if "kivy" in sys.modules and os.environ.get("RUHU_KIVY_ENVIRONMENT") != str(os.getpid()):
    raise RuntimeError("kivy was imported before tests.kivy_environment")
os.environ["RUHU_KIVY_ENVIRONMENT"] = str(os.getpid())

os.environ.pop("DISPLAY", None)
os.environ["SDL_VIDEODRIVER"] = "offscreen"
os.environ["KIVY_NO_ARGS"] = "1"
os.environ["KIVY_NO_CONFIG"] = "1"
os.environ["KIVY_NO_FILELOG"] = "1"
os.environ["KIVY_NO_CONSOLELOG"] = "1"
os.environ["KIVY_CLIPBOARD"] = "dummy"
os.environ["KIVY_DPI"] = "160"
os.environ["KIVY_METRICS_FONTSCALE"] = "1"
os.environ.setdefault("KIVY_METRICS_DENSITY", "1")
DENSITY = float(os.environ["KIVY_METRICS_DENSITY"])

if "KIVY_HOME" not in os.environ:
    os.environ["KIVY_HOME"] = tempfile.mkdtemp(prefix="ruhu-kivy-")
    atexit.register(shutil.rmtree, os.environ["KIVY_HOME"], ignore_errors=True)

from kivy.config import Config  # noqa: E402 - only after the environment stands

for key, value in {
    "width": round(WIDTH * DENSITY),
    "height": round(HEIGHT * DENSITY),
    "multisamples": 0,
    "maxfps": 0,
    "vsync": 0,
}.items():
    Config.set("graphics", key, str(value))
Config.remove_section("input")
Config.add_section("input")
