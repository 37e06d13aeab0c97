"""Laptops whose disk is full or may not be written: told, nothing lost, and on again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import UserError
from crm_core.ids import new_id
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.services import records
from tests.support.hq import Office, make
from tests.support.replicas import KEY, Laptop, Laptops, differences

SIZE_MB = 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give the folder of a file system of its own that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def moved(laptop: Laptop, disk: Path) -> Laptop:
    """Put a laptop's profile onto the disk."""
    root = laptop.replica.profile.root
    laptop.replica.close()
    shutil.copytree(root, disk / "profile")
    laptop.replica = Replica.open(Profile(disk / "profile"), KEY, laptop._clock())
    return laptop


def fill(disk: Path, leave_bytes: int) -> Path:
    """Fill the disk but for a little; return the file that does."""
    filler = disk / f"filler{len(list(disk.iterdir()))}"
    free = shutil.disk_usage(disk).free - leave_bytes
    filler.write_bytes(b"\0" * max(0, free))
    return filler


def many_at_hq(office: Office, owner: str, count: int = 40) -> None:
    office.hq.write_all(
        [
            make("customer", new_id(), name=f"C{number}", owner_id=owner, notes=os.urandom(6_000).hex())
            for number in range(count)
        ]
    )


@pytest.mark.soak
def test_a_disk_that_fills_up_in_a_round_is_told_and_the_round_goes_on_when_there_is_room(
    office: Office, laptops: Laptops, small_disk: Path
) -> None:
    lin = moved(laptops.make("lin", office.user("Lin", "sales"), page_bytes=64 * 1024), small_disk)
    lin.sync()
    customer = records.create(lin.replica, "customer", {"name": "typed before"}).value.id
    many_at_hq(office, lin.user_id)
    filler = fill(small_disk, 100 * 1024)
    for _ in range(2):
        with pytest.raises(UserError, match="disk is full"):
            lin.sync()
    nearly = fill(small_disk, 4 * 1024)
    with pytest.raises(UserError, match="disk is full"):
        records.update(lin.replica, "customer", customer, {"notes": os.urandom(40_000).hex()})
    assert lin.replica.integrity_check() == []
    assert records.get(lin.replica, "customer", customer).get("notes") is None
    filler.unlink()
    nearly.unlink()
    lin.reopen()
    records.update(lin.replica, "customer", customer, {"notes": "typed after"})
    assert lin.sync().up_to_date
    assert office.row("customer", customer)["notes"] == "typed after"
    assert (lin.waiting(), lin.returned(), list(differences(lin))) == (0, [], [])


@pytest.mark.soak
def test_a_disk_that_may_not_be_written_is_told_and_what_waits_goes_when_it_may(
    office: Office, laptops: Laptops, small_disk: Path
) -> None:
    lin = moved(laptops.make("lin", office.user("Lin", "sales")), small_disk)
    lin.sync()
    customer = records.create(lin.replica, "customer", {"name": "typed before"}).value.id
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    lin.replica.close()
    if subprocess.run(remount, capture_output=True, check=False).returncode:
        pytest.skip("this system does not let a disk become read-only")
    with pytest.raises(UserError, match="the disk is full, or the folder protected"):
        Replica.open(Profile(small_disk / "profile"), KEY, lin._clock())
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    lin.replica = Replica.open(Profile(small_disk / "profile"), KEY, lin._clock())
    assert lin.waiting() == 1
    assert lin.sync().up_to_date
    assert office.row("customer", customer)["name"] == "typed before"
    assert list(differences(lin)) == []
