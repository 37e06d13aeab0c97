"""The language of document templates: Jinja2 in its sandbox, less everything a document does not need.

A template has places, conditions and loops; it calls nothing, imports nothing and reaches into nothing but
plain values. What it may hold is a list of kinds of nodes, looked at before anything runs, so a way past the
sandbox would have to be one of a few harmless things. Loops, time and length have limits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import partial
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.template_values import WRITINGS, Blank, DocumentLanguage, written

MOST_TURNS: Final = 20_000
MOST_CHARACTERS: Final = 500_000
MOST_SECONDS: Final = 3.0  # of the processor's time, so that a busy laptop changes nothing
MOST_NESTED: Final = 5
_LARGEST = Decimal(10) ** 30
# A line of nothing but tags leaves no line behind; its end is marked, so that lines keep their numbers.
_NO_LINE = "\ufdd0"
_LONE = re.compile(r"(?m)^([ \t]*(?:\{%(?:(?!%\}).)*%\}[ \t]*)+)$")
_EMPTY_LINE = re.compile(rf"[ \t]*{_NO_LINE}\n?")
LOOP = ("index", "index0", "first", "last", "length", "revindex", "revindex0")

_ADMITTED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign),
    *(nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test, nodes.Concat),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Tuple, nodes.List),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
)
_TESTS = ("defined", "odd", "even", "none")
_NOT_ADMITTED = N_("Templates have places, conditions and loops; this is none of them: {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProblem:
    """What is wrong with a template, and where: line and column from 1, 0 where nobody can say."""

    line: int
    column: int
    message: Message

    def told(self) -> Message:
        """Return the problem with its place."""
        if not self.line:
            return self.message
        return message(
            "Line {line}, column {column}: {problem}",
            line=self.line,
            column=self.column,
            problem=self.message,
        )


class TemplateRefused(UserError):
    """A template that cannot be used; `problems` names everything wrong with it."""

    def __init__(self, problems: Iterable[TemplateProblem]) -> None:
        self.problems = tuple(problems)
        first, more = self.problems[0].told(), len(self.problems) - 1
        said = message("{problem} (and {more} more)", problem=first, more=more) if more else first
        super().__init__(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A filled template; `blanks` are the paths of values the record does not have, each once."""

    text: str
    blanks: tuple[str, ...]


def render(
    text: str,
    values: Mapping[str, Any],
    language: DocumentLanguage,
    escape: Callable[[str], str] | None = None,
) -> Rendered:
    """Return the template filled with plain values; `escape` is applied to each of them.

    Raises `TemplateRefused` for a template that is none, asks for what is not there or takes too much.
    """
    sandbox = Sandbox(language, escape)
    return sandbox.fill(text, values)


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment for one filling of one template. Word templates are given it, too."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%"))

    def __init__(self, language: DocumentLanguage, escape: Callable[[str], str] | None = None) -> None:
        super().__init__(
            undefined=StrictUndefined,
            optimized=False,
            finalize=self._write,
        )
        self._language, self._escape = language, escape
        self._turns, self._deadline = 0, time.thread_time() + MOST_SECONDS
        self._blanks: dict[str, None] = {}
        own = {name: partial(self._written_by, each.write) for name, each in WRITINGS.items()}
        self.filters = {**own, **_FILTERS, "counted": self._counted, "joined": self._joined}
        self.tests = {name: self.tests[name] for name in _TESTS}
        self.globals = {}

    @property
    def blanks(self) -> tuple[str, ...]:
        """The paths of values that were to be printed and that the record does not have."""
        return tuple(self._blanks)

    def tree(self, text: str) -> nodes.Template:
        """Return what a template holds. Raises `TemplateRefused`."""
        try:
            tree = super()._parse(text, None, None)
            problems = list(_foreign(tree, text))
        except TemplateSyntaxError as error:
            said = message("The template cannot be read: {reason}", reason=str(error.message))
            problems = [TemplateProblem(line=error.lineno, column=1, message=said)]
        except RecursionError:
            problems = [
                TemplateProblem(line=0, column=0, message=message("The template is nested too deeply"))
            ]
        if problems:
            raise TemplateRefused(problems)
        return tree

    def fill(self, text: str, values: Mapping[str, Any]) -> Rendered:
        """Return the filled template."""
        with _told():
            template = self.from_string(_LONE.sub(rf"\1{_NO_LINE}", text))
            parts, length = [], 0
            for part in template.generate(**values):
                length += len(part)
                if length > MOST_CHARACTERS:
                    raise _TooMuch(message("The document becomes too long"))
                parts.append(part)
                self._tick()
        return Rendered(text=_EMPTY_LINE.sub("", "".join(parts)), blanks=self.blanks)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = self.tree(source)
        _Counting().visit(tree)
        tree.set_environment(self)
        return tree

    def getattr(self, holder: Any, attribute: str) -> Any:
        """Return what a plain mapping has under a name, or what a loop says of itself."""
        if isinstance(holder, LoopContext) and attribute in LOOP:
            return getattr(holder, attribute)
        return self.getitem(holder, attribute)

    def getitem(self, holder: Any, argument: Any) -> Any:
        """Return what a plain mapping or list holds."""
        if isinstance(holder, Mapping) and argument in holder:
            return holder[argument]
        if isinstance(holder, list) and isinstance(argument, int) and -len(holder) <= argument < len(holder):
            return holder[argument]
        return self.undefined(name=str(argument))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Reckon with numbers, and with nothing else."""
        for each in (left, right):
            if (
                isinstance(each, bool)
                or not isinstance(each, (int, Decimal))
                or Decimal(each).copy_abs() > _LARGEST
            ):
                raise _TooMuch(message("Only numbers can be reckoned with; join texts by ~"))
        if operator == "/":
            return Decimal(left) / Decimal(right)
        return super().call_binop(context, operator, left, right)

    def _write(self, value: Any) -> str:
        if isinstance(value, Blank):
            self._blanks[value.path] = None
        if isinstance(value, StrictUndefined):
            return str(value)  # raises, naming it
        text = written(value, self._language)
        return self._escape(text) if self._escape is not None else text

    def _written_by(self, write: Callable[[Any, DocumentLanguage], str], value: Any) -> str:
        return value if isinstance(value, Blank) else write(value, self._language)

    def _counted(self, rows: Any) -> Iterator[Any]:
        for row in rows:
            self._tick()
            yield row

    def _joined(self, values: list[Any]) -> str:
        text = "".join("" if isinstance(each, Blank) else written(each, self._language) for each in values)
        return _short(text)

    def _tick(self) -> None:
        self._turns += 1
        if self._turns > MOST_TURNS:
            raise _TooMuch(message("The loops of the template take too many turns"))
        if time.thread_time() > self._deadline:
            raise _TooMuch(message("The template takes too long"))


class _TooMuch(Exception):
    """A limit was reached."""

    def __init__(self, said: Message) -> None:
        super().__init__(str(said))
        self.said = said


@dataclass(slots=True)
class _told:  # noqa: N801 - used as a with-statement reads
    """Tells what goes wrong while a template is filled as a `TemplateRefused` with its line."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, trace: Any) -> None:
        said = _said(error)
        if said is None:
            return
        line = 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<template>":
                line = trace.tb_lineno
            trace = trace.tb_next
        raise TemplateRefused([TemplateProblem(line=line, column=1, message=said)]) from error


def _said(error: BaseException | None) -> Message | None:
    if isinstance(error, _TooMuch):
        return error.said
    if isinstance(error, (DivisionByZero, ZeroDivisionError)):
        return message("The template divides by zero")
    if isinstance(error, UndefinedError):
        return message("This is not there: {reason}", reason=str(error.message))
    if isinstance(error, (TypeError, AttributeError, InvalidOperation, TemplateRuntimeError, OverflowError)):
        return message("The template does something these values cannot: {reason}", reason=str(error))
    if isinstance(error, (RecursionError, MemoryError, SyntaxError)):
        return message("The template is nested too deeply")
    return None


told = _told
"""For whoever fills a template by other means than `render`."""


def _short(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise _TooMuch(message("The document becomes too long"))
    return text


def _default(value: Any, otherwise: Any = "") -> Any:
    return otherwise if value in ("", None) else value


def _join(values: Any, between: str = "") -> str:
    texts = [str(each) for each in values]
    if sum(map(len, texts)) + len(between) * len(texts) > MOST_CHARACTERS:
        raise _TooMuch(message("The document becomes too long"))
    return str(between).join(texts)


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": _default,
    "upper": lambda value: _short(str(value)).upper(),
    "lower": lambda value: _short(str(value)).lower(),
    "trim": lambda value: str(value).strip(),
    "length": len,
    "join": _join,
}


class _Counting(NodeTransformer):
    """Has every turn of a loop and every joined text counted."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "joined", [], [], None, None, lineno=node.lineno)


def _foreign(tree: nodes.Template, text: str) -> Iterator[TemplateProblem]:
    """Return what a template holds that is not of the language."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, loops = waiting.pop()
        what = _refused(node, loops)
        if what is not None:
            yield TemplateProblem(line=node.lineno, column=1, message=what)
            continue
        loops += isinstance(node, nodes.For)
        waiting += [(child, loops) for child in reversed(list(node.iter_child_nodes()))]


def _refused(node: nodes.Node, loops: int) -> Message | None:
    if not isinstance(node, _ADMITTED):
        return message(_NOT_ADMITTED, what=type(node).__name__.lower())
    if isinstance(node, nodes.For) and (node.recursive or loops >= MOST_NESTED):
        return message(
            "Loops cannot call themselves, nor stand in more than {most} others", most=MOST_NESTED - 1
        )
    if isinstance(node, (nodes.Getattr, nodes.Getitem)) and not path_of(node):
        return message("Only what is in the list of variables can be named")
    if isinstance(node, nodes.Const) and isinstance(node.value, float):
        return message("Numbers in templates are whole")
    if isinstance(node, nodes.Assign) and not isinstance(node.target, nodes.Name):
        return message(_NOT_ADMITTED, what="set")
    if isinstance(node, (nodes.Tuple, nodes.List)) and not all(
        isinstance(each, nodes.Const) for each in node.items
    ):
        return message("Lists in templates hold only texts and numbers")
    if isinstance(node, nodes.Filter):
        if node.node is None or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            return message(_NOT_ADMITTED, what=node.name)
        if node.name not in WRITINGS and node.name not in _FILTERS:
            return message("There is no filter called “{name}”", name=node.name)
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        return message("There is no test called “{name}”", name=node.name)
    return None


def path_of(node: nodes.Node) -> list[str]:
    """Return the names of a place such as `customer.name`; nothing for what is no place."""
    match node:
        case nodes.Name():
            return [node.name]
        case nodes.Getattr():
            before = path_of(node.node)
            return [*before, node.attr] if before else []
        case nodes.Getitem() if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            before = path_of(node.node)
            return [*before, node.arg.value] if before else []
        case _:
            return []
