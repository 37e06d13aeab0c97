#!/usr/bin/env bash
# Builds dist/satchel-VERSION-macos-ARCH.dmg on a Mac. See README.md; not yet tried.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ "$(uname -s)" = Darwin ] || { echo "build.sh: a macOS package is built on macOS" >&2; exit 1; }

installer/setup.sh
version=$(.venv/bin/python -c 'import importlib.metadata as m; print(m.version("satchel"))')
.venv/bin/pyinstaller --noconfirm --distpath dist --workpath build/pyinstaller installer/linux/satchel.spec
QT_QPA_PLATFORM=offscreen dist/Satchel.app/Contents/MacOS/crm --help >/dev/null

# SIGN_AS="Developer ID Application: ..." signs; without it the program runs only after the right click "Open".
if [ -n "${SIGN_AS:-}" ]; then
    codesign --force --deep --options runtime --timestamp --sign "$SIGN_AS" dist/Satchel.app
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp -R dist/Satchel.app "$stage/"
ln -s /Applications "$stage/Applications"
hdiutil create -volname Satchel -srcfolder "$stage" -ov -format UDZO "dist/satchel-$version-macos-$(uname -m).dmg"
