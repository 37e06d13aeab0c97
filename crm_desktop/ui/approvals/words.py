"""Requests for approval in words."""

from __future__ import annotations

from crm_core.entities.approval import REQUEST_STATES
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules import request_forms
from crm_core.rules.approval import State, Verdict
from crm_desktop.services.approvals import DecisionLine, RequestView
from crm_desktop.services.calendar import local
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.format import money, near_moment, percent
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.paint import Tone

_VERDICTS = {
    Verdict.APPROVE: N_("{who} approved"),
    Verdict.RETURN: N_("{who} returned it"),
    Verdict.REFUSE: N_("{who} refused"),
}
TONES = {
    State.WAITING: Tone.WARN,
    State.APPROVED: Tone.GOOD,
    State.REFUSED: Tone.BAD,
    State.RETURNED: Tone.WARN,
    State.WITHDRAWN: Tone.INFO,
}


def state_words(view: RequestView) -> Message:
    """Return what a request has come to."""
    value = view.standing.state.value
    return Message(next(each.label for each in REQUEST_STATES if each.value == value))


def standing_words(view: RequestView, now_ms: int) -> Text:
    """Return where a request stands: who is to decide, since when, or why it ended."""
    if view.standing.state is not State.WAITING:
        last = view.decisions[-1] if view.decisions else None
        if view.reason is not None:
            return view.reason
        return decision_words(last, now_ms) if last is not None else ""
    since = near_moment(local(view.asked_ms), local(now_ms))
    if not view.sent:
        return message("Sent for approval when online; asked {time}", time=since)
    names = ", ".join(each for each in view.waits_for if each)
    if view.steps > 1:
        return message(
            "Step {step} of {steps}: {names} to decide, asked {time}",
            step=view.standing.place.step + 1,
            steps=view.steps,
            names=names,
            time=since,
        )
    return message("{names} to decide, asked {time}", names=names, time=since)


def decision_words(line: DecisionLine, now_ms: int) -> Text:
    """Return one decision: who, for whom, what, when, what was said."""
    who = line.who
    if line.instead_of:
        who = show(message("{who} for {other}", who=line.who, other=line.instead_of))
    said: Text = Message(_VERDICTS[line.verdict], {"who": who})
    said = message("{said}, {time}", said=said, time=near_moment(local(line.at_ms), local(now_ms)))
    if line.comment:
        said = message("{said}: {comment}", said=said, comment=line.comment)
    if not line.sent:
        said = message("{said} (binding when HQ has accepted it)", said=said)
    return said


def answers_words(view: RequestView) -> str:
    """Return what a service request says, as far as it is no link; '' for other kinds of record."""
    about = view.about
    if about is None or about.entity != request_forms.REQUEST:
        return ""
    given = request_forms.answers_as_values(about.get("answers"))
    parts = []
    for name, field in request_forms.fields_of(about.get("form") or {}).items():
        if field.target is None and (said := value_text(field, given.get(name), {}, {})):
            parts.append(f"{show(Message(field.label))}: {said}")
    return " · ".join(parts)


def offer_words(view: RequestView) -> Text:
    """Return what is asked in figures: total, how far below list, what is left over the cost."""
    offer = view.offer
    if offer is None:
        return ""
    parts = {
        "total": money(Money(offer.total_minor, offer.currency)),
        "percent": percent(offer.below_list),
        "line": percent(offer.most_below_list),
    }
    said = message("{total}; {percent} below list price, one line {line}", **parts)
    if view.margin_percent is not None:
        margin = percent(view.margin_percent)
        said = message("{said}; margin {margin}", said=said, margin=margin)
    return said
