"""How the addresses that are there for other programs are described, beside those of each kind of record."""

from __future__ import annotations

from typing import Any, Final

from crm_core.entities import SCHEMAS
from sync_server.api.exchange import BULK, CHANGES, EXTERNAL_PREFIX
from sync_server.services.reading import PAGE_MOST
from sync_server.services.upserting import RECORDS_MOST

Tree = dict[str, Any]
TAG: Final = "other programs"

ONCE: Final[Tree] = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
    "description": "The same key with the same request is answered again and nothing done twice.",
}
_ENTITY: Final[Tree] = {
    "name": "entity",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": sorted(SCHEMAS)},
}
_NAME: Final[Tree] = {
    "name": "external_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_.-]+$"},
    "description": "What the asking program calls the record.",
}
_RECORD: Final[Tree] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "external_id": {"type": "string"}},
}
_CHANGE: Final[Tree] = {
    "type": "object",
    "description": (
        "Fields of the record; `id` says which existing one is meant, `children` holds what belongs to it. A"
        ' link may be said by a field of its target: `{"code": "P-7"}`, `{"external_id": "C-100"}`.'
    ),
    "properties": {"id": {"type": "string"}, "children": {"type": "object"}},
}
_ITEM: Final[Tree] = {
    "type": "object",
    "required": ["entity"],
    "properties": {
        "entity": _ENTITY["schema"],
        "external_id": {"type": "string", "maxLength": 200},
        "id": {"type": "string"},
        "values": {"type": "object"},
        "children": {
            "type": "object",
            "description": "What belongs to the record, by kind: lists of items without `entity`.",
            "additionalProperties": {"type": "array", "items": {"type": "object"}},
        },
        "delete": {"type": "boolean"},
    },
}
_RESULTS: Final[Tree] = {
    "type": "object",
    "required": ["results", "written", "refused"],
    "properties": {
        "written": {"type": "integer"},
        "refused": {"type": "integer"},
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["status", "entity"],
                "properties": {
                    "status": {"type": "integer"},
                    "entity": {"type": "string"},
                    "id": {"type": "string"},
                    "external_id": {"type": "string"},
                    "children": {"type": "object"},
                    "problem": {"$ref": "#/components/schemas/Problem"},
                },
            },
        },
    },
}
_CHANGES: Final[Tree] = {
    "type": "object",
    "required": ["changes", "next", "more"],
    "properties": {
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["event", "entity", "id"],
                "properties": {
                    "event": {"type": "string", "example": "order.created"},
                    "entity": {"type": "string"},
                    "id": {"type": "string"},
                    "record": {"type": "object"},
                },
            },
        },
        "next": {"type": "string", "description": "`since` of the next request."},
        "more": {"type": "boolean"},
    },
}
_SINCE: Final[tuple[tuple[str, Tree, str], ...]] = (
    (
        "since",
        {"type": "string"},
        "`next` of the answer before; `now` for this moment, nothing for the start.",
    ),
    ("entity", {"type": "array", "items": _ENTITY["schema"]}, "Only these kinds; may be repeated."),
    ("limit", {"type": "integer", "minimum": 1, "maximum": PAGE_MOST, "default": 100}, "Records, about."),
)
PROBLEM: Final[Tree] = {
    "type": "object",
    "description": "An error as RFC 9457 says it, with what a `Fault` holds besides.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In the language of `Accept-Language`."},
        "code": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "object"}},
    },
}


def described(fault: Tree, name: str, summary: str, answers: dict[str, Tree], **more: Any) -> Tree:
    """Return an operation of another program; `fault` is the answer to what goes wrong."""
    told = {
        status: {"description": summary, "content": {"application/json": {"schema": schema}}}
        for status, schema in answers.items()
    }
    return {
        "operationId": name,
        "summary": summary,
        "tags": [TAG],
        "security": [{"key": []}, {"password": []}, {"laptop": []}],
        "responses": {**told, "default": fault},
        **more,
    }


def exchange_paths(fault: Tree) -> Tree:
    """Return the addresses with their operations; `fault` is the answer to what goes wrong."""

    def operation(name: str, summary: str, answers: dict[str, Tree], **more: Any) -> Tree:
        return described(fault, name, summary, answers, **more)

    def body(schema: Tree) -> Tree:
        return {"required": True, "content": {"application/json": {"schema": schema}}}

    records = {
        "type": "object",
        "required": ["records"],
        "properties": {"records": {"type": "array", "maxItems": RECORDS_MOST, "items": _ITEM}},
    }
    return {
        f"{EXTERNAL_PREFIX}/{{entity}}/{{external_id}}": {
            "parameters": [_ENTITY, _NAME],
            "get": operation("show_named", "Show the record the asker calls so", {"200": _RECORD}),
            "put": operation(
                "write_named",
                "Change the record the asker calls so, or make it",
                {"200": _RECORD, "201": _RECORD},
                requestBody=body(_CHANGE),
                parameters=[ONCE],
            ),
        },
        CHANGES: {
            "get": operation(
                "list_changes",
                "What changed since a cursor, each record once with its state of now",
                {"200": _CHANGES},
                parameters=[
                    {"name": name, "in": "query", "schema": schema, "description": told}
                    for name, schema, told in _SINCE
                ],
            )
        },
        BULK: {
            "post": operation(
                "write_many",
                "Write many records, each with its children taken or refused by itself",
                {"200": _RESULTS},
                requestBody=body(records),
                parameters=[ONCE],
            )
        },
    }
