"""Our fonts in a Kivy without a screen (`tests.kivy_environment`, which must come before anything of Kivy)."""

import pytest

import tests.kivy_environment  # noqa: F401
from mobile.ui import fonts


@pytest.fixture(scope="session", autouse=True)
def _our_fonts() -> None:
    fonts.register()


@pytest.fixture(scope="session")
def window():
    """Kivy's window: textures need one, and without a screen it needs EGL, which a bare machine may lack."""
    from kivy.core.window import Window

    if Window is None:
        pytest.skip("no off-screen OpenGL: libegl1 libegl-mesa0 libgl1-mesa-dri are needed")
    return Window
