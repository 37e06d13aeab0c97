#!/usr/bin/env bash
# Builds dist/satchel/ (run it where it lies), dist/satchel-VERSION-linux-ARCH.tar.xz and, where dpkg-deb is, a .deb.
# The result runs on any Linux whose glibc is at least as new as this machine's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=$(.venv/bin/python -c 'import importlib.metadata as m; print(m.version("satchel"))')
arch=$(uname -m)

echo "== one folder" >&2
.venv/bin/pyinstaller --noconfirm --log-level WARN --distpath dist --workpath build/pyinstaller \
    installer/linux/satchel.spec
# Links to libraries that were left out.
find dist/satchel -xtype l -delete

echo "== does it start?" >&2
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
alone=(env -i HOME="$home" PATH=/usr/bin:/bin LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen)
"${alone[@]}" timeout 60 dist/satchel/crm --help >/dev/null

echo "== archive" >&2
archive="dist/satchel-$version-linux-$arch.tar.xz"
tar -C dist -cf - satchel | xz -T0 -6 >"$archive"

if command -v dpkg-deb >/dev/null; then
    echo "== .deb" >&2
    tree=build/deb
    rm -rf "$tree"
    mkdir -p "$tree"/{DEBIAN,opt,usr/bin,usr/share/applications,usr/share/icons/hicolor/scalable/apps}
    cp -a dist/satchel "$tree/opt/satchel"
    ln -s /opt/satchel/satchel "$tree/usr/bin/satchel"
    ln -s /opt/satchel/crm "$tree/usr/bin/crm"
    cp installer/linux/satchel.desktop "$tree/usr/share/applications/"
    cp installer/linux/satchel.svg "$tree/usr/share/icons/hicolor/scalable/apps/"
    install -Dm644 LICENSE "$tree/usr/share/doc/satchel/copyright"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$(dpkg --print-architecture)/" \
        -e "s/@KILOBYTES@/$(du -sk "$tree/opt" | cut -f1)/" installer/linux/control.in >"$tree/DEBIAN/control"
    chmod -R u=rwX,go=rX "$tree"
    dpkg-deb --root-owner-group -Zxz -z3 --build "$tree" "dist/satchel_${version}_$(dpkg --print-architecture).deb" >&2
fi
du -sh dist/satchel dist/satchel[-_]* >&2
