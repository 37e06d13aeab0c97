"""The tab that says what a customer is like: figures, each with what it was worked out from."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities.activity import ACTIVITY_KINDS
from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_core.money import Money
from crm_core.rules.customer_profile import CustomerProfile, figures
from crm_desktop.services import customer_profiles, customer_values
from crm_desktop.services.customer_values import CustomerValue
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import money
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

_LEAST_LABEL, _MOST_LABEL, _WIDTH = 120, 220, 720


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    profile: CustomerProfile
    value: CustomerValue | None


class ProfileTab(Live, QScrollArea):
    """One customer at a time; read off the main thread."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._found: _Read | None = None
        inner = QWidget()
        inner.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(inner)
        keep_margins(column, PAGE_MARGIN, L, PAGE_MARGIN, L)
        self.body = QVBoxLayout()
        self.body.setSpacing(2)
        column.addLayout(self.body)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_customer(self, customer_id: str) -> None:
        """Read a customer's figures and show them."""
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: _Read(
                profile=customer_profiles.profile(replica, customer_id),
                value=customer_values.value_of(replica, customer_id),
            ),
            self._on_read,
            self._on_failed,
            topic="profile",
        )

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if self._found is not None:
            self._on_read(self._found)

    def _on_read(self, found: _Read) -> None:
        self._found = found
        clear(self.body)
        profile, value = found.profile, found.value
        kinds = {choice.value: choice.label for choice in ACTIVITY_KINDS}
        lines = figures(profile, kinds, lambda minor: money(Money(minor, profile.currency)))
        if value is not None:
            worth = customer_values.value_figures(value, lambda minor: money(Money(minor, value.currency)))
            lines = (*worth, *lines)
        self.body.addWidget(Heading(message("Profile")))
        self.body.addSpacing(8)
        if not lines:
            self.body.addWidget(Label(message("Your role reads nothing this would follow from"), wrap=True))
        facts = []
        for line in lines:
            fact = Fact(line.label, line.said)
            facts.append(fact)
            self.body.addWidget(fact)
            self.body.addWidget(Label(line.basis, step="caption", color="text-soft"))
            self.body.addSpacing(8)
        line_up(facts, least=_LEAST_LABEL, most=_MOST_LABEL)

    def _on_failed(self, error: CrmError) -> None:
        clear(self.body)
        self.body.addWidget(Label(error.message, color="text-soft", wrap=True))
