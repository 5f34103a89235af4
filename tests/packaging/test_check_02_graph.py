"""Check 2 of KIVY.md 3.4: python-for-android resolves the requirements to exactly these recipes and pip packages."""

from buildozer.specparser import SpecParser
from pythonforandroid.bootstrap import Bootstrap
from pythonforandroid.build import Context
from pythonforandroid.graph import get_recipe_order_and_bootstrap

RECIPES = {
    *("hostpython3", "python3", "libffi", "openssl", "sqlite3", "setuptools"),
    *("sdl2", "sdl2_image", "sdl2_mixer", "sdl2_ttf"),
    *("android", "pyjnius", "kivy"),
    *("cryptography", "cffi", "pycparser"),
}
BY_PIP = {
    *("certifi", "chardet", "charset_normalizer", "filetype", "idna"),
    *("marshmallow", "requests", "six", "urllib3", "uuid6"),
}


def graph(spec: SpecParser) -> tuple[list[str], list[str]]:
    """Recipes in the order they are built, and what pip is left with."""
    context = Context()
    context.ndk_api = spec.getint("app", "android.ndk_api")
    context.recipe_build_order = []
    names = {one.partition("==")[0] for one in spec.getlist("app", "requirements")}
    recipes, pip, _ = get_recipe_order_and_bootstrap(context, names, Bootstrap.get_bootstrap("sdl2", context))
    return recipes, pip


def test_check_02_the_recipes_are_these(spec: SpecParser) -> None:
    recipes, _ = graph(spec)
    assert set(recipes) == RECIPES
    for first, then in (
        ("hostpython3", "python3"),
        ("openssl", "python3"),
        ("python3", "kivy"),
        ("cffi", "cryptography"),
    ):
        assert recipes.index(first) < recipes.index(then)


def test_check_02_the_pure_packages_are_these_and_each_has_its_pin(spec: SpecParser) -> None:
    _, pip = graph(spec)
    assert set(pip) == BY_PIP
    pinned = {
        name for name, equals, _ in (one.partition("==") for one in spec.getlist("app", "requirements")) if equals
    }
    assert pinned >= BY_PIP, "p4a fetches the newest of what has no pin"
