"""What one change to many records would come to, and came to, in words; with the way back."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from crm_core.i18n import message, plural
from crm_desktop.services import bulk
from crm_desktop.services.bulk import BulkOutcome
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.format import figure
from crm_desktop.ui.translate import Text, show, tr

_SHOWN_REFUSALS = 3


def looked_words(outcome: BulkOutcome, same: Text | None = None) -> str:
    """Return what a change would come to; `same`: what is said of records that stay as they are."""
    parts = [
        plural(
            outcome.changed,
            message("1 will change"),
            message("{count} will change", count=figure(outcome.changed)),
        )
    ]
    if outcome.same:
        parts.append(message("{count} are so already", count=figure(outcome.same)))
    if outcome.refused:
        parts.append(message("{count} stay as they are", count=figure(outcome.refused)))
    words = [*map(show, parts)]
    if outcome.same and same is not None:
        words[1] = show(same)
    lines = [" · ".join(words)]
    shown = outcome.refusals[:_SHOWN_REFUSALS]
    lines += [f"{each.title}: {show(each.reason)}" for each in shown]
    if outcome.refused > len(shown):
        lines.append(tr("and {count} others", count=figure(outcome.refused - len(shown))))
    return "\n".join(lines)


def tell_applied(context: Context, owner: QWidget, entity: str, outcome: BulkOutcome) -> None:
    """Tell what was changed, with Undo for ten seconds; `owner` is whose the tasks are."""
    replica, tasks = context.replica, context.tasks

    def put_back() -> None:
        tasks.run(
            owner,
            message("Taking {count} changes back", count=figure(outcome.changed)),
            lambda job: bulk.take_back(replica, entity, outcome.undo, job.step),
            lambda number: context.tell(message("{count} put back", count=figure(number))),
            context.show_error,
        )

    text = message("{count} changed", count=figure(outcome.changed))
    if outcome.stopped:
        text = message("Stopped after {count} changes", count=figure(outcome.changed))
    elif outcome.refused:
        text = message(
            "{count} changed, {refused} stayed as they were",
            count=figure(outcome.changed),
            refused=figure(outcome.refused),
        )
    undoable = outcome.changed > 0
    context.notice.emit(
        Notice(
            kind="good",
            text=text,
            action=message("Undo") if undoable else None,
            act=put_back if undoable else None,
            seconds=10,
        )
    )
