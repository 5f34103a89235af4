"""Keys in the Android Keystore: AES-256-GCM under keys that no app, this one included, ever sees.

Promises: a key that is gone is told from a key store that only stumbled, since the first means filling the phone anew.
"""

from collections.abc import Callable
from typing import Any

from mobile.device.android.java import Java
from mobile.device.desktop import check_name
from mobile.device.ports import KeyGone, KeyStoreBusy

PROVIDER = "AndroidKeyStore"
CIPHER = "AES/GCM/NoPadding"
ENCRYPT, DECRYPT = 1, 2  # Cipher's modes, and KeyProperties' purposes alike
TAG_BITS = 128
IV_BYTES = 12
GONE = {
    "android.security.keystore.KeyPermanentlyInvalidatedException",
    "java.security.InvalidKeyException",
    "java.security.UnrecoverableKeyException",
    "javax.crypto.AEADBadTagException",
    "javax.crypto.BadPaddingException",
}
"""What says that this key will never open it. All else (ProviderException, KeyStoreException) may pass."""


class AndroidKeyStore:
    """The phone's own key store. Keys need no finger and no screen lock, and survive neither the app's removal nor a factory reset."""

    def __init__(self, java: Java) -> None:
        self._java = java

    def wrap(self, name: str, plain: bytes) -> bytes:
        return self._do(name, lambda: self._wrap(name, plain))

    def unwrap(self, name: str, sealed: bytes) -> bytes:
        return self._do(name, lambda: self._unwrap(name, sealed))

    def destroy(self, name: str) -> None:
        self._do(name, lambda: self._store().deleteEntry(name))

    def _do(self, name: str, work: Callable[[], Any]) -> Any:
        """Java work in the thread at hand, Java's errors told in ours."""
        check_name(name)

        def outcome() -> tuple[Any, str]:
            try:
                return work(), ""
            except self._java.error as error:
                return None, str(getattr(error, "classname", "") or type(error).__name__)

        done, trouble = self._java.anywhere(outcome)
        if trouble:
            raise (KeyGone if trouble in GONE else KeyStoreBusy)(trouble)
        return done

    def _wrap(self, name: str, plain: bytes) -> bytes:
        key = self._key(name)
        if key is None:
            self._make(name)
            key = self._key(name)
        cipher = self._cipher()
        cipher.init(ENCRYPT, self._java.cast("java.security.Key", key))
        sealed = bytes(cipher.doFinal(plain))
        return bytes(cipher.getIV()) + sealed  # the key store picks the IV and allows no other

    def _unwrap(self, name: str, sealed: bytes) -> bytes:
        if len(sealed) <= IV_BYTES:
            raise KeyGone
        key = self._key(name)
        if key is None:
            raise KeyGone
        spec = self._java.a("javax.crypto.spec.GCMParameterSpec")(TAG_BITS, sealed[:IV_BYTES])
        cipher = self._cipher()
        cipher.init(DECRYPT, self._java.cast("java.security.Key", key), self._spec(spec))
        return bytes(cipher.doFinal(sealed[IV_BYTES:]))

    def _make(self, name: str) -> None:
        builder = self._java.a("android.security.keystore.KeyGenParameterSpec$Builder")(name, ENCRYPT | DECRYPT)
        builder.setBlockModes("GCM")
        builder.setEncryptionPaddings("NoPadding")
        builder.setKeySize(256)
        generator = self._java.a("javax.crypto.KeyGenerator").getInstance("AES", PROVIDER)
        generator.init(self._spec(builder.build()))
        generator.generateKey()

    def _key(self, name: str) -> Any:
        return self._store().getKey(name, None)

    def _store(self) -> Any:
        store = self._java.a("java.security.KeyStore").getInstance(PROVIDER)
        store.load(None)
        return store

    def _cipher(self) -> Any:
        return self._java.a("javax.crypto.Cipher").getInstance(CIPHER)

    def _spec(self, spec: Any) -> Any:
        return self._java.cast("java.security.spec.AlgorithmParameterSpec", spec)
