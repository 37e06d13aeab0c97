"""The colours as a QPalette, for all that Qt paints by itself."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from crm_desktop.ui.theme.tokens import COLORS, Scheme

_ROLES = {
    QPalette.ColorRole.Window: "canvas",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "sunken",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.PlaceholderText: "text-soft",
    QPalette.ColorRole.Light: "surface",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Highlight: "accent-soft",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.BrightText: "bad",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "line-strong",
    QPalette.ColorRole.Shadow: "line-strong",
}
_DISABLED = {
    QPalette.ColorRole.WindowText: "text-disabled",
    QPalette.ColorRole.Text: "text-disabled",
    QPalette.ColorRole.ButtonText: "text-disabled",
    QPalette.ColorRole.Base: "canvas",
    QPalette.ColorRole.Highlight: "hover",
}


def palette(scheme: Scheme) -> QPalette:
    """Return the palette of a scheme; Inactive equals Active so that a selection does not fade."""
    made = QPalette()
    colors = COLORS[scheme]
    for role, name in _ROLES.items():
        made.setColor(QPalette.ColorGroup.All, role, QColor(colors[name]))
    for role, name in _DISABLED.items():
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors[name]))
    return made
