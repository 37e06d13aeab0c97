"""Records that rows refer to and that are not there: planned to be made first, where that was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.exchange.deals import Stages, new_stages
from crm_core.exchange.links import Links, NotFoundHere
from crm_core.exchange.mapping import Found, title_of
from crm_core.exchange.plan import ExtraRecord
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id, new_id
from crm_core.schema.field import Plain
from crm_core.schema.reading import Schema
from crm_core.schema.validate import problems_of

STAGE_BY_NAME = Found(entity="stage", field="name")


def defaults_of(schema: Schema) -> dict[str, Plain]:
    """Return the values a new record has by declaration."""
    return {field.name: field.default for field in schema.written() if field.default is not None}


class Missing:
    """Collects what is to be made, and makes it known to the links at once."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.extras: list[ExtraRecord] = []

    def make(self, found: Found, texts: Iterable[str]) -> None:
        """Plan a record for each text that finds none."""
        for text in dict.fromkeys(texts):
            if text and self._is_missing(found, text):
                self._add(ExtraRecord(entity=found.entity, record_id=new_id(), values={found.field: text}))

    def make_stages(
        self, rows: Sequence[tuple[str, int]], stages: Stages, pipeline: str, file_title: str
    ) -> str:
        """Plan the stages rows name, and their pipeline where it is missing; return the pipeline's id.

        `rows`: the stage and how many cells are filled, of each. `pipeline`: a name or id; empty: the file's.
        """
        pipeline_id = self._pipeline(pipeline or file_title)
        among = stages.of(pipeline_id) or ()
        filled: dict[str, list[int]] = {}
        for name, count in rows:
            if name:
                filled.setdefault(name, []).append(count)
        missing = {
            name: sum(counts) / len(counts)
            for name, counts in filled.items()
            if self._is_missing(STAGE_BY_NAME, name, among)
        }
        for stage in new_stages(missing, pipeline_id, taken=len(among)):
            self._add(stage)
            stages.add(stage.record_id, stage.values)
        return pipeline_id

    def notes(self) -> Iterable[Message]:
        """Yield what is to be made, a sentence for each kind of record."""
        for entity, count in Counter(extra.entity for extra in self.extras).items():
            title = SCHEMAS[entity].meta.title
            names = [str(extra.values.get(title, "")) for extra in self.extras if extra.entity == entity]
            yield message(
                N_("Made because it was missing: {entity} × {count} ({names})"),
                entity=Message(SCHEMAS[entity].meta.label),
                count=count,
                names=", ".join(names),
            )

    def _pipeline(self, pipeline: str) -> str:
        if is_id(pipeline):
            return pipeline
        try:
            return self._links.index(title_of("pipeline")).find(pipeline)[0].record_id
        except NotFoundHere:
            extra = ExtraRecord(entity="pipeline", record_id=new_id(), values={"name": pipeline})
            self._add(extra)
            return extra.record_id

    def _is_missing(self, found: Found, text: str, among: Collection[str] | None = None) -> bool:
        try:
            self._links.index(found).find(text, among)
        except NotFoundHere:
            return True
        except UserError:
            return False  # found twice: each row says so
        return False

    def _add(self, extra: ExtraRecord) -> None:
        schema = SCHEMAS[extra.entity]
        values = {**defaults_of(schema), **extra.values}
        if problems := problems_of(schema, values):
            raise UserError(
                N_("{entity} cannot be made from a name alone: {field}: {problem}"),
                entity=Message(schema.meta.label),
                field=Message(schema.fields[problems[0].field or schema.meta.title].label),
                problem=problems[0].message,
            )
        self.extras.append(ExtraRecord(entity=extra.entity, record_id=extra.record_id, values=values))
        self._links.add(extra.entity, extra.record_id, values)
