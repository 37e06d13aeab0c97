"""Making a schedule: to whom a report goes, when, and as what."""

from __future__ import annotations

import datetime
from dataclasses import replace

from PySide6.QtCore import QDate, QTime, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QTimeEdit, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, Invalid, UserError
from crm_core.i18n import message
from crm_core.rules.recurrence import Repeat, moment_of, parse_repeat, wall_clock, zone_of
from crm_core.rules.recurrence_words import repeat_words
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.platform.time_zone import usual_zone, zone_name
from crm_desktop.services import report_schedules
from crm_desktop.services.report_schedules import Around, ScheduleRow, Subject
from crm_desktop.ui.calendar.repeat_popup import usual_rules
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.forms.member_editor import MemberEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 520
USUAL_TIME = datetime.time(8)
_WEEKLY = 2
"""Place of “every week” among the usual rules."""
_FIELDS = SCHEMAS[report_schedules.SCHEDULE].fields


class ScheduleForm(Live, QDialog):
    """`saved` says that it was kept. What is wrong stands at its field."""

    saved = Signal()

    def __init__(
        self,
        context: Context,
        subject: Subject,
        around: Around,
        row: ScheduleRow | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._subject, self._row = context, subject, row
        self._zone = str(row.values["zone"] or "") if row is not None else zone_name()
        self.name = QLineEdit(subject.name)
        self.readers = MemberEditor(context, _FIELDS["readers"])
        self.outside = QLineEdit()
        self.rule, self.language = QuietCombo(), QuietCombo()
        self.first, self.time = DateField(), QTimeEdit()
        self.time.setDisplayFormat("HH:mm")
        self.by_mail, self.laptops = QCheckBox(), QCheckBox()
        self.pdf, self.xlsx = QCheckBox(), QCheckBox()
        self.save_button = Button(message("Save"), Kind.PRIMARY)
        self.cancel_button = Button(message("Cancel"))
        self.fault = Label(color="bad", wrap=True)
        self.fault.hide()
        self._rules: list[Repeat] = []
        self._lay_out(around)
        self._fill()
        self.first.dateChanged.connect(lambda _day: self._offer_rules(self._rule()))
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.reject)
        self.retranslate()
        self.retint()

    def values(self) -> dict[str, Plain]:
        """Return the schedule as it is put together. `UserError` where a name is typed and nobody chosen."""
        day, time = self.first.date(), self.time.time()
        first = datetime.date(day.year(), day.month(), day.day())
        at = moment_of(first, datetime.time(time.hour(), time.minute()), zone_of(self._zone, usual_zone()))
        outside = self.outside.text().strip()
        return {
            self._subject.field: self._subject.key,
            "name": self.name.text().strip() or None,
            "readers": self.readers.read({})["readers"],
            "outside": outside or None,
            "starts_at": at,
            "repeat": self._rule().text(),
            "zone": self._zone or None,
            "language": self.language.currentData() or None,
            "by_mail": self.by_mail.isChecked(),
            "attach_pdf": self.pdf.isChecked(),
            "attach_xlsx": self.xlsx.isChecked(),
            "to_laptops": self.laptops.isChecked(),
        }

    def save(self) -> None:
        """Keep it; HQ hears of it with the next sync."""
        for field in self._fields.values():
            field.set_error("")
        self.fault.hide()
        try:
            values = self.values()
        except UserError as error:
            self._fields["readers"].set_error(error.message)
            return
        replica, schedule_id = self._context.replica, self._row.id if self._row is not None else None
        self._context.change(
            self,
            lambda: report_schedules.save(replica, values, schedule_id),
            self._on_saved,
            self._on_refused,
            told=message("It goes out from headquarters, after the next sync"),
        )

    def retranslate(self) -> None:
        """Speak the language on screen."""
        self.setWindowTitle(tr("Send {name} by itself", name=self._subject.name))
        self.by_mail.setText(tr("By mail, with a picture and a table"))
        self.laptops.setText(tr("Onto the readers' laptops"))
        self.pdf.setText(tr("With a PDF"))
        self.xlsx.setText(tr("With an Excel file"))
        held = self.language.currentData()
        self.language.clear()
        for value, words in (("", tr("That of headquarters")), ("en", "English"), ("zh_CN", "简体中文")):
            self.language.addItem(words, value)
        self.language.setCurrentIndex(max(0, self.language.findData(held)))
        self._offer_rules(self._rule())

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setMinimumWidth(theme().px(WIDTH))

    def _lay_out(self, around: Around) -> None:
        column = QVBoxLayout(self)
        margin = theme().px(XL)
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(theme().px(M))
        heading = message("Send {name} by itself", name=self._subject.name)
        column.addWidget(Label(heading, step="title", wrap=True))
        rights = message("Each reader gets it counted by his own rights, never by yours.")
        column.addWidget(Label(rights, color="text-soft", wrap=True))
        self._fields = {
            "name": Field(message("Name"), self.name, required=True),
            "readers": Field(message("To whom: users and roles"), self.readers),
            "outside": Field(message("To addresses outside"), self.outside),
            "repeat": Field(message("How often"), self.rule),
            "first": Field(message("First day"), self.first),
            "starts_at": Field(message("Time"), self.time),
            "language": Field(message("Language"), self.language),
        }
        for name in ("name", "readers", "outside"):
            column.addWidget(self._fields[name])
        if around.outside:
            allowed = ", ".join(around.outside)
            self._fields["outside"].set_hint(message("Headquarters allows: {addresses}", addresses=allowed))
        else:
            self.outside.setEnabled(False)
            self._fields["outside"].set_hint(message("Headquarters lets reports go to users alone"))
        when = QHBoxLayout()
        when.setSpacing(theme().px(M))
        for name, stretch in (("repeat", 3), ("first", 2), ("starts_at", 1)):
            when.addWidget(self._fields[name], stretch)
        column.addLayout(when)
        column.addWidget(self._fields["language"])
        column.addWidget(self.by_mail)
        files = QHBoxLayout()
        files.setContentsMargins(theme().px(XL), 0, 0, 0)
        for box in (self.pdf, self.xlsx):
            files.addWidget(box)
        files.addStretch(1)
        column.addLayout(files)
        self.laptops.setVisible(self._subject.is_dashboard)
        column.addWidget(self.laptops)
        column.addWidget(self.fault)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.save_button)
        column.addLayout(foot)

    def _fill(self) -> None:
        row = self._row
        zone = zone_of(self._zone, usual_zone())
        if row is None:
            first = self._context.replica.clock.today() + datetime.timedelta(days=1)
            at = USUAL_TIME
        else:
            began = wall_clock(int(row.values["starts_at"] or 0), zone)
            first, at = began.date(), began.time()
            self.name.setText(str(row.values["name"] or ""))
            self.readers.fill(row.values, row.titles)
            self.outside.setText(str(row.values["outside"] or ""))
        self.first.setDate(QDate(first.year, first.month, first.day))
        self.time.setTime(QTime(at.hour, at.minute))
        self.by_mail.setChecked(row is None or bool(row.values["by_mail"]))
        self.pdf.setChecked(row is not None and bool(row.values["attach_pdf"]))
        self.xlsx.setChecked(row is not None and bool(row.values["attach_xlsx"]))
        self.laptops.setChecked(row is not None and bool(row.values["to_laptops"]))
        self.language.addItem("", str(row.values["language"] or "") if row is not None else "")
        present = None
        if row is not None:
            try:
                present = parse_repeat(str(row.values["repeat"] or ""))
            except UserError:
                present = None  # of a newer program: what is chosen here stands instead
        self._offer_rules(present)

    def _offer_rules(self, present: Repeat | None) -> None:
        """Offer what is usual from the first day on; a rule made elsewhere stays among them."""
        day = self.first.date()
        first = datetime.date(day.year(), day.month(), day.day())
        self._rules = usual_rules(first)
        at = _WEEKLY
        if present is not None:
            alike = [n for n, rule in enumerate(self._rules) if _moved(present, rule)]
            if not alike:
                self._rules.append(present)
            at = alike[0] if alike else len(self._rules) - 1
        self.rule.clear()
        for rule in self._rules:
            self.rule.addItem(show(repeat_words(rule, first)))
        self.rule.setCurrentIndex(at)

    def _rule(self) -> Repeat:
        return self._rules[max(0, self.rule.currentIndex())]

    def _on_saved(self, _record: Record) -> None:
        self.saved.emit()
        self.accept()

    def _on_refused(self, error: CrmError) -> None:
        problems = error.problems if isinstance(error, Invalid) else ()
        for problem in problems:
            field = self._fields.get(problem.field or "")
            if field is not None:
                field.set_error(problem.message)
            else:
                self.fault.say(problem.message)
                self.fault.show()
        if not problems:
            self.fault.say(error.message)
            self.fault.show()


def _moved(present: Repeat, rule: Repeat) -> bool:
    """Tell whether a usual rule is the present one as it is from another first day on."""
    if present == rule:
        return True
    plain = present == replace(present, interval=1, until=None, count=None) and len(present.weekdays) < 2
    shape = (present.every, len(present.weekdays), present.nth is None, present.month_day is None)
    return plain and shape == (rule.every, len(rule.weekdays), rule.nth is None, rule.month_day is None)
