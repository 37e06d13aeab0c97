"""What a form says of records that may be the same as the one it shows."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.i18n import Message, message
from crm_desktop.services.forms import FormSetup
from crm_desktop.services.twins import Twin
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.duplicates.words import compare_place, titles_words
from crm_desktop.ui.forms.field_grid import FieldGrid
from crm_desktop.ui.forms.form_bar import FormBar
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.widgets.paint import Tone


def say_alike(setup: FormSetup, entity: str, grid: FieldGrid, note: FormBar, context: Context) -> None:
    """Name the records that may be the same: at the field, where it is one of the form's own."""
    if setup.about_like and setup.record is not None:
        text = message(
            "“{title}” looks like {titles}",
            title=setup.titles.get("about_id", ""),
            titles=titles_words(setup.about_like),
        )
        compared = compare_place(str(setup.record["about_id"]), setup.about_like)
        note.say(text, Tone.WARN, message("Compare…"), lambda: context.go.emit(compared))
        return
    alike = setup.twins
    if not alike:
        return
    field, place = grid.fields.get(alike[0].field), place_of(alike[0])
    if field is not None and alike[0].entity == entity:
        field.widget.set_note(alike_words(alike), "warn")
        return
    action = message("Look at it") if place else ""
    note.say(alike_words(alike), Tone.WARN, action, lambda: context.go.emit(place))


def alike_words(alike: Sequence[Twin]) -> Message:
    """Return the line that names them."""
    return message(
        "Possible duplicate: “{titles}” has the same {field}",
        titles=", ".join(each.title for each in alike),
        field=Message(alike[0].label),
    )


def place_of(twin: Twin) -> Place | None:
    """Return where one is shown; None for kinds without a page of their own."""
    page = PAGE_OF_ENTITY.get(twin.entity)
    return None if page is None or twin.entity == "contact" else Place(page=page, record_id=twin.record_id)
