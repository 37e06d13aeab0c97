"""The OpenAPI document: what FastAPI finds by itself, and every kind of record from its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.reading import Schema
from sync_server.api.described_conversations import conversation_paths
from sync_server.api.described_exchange import ONCE, PROBLEM, exchange_paths
from sync_server.api.records import PREFIX
from sync_server.services.reading import PAGE_MOST
from sync_server.services.version import VERSION

Tree = dict[str, Any]

_ABOUT: Final = """Records of this headquarters, through the rights of whoever asks: a user by name and
password (HTTP Basic), a laptop by its token or another program by its key (Bearer). Money is decimal text
with its currency (`1299.00 CNY`), dates and instants ISO 8601, links the id of the record, or an object that
names the record by one field of it or by `external_id`. Every error is a `Fault`, for programs with a key
and whoever accepts that form a `Problem` (RFC 9457)."""

_FORMS: Final[dict[Kind, Tree]] = {
    Kind.INTEGER: {"type": "integer"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.MONEY: {"type": "string", "example": "1299.00 CNY"},
    Kind.CURRENCY: {"type": "string", "pattern": "^[A-Z]{3}$"},
    Kind.DECIMAL: {"type": "string", "example": "12.5"},
    Kind.PERCENT: {"type": "string", "example": "12.5"},
    Kind.EMAIL: {"type": "string", "format": "email"},
    Kind.URL: {"type": "string", "format": "uri"},
    Kind.REF: {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    Kind.TAGS: {"type": "array", "items": {"type": "string"}},
    Kind.JSON: {},
}
_FAULT: Final[Tree] = {
    "type": "object",
    "required": ["code", "text", "places", "message"],
    "properties": {
        "code": {"type": "string"},
        "text": {"type": "string", "description": "English source with {places}."},
        "places": {"type": "object", "additionalProperties": {"type": "string"}},
        "message": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "object"}},
    },
}
_FAULT_ANSWER: Final[Tree] = {
    "description": "Fault",
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Fault"}},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    },
}
_QUERY: Final[tuple[tuple[str, Tree, str], ...]] = (
    (
        "where",
        {"type": "array", "items": {"type": "string"}},
        "field OP value, OP one of = != < <= > >= ~ (contains); may be repeated.",
    ),
    ("sort", {"type": "string"}, "A field; with - before it, the other way round."),
    ("limit", {"type": "integer", "minimum": 1, "maximum": PAGE_MOST, "default": 100}, "Records of a page."),
    ("after", {"type": "string"}, "`next` of the page before."),
    ("fields", {"type": "string"}, "Names separated by commas; else all."),
    ("count", {"type": "boolean", "default": False}, "Count all records of the list too."),
    ("deleted", {"type": "boolean", "default": False}, "Show the deleted instead."),
)


def describe(app: FastAPI) -> Callable[[], Tree]:
    """Return the function FastAPI asks for the document; it is made once."""
    made: Tree = {}

    def openapi() -> Tree:
        if not made:
            made.update(
                get_openapi(title="Satchel HQ", version=VERSION, description=_ABOUT, routes=app.routes)
            )
            for operation in _operations(made):
                # Whatever FastAPI would say of a request it cannot read, `errors` says as a `Fault`.
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _FAULT_ANSWER
            components = made.setdefault("components", {})
            components["securitySchemes"] = {
                "password": {"type": "http", "scheme": "basic"},
                "laptop": {"type": "http", "scheme": "bearer"},
                "key": {"type": "http", "scheme": "bearer", "description": "A key of another program."},
            }
            shapes = components.setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                shapes.pop(name, None)
            shapes["Fault"], shapes["Problem"] = _FAULT, PROBLEM
            for schema in SCHEMAS.values():
                shapes[schema.name] = _shape(schema, written=False)
                shapes[f"{schema.name}_change"] = _shape(schema, written=True)
                made["paths"].update(_paths(schema))
            made["paths"].update(exchange_paths(_FAULT_ANSWER))
            made["paths"].update(conversation_paths(_FAULT_ANSWER))
        return made

    return openapi


def _operations(made: Tree) -> Iterator[Tree]:
    """Yield what FastAPI found, operation by operation."""
    for item in made["paths"].values():
        yield from item.values()


def _shape(schema: Schema, *, written: bool) -> Tree:
    fields = schema.written() if written else schema.fields.values()
    properties: Tree = {} if written else {"id": {**_FORMS[Kind.REF], "readOnly": True}}
    properties["external_id"] = {"type": "string", "description": "What the asking program calls it."}
    properties.update({field.name: _form(field) for field in fields})
    return {"type": "object", "description": (schema.model.__doc__ or "").strip(), "properties": properties}


def _form(field: Field) -> Tree:
    form: Tree = {"title": field.label, **_FORMS.get(field.kind, {"type": "string"})}
    if "type" in form:
        form["type"] = [form["type"], "null"]
    if field.choices:
        form["examples"] = [choice.value for choice in field.choices]
    if field.kind is Kind.REF and field.target:
        form["description"] = f"Id of a record of `{field.target}`."
    if field.computed or field.field_class is FieldClass.SYSTEM:
        form["readOnly"] = True
    return form


_DOUBTS: Tree = {
    "description": "Fields whose values were kept as sent though they are not standard.",
    "schema": {"type": "string"},
}


def _paths(schema: Schema) -> Tree:
    name = schema.name
    one = {"name": "id", "in": "path", "required": True, "schema": _FORMS[Kind.REF]}
    record = {"$ref": f"#/components/schemas/{name}"}
    page = {
        "type": "object",
        "properties": {
            "records": {"type": "array", "items": record},
            "next": {"type": ["string", "null"]},
            "count": {"type": "integer"},
        },
    }
    changes = {"type": "object", "properties": {"changes": {"type": "array", "items": {"type": "object"}}}}
    query = [
        {"name": name, "in": "query", "schema": form, "description": told} for name, form, told in _QUERY
    ]

    def operation(verb: str, summary: str, answer: Tree | None, status: str = "200", **more: Any) -> Tree:
        answers: Tree = {status: {"description": summary}}
        if "requestBody" in more:
            answers[status]["headers"] = {"Not-Standard": _DOUBTS}
        if answer is not None:
            answers[status]["content"] = {"application/json": {"schema": answer}}
        answers["default"] = _FAULT_ANSWER
        return {
            "operationId": f"{verb}_{name}",
            "summary": summary,
            "tags": [name],
            "security": [{"password": []}, {"laptop": []}, {"key": []}],
            "responses": answers,
            **more,
        }

    change = {"$ref": f"#/components/schemas/{name}_change"}
    body: Tree = {"requestBody": {"required": True, "content": {"application/json": {"schema": change}}}}
    return {
        f"{PREFIX}/{name}": {
            "get": operation("list", "List", page, parameters=query),
            "post": operation("create", "Make", record, "201", parameters=[ONCE], **body),
        },
        f"{PREFIX}/{name}/{{id}}": {
            "parameters": [one],
            "get": operation("show", "Show", record),
            "patch": operation("change", "Change", record, parameters=[ONCE], **body),
            "delete": operation("delete", "Delete", None, "204", parameters=[ONCE]),
        },
        f"{PREFIX}/{name}/{{id}}/restore": {
            "parameters": [one],
            "post": operation("restore", "Restore", record, parameters=[ONCE]),
        },
        f"{PREFIX}/{name}/{{id}}/changes": {
            "parameters": [one],
            "get": operation("changes_of", "Who set each field last", changes),
        },
    }
