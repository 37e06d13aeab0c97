"""A mark that tells whether the window was closed as it should."""

from __future__ import annotations

from crm_desktop.platform.paths import Profile


def begin(profile: Profile) -> bool:
    """Mark the window as open; return whether the one before was never closed."""
    ended_unexpectedly = profile.running_file.exists()
    profile.running_file.touch()
    return ended_unexpectedly


def end(profile: Profile) -> None:
    """Take the mark away."""
    profile.running_file.unlink(missing_ok=True)
