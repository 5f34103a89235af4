"""A `jnius` for tests: Java classes played by Python ones, every call checked against the table of signatures.

Promises: a member that is not in the table, an argument of another type, an overload that pyjnius would get wrong, a listener that was let
go too early and a thread left attached all fail the test. What it imitates was looked at with pyjnius 1.7.0 over a real Java.
"""

import gc
import re
import threading
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mobile.device.android.java import CALLED_BACK, TOUCHED

TYPE = re.compile(r"\[?(?:L[^;]+;|[ZBCSIJFDV])(?:\.\.\.)?")
SUPER = {
    "org.kivy.android.PythonActivity": {"android.content.Context"},
    "android.net.Uri": {"android.os.Parcelable"},
    "android.widget.EditText": {"android.view.View"},
    "android.security.keystore.KeyGenParameterSpec": {"java.security.spec.AlgorithmParameterSpec"},
    "javax.crypto.spec.GCMParameterSpec": {"java.security.spec.AlgorithmParameterSpec"},
    "javax.crypto.SecretKey": {"java.security.Key"},
    "java.io.FileOutputStream": {"java.io.OutputStream"},
    "java.lang.String": {"java.lang.CharSequence"},
}
EXACT = {
    ("javax.crypto.Cipher", "init"),
    ("javax.crypto.KeyGenerator", "init"),
    ("android.content.Intent", "putExtra"),
}
"""Overloads among which pyjnius takes a wrong one unless an argument is of exactly the class that is named."""


class JavaException(Exception):
    """As pyjnius raises it: `classname` is the Java exception's."""

    def __init__(self, classname: str, words: str = "") -> None:
        super().__init__(f"JVM exception occurred: {words} {classname}")
        self.classname = classname


class ByteArray:
    """A byte[] as pyjnius gives it back: not bytes, but may be made so."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Any:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


class PythonJavaClass:
    """The base of what Java calls. An interface must be implemented whole: a proxy is handed default methods too."""

    __javainterfaces__: list[str] = []

    def __init_subclass__(cls) -> None:
        ours = {(m.java_name, m.java_signature) for m in vars(cls).values() if hasattr(m, "java_signature")}
        for interface in cls.__javainterfaces__:
            wanted = {(n, sig) for n, sigs in CALLED_BACK[interface].items() for sig in sigs.split(" ")}
            assert ours == wanted, f"{cls.__name__} against {interface}: {sorted(ours ^ wanted)}"


def java_method(signature: str, name: str | None = None) -> Callable[[Any], Any]:
    def mark(function: Any) -> Any:
        function.java_signature, function.java_name = signature, name or function.__name__
        return function

    return mark


class Listener:
    """What Java holds of a Python object: a pointer that keeps nothing alive."""

    def __init__(self, thing: PythonJavaClass) -> None:
        self._thing = weakref.ref(thing)
        self._name = type(thing).__name__

    def call(self, name: str, signature: str, *args: Any) -> None:
        gc.collect(1)
        thing = self._thing()
        assert thing is not None, f"Java called a {self._name} that Python had let go"
        for member in vars(type(thing)).values():
            if getattr(member, "java_signature", None) == signature and member.java_name == name:
                member(thing, *args)
                return
        raise AssertionError(f"{self._name} has no {name}{signature}")


@dataclass(frozen=True)
class Signature:
    static: bool
    takes: tuple[str, ...]
    gives: str


def signatures(cls: str, member: str) -> list[Signature]:
    """What the table says of a method; a row may hold several overloads."""
    row = TOUCHED[cls][member]
    static = row.startswith("static ")
    found = []
    for one in row.removeprefix("static ").split(" "):
        takes, _, gives = one.removeprefix("(").partition(")")
        found.append(Signature(static, tuple(TYPE.findall(takes)), gives))
    return found


class Jnius(types.ModuleType):
    """The module. `played` maps Java's class names to Python classes; `new(name, *args)` makes one of them."""

    def __init__(self, played: dict[str, Any]) -> None:
        super().__init__("jnius")
        self.played = played
        self.attached: set[int] = set()
        self.used: set[tuple[str, str]] = set()
        self.text_is_plain = False
        self.JavaException = JavaException
        self.PythonJavaClass = PythonJavaClass
        self.java_method = java_method

    def autoclass(self, name: str) -> "JavaClass":
        self.touch()
        assert name in TOUCHED, f"{name} is not in the table"
        return JavaClass(self, name)

    def cast(self, name: str, thing: "JavaObject") -> "JavaObject":
        assert assignable(thing.impl.java, name), f"ClassCastException: {thing.impl.java} is no {name}"
        return JavaObject(self, name, thing.impl)

    def detach(self) -> None:
        self.attached.discard(threading.get_ident())

    def touch(self) -> None:
        """Java work attaches the thread it runs in."""
        if threading.current_thread() is not threading.main_thread():
            self.attached.add(threading.get_ident())

    # --- calls -----------------------------------------------------------------------------------------------------

    def call(self, cls: str, member: str, target: Any, args: tuple[Any, ...], static: bool) -> Any:
        self.touch()
        self.used.add((cls, member))
        for one in signatures(cls, member):
            if one.static != static:
                raise AssertionError(f"{cls}.{member} is {'' if one.static else 'not '}static")
            raw = self._fit(one.takes, args, (cls, member) in EXACT)
            if raw is not None:
                result = target(*raw)
                return self.given(one.gives, result)
        raise AssertionError(f"{cls}.{member} does not take {args!r}; it takes {TOUCHED[cls][member]}")

    def _fit(self, takes: tuple[str, ...], args: tuple[Any, ...], exact: bool) -> list[Any] | None:
        if takes and takes[-1].endswith("..."):
            takes = (*takes[:-1], *[takes[-1].removeprefix("[").removesuffix("...")] * (len(args) - len(takes) + 1))
        if len(takes) != len(args):
            return None
        if not all(fits(kind, arg, exact) for kind, arg in zip(takes, args, strict=True)):
            return None
        return [raw_of(arg) for arg in args]

    def given(self, kind: str, value: Any) -> Any:
        """A Java value as Python sees it: an object is of the class that the signature names, whatever it really is."""
        if kind == "V":
            return None
        if value is None:
            assert kind[0] in "L[", f"null for {kind}"
            return None
        if kind == "[B":
            return ByteArray(value)
        if kind == "Landroid/text/Editable;" and self.text_is_plain:
            return value.text  # pyjnius found the inherited getText, which gives a CharSequence
        if kind[0] == "L" and kind != "Ljava/lang/String;":
            name = kind[1:-1].replace("/", ".")
            return JavaObject(self, value.java if name == "java.lang.Object" else name, value)
        wanted = {"Z": bool, "I": int, "J": int, "F": float, "D": float}.get(kind, str)
        assert type(value) is wanted, f"{value!r} for {kind}"
        return value


def fits(kind: str, arg: Any, exact: bool) -> bool:
    if kind == "Ljava/lang/String;":
        return arg is None or isinstance(arg, str)
    if kind == "Ljava/lang/CharSequence;":  # a str is taken for none where a method has overloads
        return isinstance(arg, JavaObject) and arg.cls == "java.lang.CharSequence"
    if kind == "[B":
        return type(arg) is bytes
    if kind in "ZIJFD":
        allowed: Any = {"Z": (bool,), "I": (int,), "J": (int,), "F": (float,), "D": (float,)}[kind]
        return type(arg) in allowed
    if arg is None:
        return True
    name = kind.strip("[L;").replace("/", ".")
    if isinstance(arg, PythonJavaClass):
        return name.replace(".", "/") in arg.__javainterfaces__
    return isinstance(arg, JavaObject) and (arg.cls == name if exact else assignable(arg.cls, name))


def assignable(cls: str, wanted: str) -> bool:
    return cls == wanted or wanted in SUPER.get(cls, ())


def raw_of(arg: Any) -> Any:
    if isinstance(arg, JavaObject):
        return arg.impl.text if arg.cls == "java.lang.CharSequence" else arg.impl
    return Listener(arg) if isinstance(arg, PythonJavaClass) else arg


class JavaClass:
    """What autoclass gives: static members and the constructor."""

    def __init__(self, jnius: Jnius, name: str) -> None:
        self._jnius, self._name = jnius, name

    def __call__(self, *args: Any, signature: str = "") -> "JavaObject":
        if signature:
            assert signature in TOUCHED[self._name]["<init>"].split(" ")
        assert signature or self._name != "java.lang.String", "one character is taken for a char"
        made: list[Any] = []

        def make(*raw: Any) -> None:
            made.append(self._jnius.played[self._name](*raw))

        self._jnius.call(self._name, "<init>", make, args, static=False)
        return JavaObject(self._jnius, self._name, made[0])

    def __getattr__(self, member: str) -> Any:
        assert member in TOUCHED[self._name], f"{self._name}.{member} is not in the table"
        played = self._jnius.played[self._name]
        if "(" in TOUCHED[self._name][member]:
            return lambda *args: self._jnius.call(self._name, member, getattr(played, member), args, static=True)
        self._jnius.used.add((self._name, member))
        return self._jnius.given(TOUCHED[self._name][member].removeprefix("static "), getattr(played, member))


class JavaObject:
    """An object of Java, of class `cls` as far as Python knows; `impl` is who plays it."""

    def __init__(self, jnius: Jnius, cls: str, impl: Any) -> None:
        vars(self).update(_jnius=jnius, cls=cls, impl=impl)

    def __getattr__(self, member: str) -> Any:
        assert member in TOUCHED.get(self.cls, {}), f"{self.cls}.{member} is not in the table"
        if "(" in TOUCHED[self.cls][member]:
            return lambda *args: self._jnius.call(self.cls, member, getattr(self.impl, member), args, static=False)
        self._jnius.used.add((self.cls, member))
        return getattr(self.impl, member)

    def __setattr__(self, member: str, value: Any) -> None:
        self._jnius.used.add((self.cls, member))
        assert fits(TOUCHED[self.cls][member], value, exact=True), f"{self.cls}.{member} = {value!r}"
        setattr(self.impl, member, value)
