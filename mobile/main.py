"""Where the app starts on a phone. Kivy is told what it must know before it is first imported.

Leaves to others: everything (`app`).
"""

import os
import sys
from pathlib import Path

# Before Kivy: no log files in a person's phone, no arguments of ours read by it, no settings file of its own.
for _name in ("KIVY_NO_ARGS", "KIVY_NO_CONFIG", "KIVY_NO_FILELOG", "KIVY_NO_ENV_CONFIG"):
    os.environ.setdefault(_name, "1")


def main() -> int:
    """Run the app until it is closed. RUHU_HOME is where a desktop keeps its profiles."""
    from mobile.app import RuhuApp

    folder = os.environ.get("RUHU_HOME") or os.environ.get("ANDROID_PRIVATE") or str(Path.home() / ".ruhu")
    RuhuApp(Path(folder)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
