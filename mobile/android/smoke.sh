#!/bin/sh
# Installs an APK on the phone at the cable, starts it, and says whether Python got as far as the first page. Needs adb and one phone.
#   mobile/android/smoke.sh [mobile/bin/FILE.apk]
# Exit 0 when the app lives after 30 s and its log holds no Traceback; then go on with CHECKLIST.md. Nobody has run it yet.
set -eu
cd "$(dirname "$0")/../.."
app=org.ruhu.ruhu
apk=${1:-$(ls -t mobile/bin/*.apk | head -n 1)}

adb install -r "$apk"
adb logcat -c
adb shell am start -W -n "$app/org.kivy.android.PythonActivity"
sleep 30
log=$(adb logcat -d -s python:V PythonActivity:V AndroidRuntime:E)
if echo "$log" | grep -q -e Traceback -e 'FATAL EXCEPTION'; then
  echo "$log" | tail -n 60
  echo "打开时出错 / it failed while starting" >&2
  exit 1
fi
adb shell pidof "$app" >/dev/null || { echo "$log" | tail -n 60; echo "已经退出 / it is gone" >&2; exit 1; }
adb shell dumpsys meminfo "$app" | grep -m 1 TOTAL || :
echo "已启动 / it started: $apk"
