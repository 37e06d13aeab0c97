#!/usr/bin/env bash
# Installs or upgrades HQ from this repository as a systemd service. Run as root:
#     installer/server/install.sh
# PREFIX (default /opt/satchel-hq) gets the program; the data stay in /var/lib/satchel-hq. ROOT_DIR puts everything
# below another folder, starts nothing and needs no root: for building images and for trying.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

PREFIX=${PREFIX:-/opt/satchel-hq}
ROOT_DIR=${ROOT_DIR:-}
target=$ROOT_DIR$PREFIX
[ -n "$ROOT_DIR" ] || [ "$(id -u)" = 0 ] || { echo "install.sh: run as root" >&2; exit 1; }

installer/setup.sh
uv=$(command -v uv || echo "$PWD/.uv/bin/uv")
python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')

mkdir -p "$target"
[ -x "$target/venv/bin/python" ] || "$python" -m venv --without-pip --copies "$target/venv"
"$uv" export --quiet --frozen --extra server --no-dev --no-emit-project --output-file "$target/requirements.txt"
"$uv" pip sync --quiet --python "$target/venv/bin/python" --compile-bytecode --require-hashes "$target/requirements.txt"
"$uv" pip install --quiet --python "$target/venv/bin/python" --compile-bytecode --no-deps .
cp installer/server/README.md LICENSE "$target/"

units=$ROOT_DIR/etc/systemd/system
mkdir -p "$units"
sed "s|@PREFIX@|$PREFIX|" installer/server/satchel-hq.service >"$units/satchel-hq.service"
if [ -n "$ROOT_DIR" ]; then exit; fi

id satchel-hq >/dev/null 2>&1 || useradd --system --home-dir /var/lib/satchel-hq --shell /usr/sbin/nologin satchel-hq
install -d -o satchel-hq -g satchel-hq -m 700 /var/lib/satchel-hq
systemctl daemon-reload
if [ -f /var/lib/satchel-hq/crm-server.toml ]; then
    systemctl restart satchel-hq
else
    echo "Installed. Make the headquarters, then start it: see $PREFIX/README.md"
fi
