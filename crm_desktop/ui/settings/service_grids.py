"""The fields of work calendars, service levels and macros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from crm_core.entities.ticket import TICKET_STATES
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules import service_levels
from crm_core.rules.holiday_file import DaysInFile
from crm_core.rules.public_holidays import with_days, with_official_days, years
from crm_core.rules.sla import ENDED, PAUSING
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.services import work_calendars
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.forms.several import SeveralEditor
from crm_desktop.ui.settings.flow_grid import FlowConditions
from crm_desktop.ui.settings.service_editors import (
    ChangesEditor,
    HoursEditor,
    LevelsEditor,
    PromisedEditor,
    holidays_editor,
    made_up_editor,
)
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label

CALENDAR_FILES = "iCalendar (*.ics)"
YEARS_OFFERED = 4
"""Of official days: the newest that are known."""


class CalendarGrid(SetupGrid):
    """When people work."""

    order = ("name", "time_zone", "standard", "hours", "holidays", "made_up")
    sections = {"hours": N_("Working hours"), **dict.fromkeys(("holidays", "made_up"), N_("Other days"))}
    hints = {
        "time_zone": N_("Like Asia/Shanghai or Europe/London"),
        "standard": N_("Counts where a service level names no calendar"),
        "hours": N_("Like 09:00-12:00, 13:00-18:00; empty is a day off"),
        "holidays": N_("A day a line, or 2026-10-01 - 2026-10-07"),
        "made_up": N_("A day a line with the weekday it is worked like, as 2026-10-10 = Friday"),
    }

    preview_title = (message("Official days"), message("Mainland China, with make-up working days"))

    def build(self, context: Context, shown: Any, values: Any, *parts: Any, **how: Any) -> None:
        """Make the editors, and what brings in the official days of a year or the days of a file."""
        self._context = context
        self.year = QuietCombo()
        self.add_days = Button(message("Add the days of this year"), icon="cal", small=True)
        self.add_file = Button(message("Add the days of a file…"), icon="file", small=True)
        self.file_said = Label("", color="text-soft", wrap=True)
        super().build(context, shown, values, *parts, **how)
        known, today = years(), context.replica.clock.today().year
        for year in known[-YEARS_OFFERED:]:
            self.year.addItem(str(year), year)
        self.year.setCurrentIndex(max(0, self.year.findData(min(today, known[-1]))))
        self.add_days.clicked.connect(self._on_add_days)
        line = QHBoxLayout()
        line.setSpacing(theme().px(8))
        line.addWidget(self.year)
        line.addWidget(self.add_days)
        line.addStretch(1)
        said = message(
            "Known until {year}; those of later years are typed as they are published. All can be changed.",
            year=str(known[-1]),
        )
        self.preview.body.addLayout(line)
        self.preview.body.addWidget(Label(said, color="text-soft", wrap=True))
        self.add_file.clicked.connect(self._ask_file)
        other = QHBoxLayout()
        other.addWidget(self.add_file)
        other.addStretch(1)
        self.preview.body.addLayout(other)
        hint = message("Hong Kong, Singapore, the UK and others publish their holidays as a calendar (.ics).")
        self.preview.body.addWidget(Label(hint, color="text-soft", wrap=True))
        self.preview.body.addWidget(self.file_said)
        self.file_said.hide()
        self.preview.setVisible(self.fields["holidays"].editor is not None)
        self.year.setAccessibleName(tr("Year"))

    def _on_add_days(self) -> None:
        self._show_added(with_official_days(self.present(), (int(self.year.currentData()),)))

    def _ask_file(self) -> None:
        title, folder = tr("Read a calendar file…"), str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, title, folder, CALENDAR_FILES)
        if chosen:
            self.take_file(Path(chosen))

    def take_file(self, file: Path) -> None:
        """Add the days of a calendar file, read off the main thread."""

        def read() -> DaysInFile:
            return work_calendars.read_days(file)

        self._context.tasks.read(self, read, self._on_read, self._on_unreadable, topic="holidays")

    def _on_read(self, found: DaysInFile) -> None:
        try:
            self._show_added(with_days(self.present(), found.days))
        except UserError as error:
            self._on_unreadable(error)
            return
        counts = {"count": len(found.days), "left": len(found.unread)}
        self._say(message("Whole days in the file: {count}. Left: {left}. Save to keep them.", **counts))

    def _on_unreadable(self, error: CrmError) -> None:
        self._say(error.message)

    def _say(self, said: Message) -> None:
        self.file_said.say(said)
        self.file_said.show()

    def _show_added(self, added: Mapping[str, Plain]) -> None:
        for name, days in added.items():
            editor = self.fields[name].editor
            if editor is not None:
                editor.fill({name: days}, {})
                editor.edited.emit()

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of hours and days."""
        match field.name:
            case "hours":
                return HoursEditor(field)
            case "holidays":
                return holidays_editor(field)
            case "made_up":
                return made_up_editor(field)
            case _:
                return None


class PolicyConditions(FlowConditions):
    """Which tickets a service level is for."""

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the conditions, once the fields are known."""
        super().fill({"rules": values.get("rules"), "record_entity": "ticket"}, titles)

    def asked(self, fields: Mapping[str, Field]) -> Mapping[str, Field]:
        """Return what may be asked of a ticket."""
        return {name: fields.get(name, field) for name, field in service_levels.ASKED.items()}


class PolicyGrid(SetupGrid):
    """What customers are promised."""

    order = (
        *("name", "rank", "active", "rules", "calendar_id", "promised", "pausing", "warn_minutes"),
        "escalations",
    )
    sections = {
        "rules": N_("Which tickets"),
        **dict.fromkeys(("calendar_id", "promised", "pausing"), N_("What is promised")),
        **dict.fromkeys(("warn_minutes", "escalations"), N_("Before and after the deadline")),
    }
    hints = {
        "rank": N_("The first service level that fits counts"),
        "rules": N_("All of them must hold; without one it is for every ticket"),
        "calendar_id": N_("Empty: the standard one"),
        "promised": N_("Hours and minutes of working time, like 1:30"),
        "pausing": N_("In these the clock stands still"),
        "warn_minutes": N_("Empty: nobody is warned"),
        "escalations": N_("Working time after the deadline, rising; each is done once"),
    }

    def arranged(self, each: ShownField) -> ShownField:
        """Offer the states of open tickets that may stop the clock."""
        found = super().arranged(each)
        if each.field.name != "pausing":
            return found
        states = tuple(choice for choice in TICKET_STATES if choice.value not in ENDED)
        return replace(found, field=replace(found.field, kind=Kind.TAGS, choices=states))

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of conditions, promises and levels."""
        match field.name:
            case "rules":
                return PolicyConditions(context)
            case "promised":
                return PromisedEditor(field)
            case "pausing":
                return _PausingEditor(field)
            case "escalations":
                return LevelsEditor(context, field)
            case _:
                return None


class _PausingEditor(SeveralEditor):
    """States that stop the clock; where a record names none, those that usually do."""

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Tick what counts."""
        held = values.get(self.field.name)
        super().fill({self.field.name: sorted(PAUSING) if held is None else held}, titles)

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the states; none is a list of none."""
        return {name: found or [] for name, found in super().read(values).items()}


class MacroGrid(SetupGrid):
    """What a macro does."""

    order = ("name", "changes", "adds_tags", "answer_id", "internal")
    sections = {
        **dict.fromkeys(("changes", "adds_tags"), N_("What it changes")),
        **dict.fromkeys(("answer_id", "internal"), N_("What it answers")),
    }
    hints = {
        "changes": N_("A field left empty stays as it is"),
        "answer_id": N_("A canned answer is a template of this kind"),
    }

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of what is set."""
        return ChangesEditor(context, field) if field.name == "changes" else None
