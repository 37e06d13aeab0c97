"""Records that stand below each other: who reports to whom, which company is part of which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A record and all below it."""

    id: str
    children: tuple[Branch, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[Branch, int]]:
        """Yield this branch and all below it with their depths, from above."""
        yield self, depth
        for child in self.children:
            yield from child.walk(depth + 1)


def forest(parents: Mapping[str, str | None]) -> tuple[Branch, ...]:
    """Return records as trees, roots and children in the order of `parents`.

    A record whose parent is not among them is a root. Of records in a circle, which two laptops can make
    without knowing of each other, the one with the smallest id is taken as the root.
    """
    below: dict[str | None, list[str]] = {}
    for record_id, parent_id in parents.items():
        below.setdefault(parent_id if parent_id in parents else None, []).append(record_id)
    roots = below.pop(None, [])
    reached: set[str] = set()
    trees = [_branch(root, below, reached) for root in roots]
    for record_id in sorted(parents):
        if record_id not in reached:
            trees.append(_branch(_least_of_circle(record_id, parents), below, reached))
    return tuple(trees)


def _least_of_circle(record_id: str, parents: Mapping[str, str | None]) -> str:
    """Return the smallest id of the circle that is above a record."""
    seen: list[str] = []
    at: str = record_id
    while at not in seen:
        seen.append(at)
        at = parents[at] or at
    return min(seen[seen.index(at) :])


def _branch(root: str, below: Mapping[str | None, list[str]], reached: set[str]) -> Branch:
    """Return a tree without recursion, which a chain of thousands would exhaust."""
    order: list[str] = []
    children: dict[str, list[str]] = {}
    waiting = [root]
    reached.add(root)
    while waiting:
        at = waiting.pop()
        order.append(at)
        children[at] = [child for child in below.get(at, ()) if child not in reached]
        reached.update(children[at])
        waiting.extend(children[at])
    made: dict[str, Branch] = {}
    for at in reversed(order):
        made[at] = Branch(id=at, children=tuple(made[child] for child in children[at]))
    return made[root]
