"""Keys as they stand on the keyboard, the same in every language."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence

_ARROWS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}


def key_words(keys: QKeySequence | str) -> str:
    """Return `Alt+←` or `Ctrl+Shift+A` for a sequence of keys, or for one as the program writes it."""
    written = QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
    return "+".join(_ARROWS.get(part, part) for part in written.split("+"))
