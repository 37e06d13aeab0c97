"""What can be done with customers of the shared pool: claim, return, lock; keys, menu and undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action as Right
from crm_desktop.models.records import Record
from crm_desktop.services import pool
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.pool import CUSTOMER, PoolState
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.widgets.chips import Tone


class PoolActions(QObject):
    """The actions of the customers' page: for the customer shown, or those selected in the list."""

    def __init__(
        self,
        context: Context,
        registry: ActionRegistry,
        page: QWidget,
        chosen: Callable[[], Sequence[str]],
        anchor: Callable[[], QWidget],
    ) -> None:
        super().__init__(page)
        self._context = context
        self._chosen = chosen
        self._anchor = anchor

        def add(key: str, text: str, shortcut: str, icon: str, run: Callable[[], None]) -> None:
            spec = ActionSpec(
                id=f"pool.{key}",
                text=text,
                group=N_("Customers"),
                icon=icon,
                shortcut=shortcut,
                right=(Right.EDIT, CUSTOMER),
            )
            registry.add(spec, run, page)

        add("claim", N_("Claim from the pool"), "Ctrl+Shift+C", "plus", self.claim)
        add("return", N_("Return to the pool"), "Ctrl+Shift+R", "undo", self.ask_reason)
        add("lock", N_("Keep out of the pool"), "Ctrl+Shift+K", "lock", self.lock)
        add("unlock", N_("Let the pool's rules count again"), "", "lock", self.unlock)

    def claim(self) -> None:
        """Take the customers chosen out of the pool."""
        text = message("Claimed; yours when HQ has agreed")
        replica = self._context.replica

        def take_back(customer_id: str) -> Outcome[Record]:
            return pool.release(replica, customer_id, "↶")

        self._each(lambda customer_id: pool.claim(replica, customer_id), text, take_back)

    def ask_reason(self) -> NamePopup | None:
        """Ask why the customers chosen are returned, and return the line that asks."""
        ids = tuple(self._chosen())
        if not ids:
            return None
        popup = NamePopup(self._anchor(), message("Why does it return to the pool?"), message("Return"))
        popup.named.connect(lambda reason: self._release(ids, reason))
        popup.open_below(self._anchor())
        return popup

    def lock(self) -> None:
        """Keep the customers chosen from being returned by rule."""
        replica = self._context.replica
        self._each(
            lambda customer_id: pool.lock(replica, customer_id),
            message("Kept out of the pool until it is unlocked"),
            lambda customer_id: pool.unlock(replica, customer_id),
        )

    def unlock(self) -> None:
        """Let the rules count for the customers chosen again."""
        replica = self._context.replica
        self._each(
            lambda customer_id: pool.unlock(replica, customer_id),
            message("The pool's rules count again"),
            lambda customer_id: pool.lock(replica, customer_id),
        )

    def _release(self, ids: tuple[str, ...], reason: str) -> None:
        replica = self._context.replica
        for customer_id in ids:
            self._context.change(
                self,
                lambda customer_id=customer_id: pool.release(replica, customer_id, reason),
                told=message("Returned to the pool"),
            )

    def _each(
        self,
        change: Callable[[str], Outcome[Record]],
        told: Message,
        back: Callable[[str], Outcome[Record]],
    ) -> None:
        for customer_id in self._chosen():
            self._context.change(
                self,
                lambda customer_id=customer_id: change(customer_id),
                told=told,
                undo=lambda customer_id=customer_id: back(customer_id),
            )


def mark_of(state: PoolState) -> tuple[Message, Tone] | None:
    """Return what a customer's page says of the pool, and how loud; None where there is nothing to say."""
    if state.in_pool:
        text = message("In the public pool: {reason}", reason=state.reason) if state.reason else IN_POOL
        return text, Tone.NEUTRAL
    if state.locked:
        return message("Kept out of the pool"), Tone.NEUTRAL
    if state.waits:
        return message("Waits for HQ"), Tone.WARN
    if state.days_left is None or state.due is None:
        return None
    if state.days_left == 0:
        return message("Returns to the pool any moment"), Tone.BAD
    return days_words(state.days_left), Tone.WARN if state.warns else Tone.NEUTRAL


def days_words(days: int) -> Message:
    """Return in how many days a customer returns."""
    if days == 1:
        return message("Returns to the pool within a day")
    return message("Returns to the pool in {days} days", days=days)


IN_POOL = message("In the public pool")
