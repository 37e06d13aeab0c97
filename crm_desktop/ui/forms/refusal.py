"""What a form says where nothing can be saved, and the way out of a share that brought the record."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from crm_core.i18n import message
from crm_desktop.services import sharing
from crm_desktop.services.forms import FormSetup
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.form_bar import FormBar
from crm_desktop.ui.widgets.paint import Tone


def say_refusal(setup: FormSetup, note: FormBar, context: Context, form: QWidget) -> None:
    """Say why nothing can be saved; whoever is named among those who see the record may leave."""
    record, refusal = setup.record, setup.refusal
    if refusal is None:
        return
    if record is None or not sharing.naming(record, setup.user_id):
        note.say(refusal, Tone.INFO)
        return
    replica, entity, record_id = context.replica, record.entity, record.id

    def leave() -> None:
        note.clear()
        context.change(
            form,
            lambda: sharing.leave(replica, entity, record_id),
            told=message("You took yourself out; the record goes with the next sync"),
        )

    note.say(refusal, Tone.INFO, message("Take me out of the share"), leave)
