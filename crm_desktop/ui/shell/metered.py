"""The rule for networks that are paid by the byte: sync rests on them unless the person says otherwise."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation

from crm_core.i18n import message
from crm_desktop.settings import SYNC_ON_METERED
from crm_desktop.ui.context import Context

REASON = message("metered network")


class Network(Protocol):
    """What is known of the network in use."""

    changed: Signal

    def is_metered(self) -> bool:
        """Tell whether it is paid by the byte."""


class SystemNetwork(QObject):
    """The network as the system describes it; where it says nothing, it counts as free."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: QNetworkInformation | None = None
        if QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Metered):
            self._known = QNetworkInformation.instance()
            self._known.isMeteredChanged.connect(self.changed)

    def is_metered(self) -> bool:
        """Tell whether the system calls it metered."""
        return self._known is not None and self._known.isMetered()


class MeteredRule(QObject):
    """Pauses the sync thread on a metered network, and goes on where that pause is the reason it rests."""

    def __init__(self, context: Context, network: Network, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._network = context, network
        self._holds: bool | None = None
        """What was applied last; None before the thread was seen."""
        network.changed.connect(self.apply)
        # The thread may be started later than this.
        context.sync_changed.connect(self._on_sync_changed)
        self.apply()

    def apply(self) -> None:
        """Do what the network and the setting ask for now."""
        runner, settings = self._context.app.runner, self._context.app.settings
        if runner is not None:
            # Rounds are small and may be allowed there; files wait until somebody asks for one.
            runner.hold_files(held=self._network.is_metered())
        if runner is not None and self._holds is None:
            self._holds = runner.status.pause_reason == REASON
        holds = self._network.is_metered() and not settings.get(SYNC_ON_METERED)
        if runner is None or holds == self._holds:
            return
        self._holds = holds
        if holds:
            runner.pause(None, REASON)
        elif runner.status.pause_reason == REASON:
            runner.resume()

    def _on_sync_changed(self, _status: object) -> None:
        self.apply()
