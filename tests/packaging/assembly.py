"""A build of the app as far as it goes without an NDK, by buildozer's and python-for-android's own code.

Staging, buildozer's copy, buildozer's two command lines for p4a, p4a's packing (bytecode, manifest, Gradle file, resources) and our hook are
the real ones. Left out: compiling C and Rust, and Gradle. What stands in the project afterwards is what Gradle would be given.
"""

import contextlib
import importlib.util
import json
import os
import py_compile
import shutil
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pythonforandroid
from buildozer import Buildozer
from pythonforandroid.util import load_source

from mobile.android.stage import ROOT, stage

P4A = Path(pythonforandroid.__file__).parent
ARCHS = ("arm64-v8a", "armeabi-v7a")
SDL_ACTIVITY = """package org.libsdl.app;
class SDLInputConnection {
    public boolean deleteSurroundingText(int beforeLength, int afterLength) {
        if (Build.VERSION.SDK_INT <= 29 /* Android 10.0 (Q) */) {
            return backspaces(beforeLength);
        }
        return super.deleteSurroundingText(beforeLength, afterLength);
    }
}
"""
"""A sample with the line that the hook changes, as it reads in SDL 2.30.11."""


class Stop(Exception):
    """Raised where buildozer would go on to what needs an NDK."""


@dataclass
class Assembly:
    """`staged` is what `stage` put together, `app` what buildozer copied of it, `project` the Android project, `create` and `apk` the command lines for p4a, `args` as p4a read them."""

    staged: Path
    app: Path
    project: Path
    create: list[str]
    apk: list[str]
    args: Any

    def unpacked(self, into: Path) -> Path:
        """What the phone unpacks at its first start: bytecode without docstrings and asserts, no .py."""
        with tarfile.open(self.project / "src/main/assets/private.tar") as tar:
            tar.extractall(into, filter="data")
        return into


@contextlib.contextmanager
def inside(folder: Path, **environment: str) -> Iterator[None]:
    """Work in a folder and an environment, and go back to both."""
    before = dict(os.environ)
    with contextlib.chdir(folder):
        os.environ.update(environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def assemble(tmp: Path) -> Assembly:
    """Everything up to Gradle, under `tmp`."""
    root = tmp / "ruhu"
    shutil.copytree(ROOT / "mobile/android", root / "mobile/android", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "mobile/buildozer.spec", root / "mobile/buildozer.spec")
    shutil.copyfile(ROOT / "pyproject.toml", root / "pyproject.toml")
    stage(ROOT, root / "build/app")
    with inside(root / "mobile", HOME=str(tmp)):
        buildozer = Buildozer(str(root / "mobile/buildozer.spec"), "android")
        buildozer.build_application()
        create = command_of(buildozer, buildozer.target.compile_platform)
        apk = command_of(buildozer, buildozer.target.build_package)
    project = tmp / "project"
    args = pack(project, apk)
    return Assembly(root / "build/app", Path(buildozer.app_dir), project, create, apk, args)


def command_of(buildozer: Any, step: Any) -> list[str]:
    """The command line that buildozer would run p4a with."""
    caught: list[str] = []

    def catch(command: list[str], *_args: Any, **_more: Any) -> None:
        caught.extend(command)
        raise Stop

    buildozer.target._p4a = catch
    Path(buildozer.target.get_dist_dir("ruhu")).mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(Stop):
        step()
    return [*caught, *buildozer.target.extra_p4a_args]


def pack(project: Path, command: list[str]) -> Any:
    """p4a's packing by its own build.py, then our hook; twice, as buildozer does. Gives the arguments as p4a read them."""
    for part in ("common", "_sdl_common", "sdl2"):
        shutil.copytree(P4A / "bootstraps" / part / "build", project, dirs_exist_ok=True)
    sdk = project.parent / "sdk"
    (sdk / "build-tools/34.0.0").mkdir(parents=True)
    info = {
        "bootstrap": "sdl2",
        "hostpython": sys.executable,
        "archs": list(ARCHS),
        "ndk_api": int(option(command, "--ndk-api")),
        "use_setup_py": False,
    }
    (project / "dist_info.json").write_text(json.dumps(info))
    (project / "project.properties").write_text("target=android-34")
    (project / "local.properties").write_text(f"sdk.dir={sdk}")
    activity = project / "src/main/java/org/libsdl/app/SDLActivity.java"
    activity.parent.mkdir(parents=True)
    activity.write_text(SDL_ACTIVITY)
    for arch in ARCHS:
        (project / f"_python_bundle__{arch}").mkdir()
        (project / "libs" / arch).mkdir(parents=True)
    hook = option(command, "--hook")
    for _ in range(2):
        with inside(project):
            build = loaded("build_of_p4a", project / "build.py")
            build.compile_py_file = compiled
            args = build.parse_args_and_make_package(for_build_py(command))
            load_source("pythonforandroid.hook", hook).before_apk_assemble(None)
    return args


def for_build_py(command: list[str]) -> list[str]:
    """The part of the command line that p4a's toolchain leaves to the project's build.py."""
    left, words = [], iter(command[1:])
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in TOOLCHAINS:
            left.append(word)
        elif TOOLCHAINS[name] and not equals:
            next(words)
    return left


TOOLCHAINS = {
    **dict.fromkeys(("--copy-libs", "--ignore-setup-py", "--debug"), False),
    **dict.fromkeys(("--bootstrap", "--dist_name", "--arch", "--ndk-api", "--color", "--storage-dir", "--hook"), True),
}
"""What stands in the command line for p4a's toolchain, and whether a value follows; all else is refused by build.py unless it knows it."""


def option(command: list[str], name: str) -> str:
    """The value of --name=value."""
    return next(one.partition("=")[2] for one in command if one.startswith(f"{name}="))


def loaded(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiled(source: str, optimize_python: bool = True) -> str:
    """What build.py does with a new interpreter for each file, done here: as bytecode without docstrings and asserts, beside the source."""
    target = source.removesuffix(".py") + ".pyc"
    py_compile.compile(source, target, doraise=True, optimize=2 if optimize_python else 0)
    return target
