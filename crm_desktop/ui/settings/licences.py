"""Which packages the program stands on, and under which licences."""

from __future__ import annotations

from importlib import metadata

from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH, HEIGHT = 640, 520
_NOT_IN_METADATA = {"sqlcipher3": "Zlib"}


class Licences(Live, QDialog):
    """A table read from the packages themselves: name, version, licence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sheet = QWidget()
        grid = QGridLayout(sheet)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(L)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for row, (name, version, licence) in enumerate(packages()):
            grid.addWidget(Label(name, weight=600), row, 0)
            grid.addWidget(Label(version, color="text-soft"), row, 1)
            grid.addWidget(Label(licence, wrap=True), row, 2)
        grid.setRowStretch(grid.rowCount(), 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(sheet)
        close = Button(message("Close"), Kind.STANDARD)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, L, XL, L)
        column.setSpacing(L)
        column.addWidget(Label(message("Licences"), step="title"))
        column.addWidget(
            Label(
                message(
                    "Satchel stands on these packages. The face of Chinese text is Noto Sans SC (OFL 1.1)."
                ),
                color="text-soft",
                wrap=True,
            )
        )
        column.addWidget(area, 1)
        column.addLayout(foot)
        self.resize(theme().px(WIDTH), theme().px(HEIGHT))
        self.retranslate()

    def retranslate(self) -> None:
        """Name the dialog in the language on screen."""
        self.setWindowTitle(tr("Licences"))


def packages() -> list[tuple[str, str, str]]:
    """Return name, version and licence of the packages the laptop's program was installed with."""
    wanted = {"PySide6-Essentials", "shiboken6"}
    for line in metadata.requires("satchel") or []:
        requirement, _, marker = line.partition(";")
        if "extra" not in marker or "desktop" in marker:
            wanted.add(requirement.split("[")[0].split("<")[0].split(">")[0].split("=")[0].strip())
    found = {}
    for name in wanted:
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        licence = (
            package.metadata.get("License-Expression")
            or _classified(package)
            or _NOT_IN_METADATA.get(name, "")
        )
        found[package.metadata["Name"].casefold()] = (package.metadata["Name"], package.version, licence)
    return [found[key] for key in sorted(found)]


def _classified(package: metadata.Distribution) -> str:
    named = [
        line.rpartition("::")[2].strip()
        for line in package.metadata.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    written = (package.metadata.get("License") or "").splitlines()
    return ", ".join(named) or (written[0] if written else "")
