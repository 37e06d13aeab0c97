"""The look of the program: colours, type, icons and style sheet behind one object."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QPushButton

from crm_desktop.ui.theme import fonts, icons, tokens
from crm_desktop.ui.theme.palette import palette
from crm_desktop.ui.theme.sheet import sheet
from crm_desktop.ui.theme.tokens import Scheme

Mode = Literal["system", "light", "dark"]
SCALES = (0.9, 1.0, 1.15, 1.3, 1.5, 2.0)
"""The font scales settings offer."""

_RATIOS = (1.0, 2.0, 3.0)
_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


@runtime_checkable
class Dressed(Protocol):
    """A widget that takes its look from the theme."""

    def retint(self) -> None:
        """Set every pixmap, colour and font anew."""


class Theme(QObject):
    """The theme in use; `changed` tells widgets that hold pixmaps to tint them anew."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = "system"
        self._scheme = Scheme.LIGHT
        self._scale = 1.0
        self._app: QApplication | None = None
        self._revision = 0
        self._colors: dict[str, QColor] = {}
        self._inks: dict[str, QPalette] = {}
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._folder: QTemporaryDir | None = None

    @property
    def mode(self) -> Mode:
        """What the person chose; "system" follows the desktop."""
        return self._mode

    @property
    def scheme(self) -> Scheme:
        """The set of colours on screen now."""
        return self._scheme

    @property
    def dark(self) -> bool:
        """Whether the dark colours are on screen now."""
        return self._scheme is Scheme.DARK

    @property
    def scale(self) -> float:
        """The person's font scale; 1.0 is text of 13 px."""
        return self._scale

    @property
    def motion_ms(self) -> int:
        """How long a movement may take; 0 where the system asks for less motion."""
        hints = QGuiApplication.styleHints()
        asked = hints.accessibility().motionPreference()
        return 0 if asked == Qt.MotionPreference.ReducedMotion else tokens.MOTION_MS

    @property
    def revision(self) -> int:
        """Another number for each look: who was dressed at this one needs nothing new."""
        return self._revision

    def apply(self, app: QApplication, mode: Mode = "system", font_scale: float = 1.0) -> None:
        """Dress the whole program, and keep following the desktop while the mode is "system".

        Nothing happens where it wears that already: each time, every widget there is is dressed anew.
        """
        if self._app is app and (self._mode, self._scale) == (mode, font_scale):
            return
        hints = app.styleHints()
        if self._app is None:
            app.setStyle("Fusion")
            hints.colorSchemeChanged.connect(self._on_desktop_scheme_changed)
        self._app, self._mode, self._scale = app, mode, font_scale
        hints.setColorScheme(_SCHEMES[mode])
        self._dress()

    def color(self, name: str) -> QColor:
        """Return the colour of a role, one object for all: copy it to change it. KeyError for none."""
        made = self._colors.get(name)
        if made is None:
            made = self._colors[name] = self._color(name)
        return made

    def ink(self, name: str) -> QPalette:
        """Return a palette whose words are in the colour of a role."""
        made = self._inks.get(name)
        if made is None:
            made = self._inks[name] = QPalette()
            for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
                made.setColor(group, QPalette.ColorRole.WindowText, self.color(name))
            disabled = QPalette.ColorGroup.Disabled
            made.setColor(disabled, QPalette.ColorRole.WindowText, self.color("text-disabled"))
        return QPalette(made)

    def _color(self, name: str) -> QColor:
        value = tokens.COLORS[self._scheme][name]
        if value.startswith("rgba("):
            red, green, blue, alpha = value[5:-1].split(",")
            return QColor.fromRgbF(int(red) / 255, int(green) / 255, int(blue) / 255, float(alpha))
        return QColor(value)

    def px(self, length: float) -> int:
        """Return a length in logical pixels at the person's font scale."""
        return round(length * self._scale)

    def size(self, name: str) -> int:
        """Return a named size (tokens `size`) at the person's font scale."""
        return self.px(tokens.SIZES[name])

    def font(self, step: str = "body", weight: int | None = None) -> QFont:
        """Return the font of a step: caption, body, section, title, figure; weight 400 or 600."""
        return fonts.font(step, self._scale, weight)

    def line_height(self, step: str = "body") -> int:
        """Return the line height of a step of the type scale."""
        return self.px(tokens.STEPS[step].line)

    def pixmap(
        self, name: str, color: str = "text", size: int = tokens.ICON_SMALL, ratio: float | None = None
    ) -> QPixmap:
        """Return an icon in the colour of a role, `size` before the font scale."""
        if ratio is None:
            ratio = QGuiApplication.instance().devicePixelRatio()
        return icons.draw(name, self.color(color).name(), size, ratio, self._scale)

    def icon(self, name: str, color: str = "text-soft") -> QIcon:
        """Return an icon for actions and menus, one object for all; ask again after `changed`."""
        made = self._icons.get((name, color))
        if made is None:
            made = self._icons[name, color] = QIcon()
            for size in (tokens.ICON_SMALL, tokens.ICON_LARGE):
                for ratio in _RATIOS:
                    made.addPixmap(self.pixmap(name, color, size, ratio))
                    made.addPixmap(self.pixmap(name, "text-disabled", size, ratio), QIcon.Mode.Disabled)
        return made

    def _on_desktop_scheme_changed(self) -> None:
        if self._mode == "system":
            self._dress()

    def _dress(self) -> None:
        app = self._app
        if app is None:
            return
        wanted = app.styleHints().colorScheme() if self._mode == "system" else _SCHEMES[self._mode]
        self._scheme = Scheme.DARK if wanted == Qt.ColorScheme.Dark else Scheme.LIGHT
        self._revision += 1
        self._colors.clear()
        self._inks.clear()
        self._icons.clear()
        app.setFont(self.font())
        app.setPalette(palette(self._scheme))
        app.setStyleSheet(sheet(self._scheme, self._scale, self._icon_folder()))
        # Once all is dressed Qt gives push buttons the font back that they had under the sheet before.
        for widget in app.allWidgets():
            if isinstance(widget, QPushButton) and isinstance(widget, Dressed):
                widget.retint()
        self.changed.emit()

    def _icon_folder(self) -> Path:
        """Return the folder of this scheme's icons for the style sheet, written once."""
        if self._folder is None:
            self._folder = QTemporaryDir()
        folder = Path(self._folder.path()) / self._scheme.value
        if not folder.exists():
            colors = tokens.COLORS[self._scheme]
            soft = colors["text-soft"]
            names = dict.fromkeys(("down", "up", "left", "right"), soft)
            icons.write(folder, {**names, "check-on": colors["on-accent"]})
        return folder


_current = Theme()


def theme() -> Theme:
    """Return the one theme of the program."""
    return _current
