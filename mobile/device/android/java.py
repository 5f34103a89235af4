"""Java from Python: every member of Java that the adapters touch, in one table, and the few ways Java calls back.

Promises: a class that is not in the table cannot be had; what Java is to call stays alive until it was called; work off the main thread
leaves no thread attached. Leaves to others: what is called and why. What pyjnius 1.7 gets wrong is written where it is avoided.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

ACTIVITY = "org.kivy.android.PythonActivity"
TOUCHED: dict[str, dict[str, str]] = {
    # the app's own
    ACTIVITY: {
        "mActivity": f"static L{ACTIVITY.replace('.', '/')};",
        "getCacheDir": "()Ljava/io/File;",
        "getContentResolver": "()Landroid/content/ContentResolver;",
        "getPackageManager": "()Landroid/content/pm/PackageManager;",
        "getPackageName": "()Ljava/lang/String;",
        "getSystemService": "(Ljava/lang/String;)Ljava/lang/Object;",
        "getWindow": "()Landroid/view/Window;",
        "moveTaskToBack": "(Z)Z",
        "runOnUiThread": "(Ljava/lang/Runnable;)V",
        "startActivity": "(Landroid/content/Intent;)V",
        "startActivityForResult": "(Landroid/content/Intent;I)V",
    },
    "androidx.core.content.FileProvider": {
        "getUriForFile": "static (Landroid/content/Context;Ljava/lang/String;Ljava/io/File;)Landroid/net/Uri;",
    },
    # asking another app
    "android.content.Intent": {
        "<init>": "(Ljava/lang/String;)V",
        "addFlags": "(I)Landroid/content/Intent;",
        "createChooser": "static (Landroid/content/Intent;Ljava/lang/CharSequence;)Landroid/content/Intent;",
        "getStringExtra": "(Ljava/lang/String;)Ljava/lang/String;",
        "putExtra": "(Ljava/lang/String;Landroid/os/Parcelable;)Landroid/content/Intent;"
        " (Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;",
        "setClassName": "(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;",
        "setType": "(Ljava/lang/String;)Landroid/content/Intent;",
    },
    "android.content.pm.PackageManager": {"hasSystemFeature": "(Ljava/lang/String;)Z"},
    "android.net.Uri": {},
    "android.os.Parcelable": {},
    "java.io.File": {"<init>": "(Ljava/lang/String;)V", "getAbsolutePath": "()Ljava/lang/String;"},
    # keys
    "java.security.KeyStore": {
        "getInstance": "static (Ljava/lang/String;)Ljava/security/KeyStore;",
        "load": "(Ljava/security/KeyStore$LoadStoreParameter;)V",
        "getKey": "(Ljava/lang/String;[C)Ljava/security/Key;",
        "deleteEntry": "(Ljava/lang/String;)V",
    },
    "java.security.Key": {},
    "java.security.spec.AlgorithmParameterSpec": {},
    "android.security.keystore.KeyGenParameterSpec$Builder": {
        "<init>": "(Ljava/lang/String;I)V",
        "build": "()Landroid/security/keystore/KeyGenParameterSpec;",
        "setBlockModes": "([Ljava/lang/String;...)Landroid/security/keystore/KeyGenParameterSpec$Builder;",
        "setEncryptionPaddings": "([Ljava/lang/String;...)Landroid/security/keystore/KeyGenParameterSpec$Builder;",
        "setKeySize": "(I)Landroid/security/keystore/KeyGenParameterSpec$Builder;",
    },
    "android.security.keystore.KeyGenParameterSpec": {},
    "javax.crypto.KeyGenerator": {
        "getInstance": "static (Ljava/lang/String;Ljava/lang/String;)Ljavax/crypto/KeyGenerator;",
        "init": "(Ljava/security/spec/AlgorithmParameterSpec;)V",
        "generateKey": "()Ljavax/crypto/SecretKey;",
    },
    "javax.crypto.SecretKey": {},
    "javax.crypto.Cipher": {
        "getInstance": "static (Ljava/lang/String;)Ljavax/crypto/Cipher;",
        "init": "(ILjava/security/Key;)V (ILjava/security/Key;Ljava/security/spec/AlgorithmParameterSpec;)V",
        "getIV": "()[B",
        "doFinal": "([B)[B",
    },
    "javax.crypto.spec.GCMParameterSpec": {"<init>": "(I[B)V"},
    # pictures
    "android.graphics.BitmapFactory": {
        "decodeFile": "static (Ljava/lang/String;Landroid/graphics/BitmapFactory$Options;)Landroid/graphics/Bitmap;",
    },
    "android.graphics.BitmapFactory$Options": {
        "<init>": "()V",
        "inJustDecodeBounds": "Z",
        "inSampleSize": "I",
        "outWidth": "I",
        "outHeight": "I",
    },
    "android.graphics.Bitmap": {
        "createBitmap": "static (Landroid/graphics/Bitmap;IIIILandroid/graphics/Matrix;Z)Landroid/graphics/Bitmap;",
        "compress": "(Landroid/graphics/Bitmap$CompressFormat;ILjava/io/OutputStream;)Z",
        "getWidth": "()I",
        "getHeight": "()I",
        "recycle": "()V",
    },
    "android.graphics.Bitmap$CompressFormat": {"JPEG": "static Landroid/graphics/Bitmap$CompressFormat;"},
    "android.graphics.Matrix": {"<init>": "()V", "postRotate": "(F)Z", "postScale": "(FF)Z"},
    "android.media.ExifInterface": {
        "<init>": "(Ljava/lang/String;)V",
        "getAttributeInt": "(Ljava/lang/String;I)I",
    },
    "java.io.FileOutputStream": {"<init>": "(Ljava/lang/String;)V", "close": "()V"},
    # place and network
    "android.location.LocationManager": {
        "isProviderEnabled": "(Ljava/lang/String;)Z",
        "removeUpdates": "(Landroid/location/LocationListener;)V",
        "requestSingleUpdate": "(Ljava/lang/String;Landroid/location/LocationListener;Landroid/os/Looper;)V",
    },
    "android.location.Location": {
        "getLatitude": "()D",
        "getLongitude": "()D",
        "getAccuracy": "()F",
        "hasAccuracy": "()Z",
    },
    "android.os.Looper": {"getMainLooper": "static ()Landroid/os/Looper;"},
    "android.net.ConnectivityManager": {
        "getActiveNetwork": "()Landroid/net/Network;",
        "getNetworkCapabilities": "(Landroid/net/Network;)Landroid/net/NetworkCapabilities;",
    },
    "android.net.Network": {},
    "android.net.NetworkCapabilities": {"hasCapability": "(I)Z"},
    "android.content.ContentResolver": {},
    "android.provider.Settings$Global": {"getInt": "static (Landroid/content/ContentResolver;Ljava/lang/String;I)I"},
    # window and text box
    "android.view.Window": {
        "addFlags": "(I)V",
        "clearFlags": "(I)V",
        "getDecorView": "()Landroid/view/View;",
        "setSoftInputMode": "(I)V",
    },
    "android.view.View": {"postDelayed": "(Ljava/lang/Runnable;J)Z"},
    "android.app.AlertDialog$Builder": {
        "<init>": "(Landroid/content/Context;I)V",
        "create": "()Landroid/app/AlertDialog;",
        "getContext": "()Landroid/content/Context;",
        "setCancelable": "(Z)Landroid/app/AlertDialog$Builder;",
        "setNegativeButton": "(Ljava/lang/CharSequence;Landroid/content/DialogInterface$OnClickListener;)"
        "Landroid/app/AlertDialog$Builder;",
        "setPositiveButton": "(Ljava/lang/CharSequence;Landroid/content/DialogInterface$OnClickListener;)"
        "Landroid/app/AlertDialog$Builder;",
        "setTitle": "(Ljava/lang/CharSequence;)Landroid/app/AlertDialog$Builder;",
        "setView": "(Landroid/view/View;)Landroid/app/AlertDialog$Builder;",
    },
    "android.app.AlertDialog": {"getWindow": "()Landroid/view/Window;", "show": "()V"},
    "android.content.Context": {},
    "android.widget.EditText": {
        "<init>": "(Landroid/content/Context;)V",
        "getText": "()Landroid/text/Editable;",
        "length": "()I",
        "requestFocus": "()Z",
        "setGravity": "(I)V",
        "setHint": "(Ljava/lang/CharSequence;)V",
        "setInputType": "(I)V",
        "setMinLines": "(I)V",
        "setSelection": "(I)V",
        "setText": "(Ljava/lang/CharSequence;)V",
    },
    "android.text.Editable": {"toString": "()Ljava/lang/String;"},
    "java.lang.CharSequence": {},
    "java.lang.String": {"<init>": "(Ljava/lang/String;)V"},
    "java.util.List": {"get": "(I)Ljava/lang/Object;", "size": "()I"},
}
"""Class to member to JNI signature; several overloads stand apart by a space, `static` and `...` (varargs) as in Java."""

CALLED_BACK: dict[str, dict[str, str]] = {
    "java/lang/Runnable": {"run": "()V"},
    "android/content/DialogInterface$OnClickListener": {"onClick": "(Landroid/content/DialogInterface;I)V"},
    "android/location/LocationListener": {
        "onLocationChanged": "(Landroid/location/Location;)V (Ljava/util/List;)V",
        "onStatusChanged": "(Ljava/lang/String;ILandroid/os/Bundle;)V",
        "onProviderEnabled": "(Ljava/lang/String;)V",
        "onProviderDisabled": "(Ljava/lang/String;)V",
        "onFlushComplete": "(I)V",
    },
}
"""Java's interfaces that Python implements: all of their methods, the default ones too, since a proxy gets every call."""


class Java:
    """The way to Java for one device. Made in the main thread: only there can pyjnius find the app's own classes."""

    def __init__(self) -> None:
        import jnius  # type: ignore[import-not-found]  # there is none but on a phone

        self._jnius = jnius
        self._held: dict[int, object] = {}
        self.error: type[Exception] = jnius.JavaException
        self.activity: Any = self.a(ACTIVITY).mActivity
        self._run, self._click, self._listen = _proxies(jnius)

    def a(self, name: str) -> Any:
        """A class of Java. KeyError for one that is not in the table."""
        TOUCHED[name]
        return self._jnius.autoclass(name)

    def cast(self, name: str, thing: Any) -> Any:
        """The same thing as this class: pyjnius takes the wrong overload for a subclass, an Object has no methods at all."""
        TOUCHED[name]
        return self._jnius.cast(name, thing)

    def words(self, text: str) -> Any:
        """A text where Java wants a CharSequence: among overloads pyjnius does not see a str as one, and takes a single character for a char."""
        return self.cast("java.lang.CharSequence", self.a("java.lang.String")(text, signature="(Ljava/lang/String;)V"))

    def on_ui(self, work: Callable[[], None]) -> None:
        """Run in Java's UI thread, where windows and dialogs may be touched."""
        self.activity.runOnUiThread(self.runnable(work))

    def runnable(self, work: Callable[[], None]) -> Any:
        """A Runnable for one run."""

        def run() -> None:
            self.let_go(runnable)
            work()

        runnable = self.hold(self._run(run))
        return runnable

    def click(self, work: Callable[[], None]) -> Any:
        """An OnClickListener; held until `let_go`."""
        return self.hold(self._click(work))

    def listener(self, heard: Callable[[Any], None]) -> Any:
        """A LocationListener that hears Locations; held until `let_go`."""
        return self.hold(self._listen(heard))

    def hold(self, thing: T) -> T:
        """Keep what Java will call: Java's own hold does not keep the Python side alive."""
        self._held[id(thing)] = thing
        return thing

    def let_go(self, thing: object) -> None:
        self._held.pop(id(thing), None)

    def anywhere(self, work: Callable[[], T]) -> T:
        """Run Java work in the thread at hand. A thread of Python's own must be detached before it ends, after its last Java object went;
        so `work` gives back plain values and lets no exception out that holds one.
        """
        try:
            return work()
        finally:
            if threading.current_thread() is not threading.main_thread():
                self._jnius.detach()


def _proxies(jnius: Any) -> tuple[Any, Any, Any]:
    """The three classes that Java calls. Made late, since their base is pyjnius' own."""
    method = jnius.java_method

    class Run(jnius.PythonJavaClass):
        __javainterfaces__ = ["java/lang/Runnable"]

        def __init__(self, work: Callable[[], None]) -> None:
            super().__init__()
            self.work = work

        @method("()V")
        def run(self) -> None:
            self.work()

    class Click(jnius.PythonJavaClass):
        __javainterfaces__ = ["android/content/DialogInterface$OnClickListener"]

        def __init__(self, work: Callable[[], None]) -> None:
            super().__init__()
            self.work = work

        @method("(Landroid/content/DialogInterface;I)V", name="onClick")
        def on_click(self, _dialog: Any, _which: int) -> None:
            self.work()

    class Listen(jnius.PythonJavaClass):
        __javainterfaces__ = ["android/location/LocationListener"]

        def __init__(self, heard: Callable[[Any], None]) -> None:
            super().__init__()
            self.heard = heard

        @method("(Landroid/location/Location;)V", name="onLocationChanged")
        def on_location(self, location: Any) -> None:
            self.heard(location)

        @method("(Ljava/util/List;)V", name="onLocationChanged")
        def on_locations(self, locations: Any) -> None:  # Android 12 and later call this one
            for at in range(locations.size()):
                self.heard(locations.get(at))

        @method("(Ljava/lang/String;ILandroid/os/Bundle;)V", name="onStatusChanged")
        def on_status(self, _provider: str, _status: int, _extras: Any) -> None: ...

        @method("(Ljava/lang/String;)V", name="onProviderEnabled")
        def on_enabled(self, _provider: str) -> None: ...

        @method("(Ljava/lang/String;)V", name="onProviderDisabled")
        def on_disabled(self, _provider: str) -> None: ...

        @method("(I)V", name="onFlushComplete")
        def on_flushed(self, _code: int) -> None: ...

    return Run, Click, Listen
