"""Folders in which a database comes to harm: kept in step file by file, or on another machine's disk.

A cloud folder copies the database and its log at different moments and puts another laptop's copy in its
place; network disks lock badly (https://sqlite.org/howtocorrupt.html, section 2.1).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from crm_core.errors import UserError
from crm_core.i18n import N_

# What the services leave in the folders they own.
_MARKERS = {
    ".dropbox": "Dropbox",
    ".dropbox.cache": "Dropbox",
    ".stfolder": "Syncthing",
    ".stversions": "Syncthing",
    ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud",
    ".sync.ffs_db": "FreeFileSync",
    ".seafile-data": "Seafile",
    ".tmp.drivedownload": "Google Drive",
    ".tmp.driveupload": "Google Drive",
    ".849C9593-D756-4E56-8D6E-42412F2A707B": "OneDrive",
}
_MARKER_PATTERNS = ((re.compile(r"\.sync_[0-9a-f]+\.db\Z|\._sync_[0-9a-f]+\.db\Z"), "Nextcloud"),)
_NAMES = tuple(
    (re.compile(rf"(?:{pattern})\Z", re.IGNORECASE), service)
    for pattern, service in (
        (r"dropbox( \(.+\)|-.+)?", "Dropbox"),
        (r"onedrive( - .+|-.+)?", "OneDrive"),
        (r"google ?drive|my drive|我的云端硬盘|googledrive-.+", "Google Drive"),
        (r"iclouddrive|icloud drive|icloud ?云盘|mobile documents|com~apple~clouddocs", "iCloud"),
        (r"nextcloud\d*", "Nextcloud"),
        (r"owncloud\d*", "ownCloud"),
        (r"(我的)?坚果云( ?\(.+\)|\d*)|nutstore( files|\.\d+|\d*)", "Nutstore"),
        (r"baidusyncdisk|百度网盘同步空间", "百度网盘"),
        (r"wps ?云盘|wpsdrive", "WPS 云盘"),
        (r"box sync|box-box", "Box"),
        (r"megasync", "MEGA"),
        (r"pclouddrive|pcloud drive", "pCloud"),
        (r"seafile", "Seafile"),
        (r"synologydrive", "Synology Drive"),
        (r"yandex\.disk", "Yandex Disk"),
        (r"creative cloud files", "Creative Cloud"),
        # Where macOS keeps the folder of every service that asks it to.
        (r"cloudstorage", "CloudStorage"),
    )
)
_VARIABLES = {
    "OneDrive": "OneDrive",
    "OneDriveConsumer": "OneDrive",
    "OneDriveCommercial": "OneDrive",
}
_NETWORK_TYPES = frozenset(
    ("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "9p", "webdav", "davfs")
)
# FUSE file systems that are a disk of this machine after all.
_LOCAL_FUSE = frozenset(("fuseblk", "fuse.fuse-overlayfs", "fuse.snapfuse"))
MOUNTS = Path("/proc/mounts")


def refuse_synced(folder: Path) -> None:
    """Raise `UserError` where `folder` lies in a synced folder or on a network disk."""
    where = folder.resolve()
    owner = owner_of(where, os.environ)
    if owner is not None:
        raise UserError(
            N_(
                "The folder {folder} is kept in step by {service}, which would damage the database."
                " Choose a folder on this computer alone"
            ),
            folder=str(where),
            service=owner,
        )
    mounts = MOUNTS.read_text(encoding="utf-8", errors="replace") if MOUNTS.exists() else ""
    if is_network_path(where) or _on_network(where, mounts):
        raise UserError(
            N_(
                "The folder {folder} is on another machine's disk, where a database comes to harm."
                " Choose a folder on this computer"
            ),
            folder=str(where),
        )


def owner_of(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Return the service that keeps `folder` or a folder above it in step; None for none."""
    for variable, service in _VARIABLES.items():
        root = environment.get(variable)
        if root and folder.is_relative_to(Path(root)):
            return service
    for step in (folder, *folder.parents):
        for pattern, service in _NAMES:
            if pattern.match(step.name):
                return service
        marked = _marked(step)
        if marked is not None:
            return marked
    return None


def _marked(folder: Path) -> str | None:
    try:
        names = os.listdir(folder) if folder.is_dir() else []
    except OSError:
        return None  # a folder above that we may not list: its owner is not ours to know
    for name in names:
        if name in _MARKERS and not (folder == Path.home() and name == ".dropbox"):
            return _MARKERS[name]
        for pattern, service in _MARKER_PATTERNS:
            if pattern.match(name):
                return service
    return None


def is_network_path(folder: Path) -> bool:
    """Tell whether a path names another machine, as `\\\\server\\share` does on Windows."""
    drive = folder.drive
    return drive.startswith("\\\\") and not drive.startswith("\\\\?\\")


def _on_network(folder: Path, mounts: str) -> bool:
    """Tell whether the nearest mount above `folder` in a list like /proc/mounts is a network disk."""
    best, kind = "", ""
    path = PurePosixPath(folder.as_posix())
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), parts[1])
        if len(point) >= len(best) and path.is_relative_to(point):
            best, kind = point, parts[2]
    return kind in _NETWORK_TYPES or (kind.startswith("fuse") and kind not in _LOCAL_FUSE)
