"""What a report was made of before each change, to take it back and to do it again."""

from __future__ import annotations

from crm_core.rules.report_script import Script

MOST = 100
"""Changes that can be taken back."""


class History:
    """The versions of one report since it was chosen; one of them is in front."""

    def __init__(self, begins_with: Script) -> None:
        self._versions = [begins_with]
        self._at = 0

    @property
    def current(self) -> Script:
        """What is in front."""
        return self._versions[self._at]

    @property
    def is_changed(self) -> bool:
        """Whether what is in front is another than it began with."""
        return self.current != self._versions[0]

    @property
    def can_undo(self) -> bool:
        """Whether there is a version before."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a change was taken back."""
        return self._at < len(self._versions) - 1

    def add(self, script: Script) -> bool:
        """Put another version in front; return whether it is another."""
        if script == self.current:
            return False
        self._versions[self._at + 1 :] = [script]
        del self._versions[1 : len(self._versions) - MOST]  # the one it began with stays
        self._at = len(self._versions) - 1
        return True

    def undo(self) -> Script:
        """Go a version back and return it."""
        self._at = max(0, self._at - 1)
        return self.current

    def redo(self) -> Script:
        """Go a version on and return it."""
        self._at = min(len(self._versions) - 1, self._at + 1)
        return self.current
