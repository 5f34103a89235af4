#!/bin/sh
# Builds the APK on a machine with network, a JDK 17, Rust and what mobile/android/Dockerfile installs. `debug` (usual) or `release`.
# First the app is staged, then python-for-android is fetched at the version that the checks read, then buildozer does the rest:
# it fetches Android's SDK and NDK by itself, and asks to accept their licence unless APP_ANDROID_ACCEPT_SDK_LICENSE=True.
set -eu
cd "$(dirname "$0")/../.."

pin() { sed -n "s/^$1==\([^ ]*\).*/\1/p" requirements/setup.txt; }
p4a=$(pin python-for-android)
[ -n "$p4a" ] || { echo "requirements/setup.txt: no python-for-android" >&2; exit 1; }
[ "$(python3 -c 'import importlib.metadata as m; print(m.version("buildozer"))')" = "$(pin buildozer)" ] || {
  echo "需要 buildozer $(pin buildozer) / buildozer $(pin buildozer) is needed: pip install buildozer==$(pin buildozer)" >&2; exit 1; }

python3 mobile/android/stage.py

if [ "$(cat build/python-for-android/.version 2>/dev/null)" != "$p4a" ]; then
  rm -rf build/python-for-android build/p4a
  python3 -m pip download --quiet --no-deps --no-binary :all: --dest build/p4a "python-for-android==$p4a"
  mkdir -p build/python-for-android
  tar -xzf build/p4a/*.tar.gz -C build/python-for-android --strip-components 1
  echo "$p4a" > build/python-for-android/.version
fi

cd mobile  # paths in buildozer.spec are from here
exec buildozer android "${1:-debug}"
