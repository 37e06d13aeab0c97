"""What can be done with customers of the shared pool: claim, return, lock; keys, menu and undo."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.access import Action as Right
from crm_desktop.services import pool
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.pool import CUSTOMER, PoolState, Stepped
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.chosen import Ids
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.chips import Tone

_Change = Callable[[Collection[str]], Outcome[Stepped]]


class PoolActions(QObject):
    """The actions of the customers' page: for the customer shown, or those selected in the list."""

    def __init__(
        self,
        context: Context,
        registry: ActionRegistry,
        page: QWidget,
        chosen: Callable[[], Ids | None],
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
        """Take the customers chosen out of the pool; with Undo."""
        replica = self._context.replica
        self._step(
            lambda ids: pool.claim(replica, ids),
            message("Claimed; yours when HQ has agreed"),
            lambda ids: pool.release(replica, ids, tr("The claim was undone")),
        )

    def ask_reason(self) -> NamePopup | None:
        """Ask why the customers chosen are returned, and return the line that asks."""
        ids = self._chosen()
        if ids is None:
            return None
        popup = NamePopup(self._anchor(), message("Why does it return to the pool?"), message("Return"))
        popup.named.connect(lambda reason: self._release(ids, reason))
        popup.open_below(self._anchor())
        return popup

    def lock(self) -> None:
        """Keep the customers chosen from being returned by rule; with Undo."""
        replica = self._context.replica
        self._step(
            lambda ids: pool.lock(replica, ids),
            message("Kept out of the pool until it is unlocked"),
            lambda ids: pool.unlock(replica, ids),
        )

    def unlock(self) -> None:
        """Let the rules count for the customers chosen again; with Undo."""
        replica = self._context.replica
        self._step(
            lambda ids: pool.unlock(replica, ids),
            message("The pool's rules count again"),
            lambda ids: pool.lock(replica, ids),
        )

    def _release(self, ids: Ids, reason: str) -> None:
        replica = self._context.replica
        self._step(
            lambda some: pool.release(replica, some, reason),
            message("Returned to the pool"),
            lambda some: pool.claim(replica, some),
            ids,
        )

    def _step(self, change: _Change, told: Message, back: _Change, ids: Ids | None = None) -> None:
        """Take one step with all that are chosen; Undo takes it back for all of them."""
        replica, chosen = self._context.replica, ids or self._chosen()
        if chosen is None:
            return

        def done(stepped: Stepped) -> None:
            self._context.tell(_told(told, stepped), lambda: pool.take_back(replica, stepped, back))

        self._context.change(self, lambda: change(chosen()), done)


def _told(told: Message, stepped: Stepped) -> Message:
    """Return what is said of a step; of several customers how many, and why not all of them."""
    count = len(stepped.taken)
    if stepped.refusal is not None:
        return message(
            "{count} of {all} customers: {told}. {reason}",
            count=figure(count),
            all=figure(count + stepped.left),
            told=told,
            reason=stepped.refusal,
        )
    return plural(count, told, message("{count} customers: {told}", count=figure(count), told=told))


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
