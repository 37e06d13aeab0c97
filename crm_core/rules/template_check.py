"""Whether what a template names is there: all at once, each with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from jinja2 import nodes

from crm_core.i18n import Message, message
from crm_core.rules.template_language import LOOP, Sandbox, TemplateProblem, TemplateRefused, path_of
from crm_core.rules.template_values import WRITINGS, Leaf, Part, Rows, Shape, Sort

_MADE = {"length": Sort.NUMBER}


def problems_of(text: str, known: Part) -> list[TemplateProblem]:
    """Return everything that is wrong with a template whose places may take what `known` says."""
    try:
        tree = Sandbox("en").tree(text)
    except TemplateRefused as refused:
        return list(refused.problems)
    return problems_in(tree, text, known)


def problems_in(tree: nodes.Template, text: str, known: Part) -> list[TemplateProblem]:
    """Return what a template names that is not there; `text` is what it was read from."""
    return _Check(text, known).of(tree)


_ANY = Leaf(label=Message(""), sort=Sort.ANY)
_LOOP_PART = Part(
    label=message("Loop"),
    fields={
        name: Leaf(
            label=message("Loop"), sort=Sort.TRUTH if name in ("first", "last") else Sort.NUMBER, example="1"
        )
        for name in LOOP
    },
)


@dataclass(slots=True)
class _Check:
    """Looks every place up in what there is, and whether its filters fit."""

    text: str
    known: Part
    problems: list[TemplateProblem] = field(default_factory=list)
    _seen: dict[tuple[int, str], int] = field(default_factory=dict)

    def of(self, tree: nodes.Template) -> list[TemplateProblem]:
        """Return the problems in the order of the text."""
        self._all(tree.body, dict(self.known.fields))
        return sorted(self.problems, key=lambda each: (each.line, each.column))

    def _all(self, body: Iterable[nodes.Node], names: dict[str, Shape]) -> None:
        for node in body:
            self._statement(node, names)

    def _statement(self, node: nodes.Node, names: dict[str, Shape]) -> None:
        match node:
            case nodes.Output():
                for each in node.nodes:
                    if not isinstance(each, nodes.TemplateData):
                        self._printed(each, names)
            case nodes.If():
                self._shape(node.test, names)
                for part in (node.body, node.elif_, node.else_):
                    self._all(part, names)
            case nodes.For():
                self._loop(node, names)
            case nodes.Assign():
                names[str(getattr(node.target, "name", ""))] = self._shape(node.node, names)

    def _loop(self, node: nodes.For, names: dict[str, Shape]) -> None:
        found = self._shape(node.iter, names)
        row: Shape = _ANY
        if isinstance(found, Rows):
            row = found.row
        elif found is not _ANY and not isinstance(node.iter, (nodes.List, nodes.Tuple)):
            self._report(node, (), message("A loop goes through several alike; this is only one"))
        inner = {**names, "loop": _LOOP_PART}
        if isinstance(node.target, nodes.Name):
            inner[node.target.name] = row
        else:
            self._report(node, (), message("A loop has one name for what it goes through"))
        if node.test is not None:
            self._shape(node.test, inner)
        self._all(node.body, inner)
        self._all(node.else_, names)

    def _printed(self, node: nodes.Expr, names: Mapping[str, Shape]) -> None:
        found = self._shape(node, names)
        if not isinstance(found, Leaf):
            path = ".".join(path_of(node))
            self._report(
                node,
                tuple(path_of(node)),
                message("“{name}” holds several values; name one of them", name=path),
            )

    def _shape(self, node: nodes.Node, names: Mapping[str, Shape]) -> Shape:
        """Return what an expression is, having looked at all of it."""
        match node:
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                return self._place(node, names)
            case nodes.Const():
                return Leaf(label=Message(""), sort=Sort.NUMBER if isinstance(node.value, int) else Sort.TEXT)
            case nodes.Filter():
                return self._filtered(node, names)
            case nodes.CondExpr():
                self._shape(node.test, names)
                shapes = [self._shape(each, names) for each in (node.expr1, node.expr2) if each is not None]
                return shapes[0] if shapes[0] == shapes[-1] else _ANY
            case _:
                for each in node.iter_child_nodes():
                    self._shape(each, names)
                return _ANY

    def _filtered(self, node: nodes.Filter, names: Mapping[str, Shape]) -> Shape:
        assert node.node is not None
        found = self._shape(node.node, names)
        for argument in node.args:
            self._shape(argument, names)
        writing = WRITINGS.get(node.name)
        if writing is not None and isinstance(found, Leaf) and found.sort not in (*writing.takes, Sort.ANY):
            words = tuple(path_of(node.node))
            said = message("“{filter}” does not fit “{name}”", filter=node.name, name=".".join(words))
            self._report(node, words, said)
        if node.name == "default":
            return found
        return Leaf(label=Message(""), sort=_MADE.get(node.name, Sort.TEXT))

    def _place(self, node: nodes.Node, names: Mapping[str, Shape]) -> Shape:
        path = path_of(node)
        if not path:
            for each in node.iter_child_nodes():
                self._shape(each, names)
            return _ANY
        found: Shape | None = names.get(path[0])
        for depth, name in enumerate(path):
            if depth:
                within = found
                found = _ANY if within is _ANY else None
                if isinstance(within, Part):
                    found = within.fields.get(name)
            if found is None:
                there = names if not depth else within.fields if isinstance(within, Part) else {}
                self._unknown(node, path, depth, there)
                return _ANY
        assert found is not None
        return found

    def _unknown(self, node: nodes.Node, path: list[str], depth: int, there: Mapping[str, Shape]) -> None:
        name = ".".join(path[: depth + 1])
        near = get_close_matches(path[depth], there, n=1)
        said = message("There is nothing called “{name}”", name=name)
        if near:
            meant = ".".join((*path[:depth], near[0]))
            said = message("There is nothing called “{name}”; is it “{meant}”?", name=name, meant=meant)
        self._report(node, tuple(path), said)

    def _report(self, node: nodes.Node, words: tuple[str, ...], said: Message) -> None:
        line = node.lineno
        self.problems.append(
            TemplateProblem(line=line, column=self._column(line, words) if words else 1, message=said)
        )

    def _column(self, line: int, words: tuple[str, ...]) -> int:
        """Return where in a line these words stand; of the same words the ones not yet reported."""
        lines = self.text.split("\n")
        sought = r"\s*\.\s*".join(map(re.escape, words))
        hits = [
            hit.start() + 1
            for hit in re.finditer(
                rf"(?<![\w.]){sought}(?!\w)", lines[line - 1] if line <= len(lines) else ""
            )
        ]
        turn = self._seen.get((line, sought), 0)
        self._seen[(line, sought)] = turn + 1
        return hits[min(turn, len(hits) - 1)] if hits else 1
