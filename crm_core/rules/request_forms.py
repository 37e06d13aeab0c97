"""Forms of service requests: what their questions are, what answers must be, what stays as it was asked.

A request keeps the form as it was when somebody filled it in. HQ knows every version by its hash, so that
what a laptop says a form asked is one that truly stood, and old requests read as they were.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from crm_core.entities.setup import CUSTOM_KINDS
from crm_core.errors import Problem
from crm_core.i18n import N_, Message, Worded, message
from crm_core.rules import custom_fields
from crm_core.schema.field import Field, Kind
from crm_core.schema.validate import problem_with

FORM: Final = "request_form"
REQUEST: Final = "service_request"
TICKET: Final = "ticket"
FILE: Final = "file"
"""A question answered by a file that is put on the request."""
KINDS: Final = (*(choice.value for choice in CUSTOM_KINDS), FILE)
PREFIX: Final = "a:"
"""Name of a question as a field: this and its key."""
MOST_QUESTIONS: Final = 40
GRANTED, WITHDRAWN, DRAFT, WAITING = "granted", "withdrawn", "draft", "waiting"
_WORKS: Final = frozenset(("open", "waiting", "solved"))
"""States of a ticket in which, or after which, somebody worked on it."""
_SAID: Final = (
    *("key", "label", "label_zh", "kind", "required", "choices", "target", "currency"),
    *("hint", "hint_zh"),
)
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")

UNKNOWN: Final = N_("HQ knows no such version of this form; open the form again")
NOT_YOURS: Final = N_("This form is for others")
IS_HELD: Final = N_("Nobody works on this before it is accepted: it is a service request")
STAYS: Final = N_("A service request stays with its ticket")


def definition(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request keeps of its form: what it is called, what it asks, whether work waits."""
    return {
        **{name: form[name] for name in ("name", "name_zh", "icon") if form.get(name)},
        "holds": form.get("holds") is not False,
        "questions": [
            {name: question[name] for name in _SAID if question.get(name) not in (None, "", [], False)}
            for question in form.get("questions") or ()
            if isinstance(question, Mapping)
        ],
    }


def mark_of(kept: Mapping[str, Any]) -> str:
    """Return the hash by which HQ knows a version of a form."""
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def version_of(form: Mapping[str, Any], kept: Mapping[str, Any]) -> int | None:
    """Return which version of a form a request was made by, from 1 on; None where it never said so."""
    marks, mark = list(form.get("marks") or ()), mark_of(kept)
    present = mark_of(definition(form))
    if present not in marks:
        marks.append(present)
    return marks.index(mark) + 1 if mark in marks else None


def named(form: Mapping[str, Any]) -> Worded:
    """Return what a form, or what a request kept of one, is called."""
    return Worded(str(form.get("name") or ""), form.get("name_zh") or "")


def fields_of(form: Mapping[str, Any]) -> dict[str, Field]:
    """Return the questions of a form, or of what a request kept of one, as fields called `a:key`."""
    found: dict[str, Field] = {}
    for question in form.get("questions") or ():
        if isinstance(question, Mapping) and (field := _field_of(question)) is not None:
            found.setdefault(field.name, field)
    return found


def all_fields(forms: Iterable[Mapping[str, Any]]) -> dict[str, Field]:
    """Return the questions of several forms as fields, each called after its form too.

    Of one key the first form's counts: conditions of an approval flow ask it of every form that has it.
    """
    found: dict[str, Field] = {}
    for form in forms:
        for name, field in fields_of(form).items():
            title = named(form)
            label = Worded(f"{title} · {field.label}", f"{title.chinese or title} · {_chinese(field.label)}")
            found.setdefault(name, replace(field, label=label))
    return found


def _chinese(label: str) -> str:
    return (label.chinese if isinstance(label, Worded) else "") or str(label)


def _field_of(question: Mapping[str, Any]) -> Field | None:
    is_file = question.get("kind") == FILE
    kind = Kind.TEXT if is_file else question.get("kind")
    row = {**question, "entity": REQUEST, "kind": kind}
    if not isinstance(row.get("choices") or [], list):
        return None
    field = custom_fields.declared(row)
    if field is None:
        return None
    field = replace(field, name=PREFIX + str(question["key"]), searchable=False)
    return replace(field, kind=Kind.REF, target="attachment") if is_file else field


def is_file(field: Field) -> bool:
    """Tell whether a question is answered by a file."""
    return field.kind is Kind.REF and field.target == "attachment"


def answers_as_values(answers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return answers by the names of their questions as fields."""
    return {PREFIX + key: value for key, value in (answers or {}).items()}


def key_for(label: str, taken: Collection[str]) -> str:
    """Return a key for a question called so, other than those taken."""
    made = _NOT_LETTERS.sub("_", label.lower()).strip("_")[:36].lstrip("0123456789_") or "question"
    key, count = made, 1
    while key in taken:
        count += 1
        key = f"{made}_{count}"
    return key


def may_use(form: Mapping[str, Any], role_id: str | None, *, administers: bool = False) -> bool:
    """Tell whether who holds a role may ask by a form."""
    roles = form.get("roles") or ()
    return not roles or administers or role_id in roles


def is_offered(form: Mapping[str, Any], role_id: str | None, *, administers: bool = False) -> bool:
    """Tell whether a form is among those a person chooses from."""
    return not form.get("retired") and may_use(form, role_id, administers=administers)


def problems_of_form(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a form's record as it would be saved."""
    questions = values.get("questions") or []
    if not isinstance(questions, list) or len(questions) > MOST_QUESTIONS:
        return [_wrong(message(N_("A form asks at most {most} questions"), most=MOST_QUESTIONS))]
    seen: set[str] = set()
    for number, question in enumerate(questions, start=1):
        wrong = _problem_of_question(question, seen)
        if wrong is not None:
            return [_wrong(message(N_("Question {number}: {problem}"), number=number, problem=wrong))]
        seen.add(question["key"])
    if values.get("task_for_id") and not values.get("task"):
        said = message(N_("Say what the task is"))
        return [Problem(field="task", message=said)]
    return []


def _problem_of_question(question: Any, seen: Collection[str]) -> Message | None:
    if not isinstance(question, Mapping) or set(question) - set(_SAID):
        return message(N_("This cannot be read"))
    texts = [question.get(name) for name in _SAID if name not in ("required", "choices")]
    if any(text is not None and problem_with(_TEXT, text) is not None for text in texts):
        return message(N_("This cannot be read"))
    if not str(question.get("label") or "").strip():
        return message(N_("Say what is asked"))
    if not isinstance(question.get("choices") or [], list):
        return message(N_("This cannot be read"))
    if not isinstance(question.get("required") or False, bool):
        return message(N_("This cannot be read"))
    if not all(isinstance(each, Mapping) for each in question.get("choices") or ()):
        return message(N_("This cannot be read"))
    kind = question.get("kind")
    if kind == FILE:
        question = {**question, "kind": Kind.TEXT.value}
    elif kind not in KINDS:
        return message(N_("A question is one of {kinds}"), kinds=", ".join(KINDS))
    declaration = {**question, "entity": REQUEST}
    found = custom_fields.problems_of_declaration(declaration, None, seen)
    return found[0].message if found else None


def problems_of_request(values: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> list[Problem]:
    """Return what is wrong with the answers of a request, each at the name of its question.

    `before` is what the record held: what was answered before stays right. What is missing is asked for when
    it is sent: see `lacking`.
    """
    form, answers = values.get("form"), values.get("answers") or {}
    if not isinstance(form, Mapping) or not isinstance(answers, Mapping):
        return [Problem(field="answers", message=message(N_("This cannot be read")))]
    fields = fields_of(form)
    held = (before or {}).get("answers") or {}
    problems = []
    for key, value in answers.items():
        field = fields.get(PREFIX + str(key))
        if field is None:
            told = message(N_("The form has no question “{key}”"), key=str(key))
            problems.append(Problem(field="answers", message=told))
        elif value not in (None, "", []) and value != held.get(key):
            wrong = _problem_of_answer(field, value)
            if wrong is not None:
                problems.append(Problem(field=field.name, message=wrong))
    return problems


def lacking(values: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each question of a request that must be answered and is not."""
    answers = values.get("answers") or {}
    return [
        Problem(field=name, message=message(N_("This is required")))
        for name, field in fields_of(values.get("form") or {}).items()
        if field.required and answers.get(name.removeprefix(PREFIX)) in (None, "", [])
    ]


def is_sent(before: Any, after: Any) -> bool:
    """Tell whether a request goes out by going from one state to another."""
    return before in (None, DRAFT) and after in (WAITING, GRANTED)


def _problem_of_answer(field: Field, value: Any) -> Message | None:
    wrong = problem_with(field, value)
    if wrong is not None or not field.choices:
        return wrong
    offered = {choice.value for choice in field.choices if not choice.retired}
    for each in value if isinstance(value, list) else [value]:
        if each not in offered:
            label = Message(field.choice_label(each))
            return message(N_("“{value}” is not offered here; choose another"), value=label)
    return None


def holds(request: Mapping[str, Any]) -> bool:
    """Tell whether nobody may work on the ticket of a request yet."""
    form = request.get("form")
    does = not isinstance(form, Mapping) or form.get("holds") is not False
    return does and request.get("status") != GRANTED


def is_work(before: Any, after: Any) -> bool:
    """Tell whether a ticket goes from one state to another by working on it: not by giving it up."""
    return after in _WORKS and before != after


def _wrong(said: Message) -> Problem:
    return Problem(field="questions", message=said)


_TEXT: Final = Field(no=0, name="text", label="", kind=Kind.TEXT)
