"""How the addresses for chats and social media are described."""

from __future__ import annotations

from typing import Any, Final

from crm_core.entities.ticket import OUTCOMES
from sync_server.api.conversations import ANSWERS, ANSWERS_MOST, CONVERSATIONS
from sync_server.api.described_exchange import ONCE, described
from sync_server.services.chats import CHANNELS, FILES_MOST, ID_MOST, MESSAGES_MOST, NAME_MOST

Tree = dict[str, Any]

_TEXT: Final[Tree] = {"type": "string"}
_ID: Final[Tree] = {"type": "string", "minLength": 1, "maxLength": ID_MOST}
_FILE: Final[Tree] = {
    "type": "object",
    "required": ["name", "content"],
    "properties": {
        "name": _TEXT,
        "media_type": {"type": "string", "example": "image/png"},
        "content": {"type": "string", "format": "byte", "description": "Base64."},
    },
}
_MESSAGE: Final[Tree] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {**_ID, "description": "What the program calls the message; the same again is the same."},
        "at": {"type": "string", "format": "date-time", "description": "When it was written; else now."},
        "text": _TEXT,
        "from": {
            "type": "string",
            "enum": ["customer", "machine"],
            "default": "customer",
            "description": "What a machine there said becomes a note among colleagues.",
        },
        "name": {"type": "string", "maxLength": NAME_MOST, "description": "Who of several it was."},
        "files": {"type": "array", "maxItems": FILES_MOST, "items": _FILE},
    },
}
_BROUGHT: Final[Tree] = {
    "type": "object",
    "required": ["service", "author", "messages"],
    "properties": {
        "service": {"type": "string", "minLength": 1, "maxLength": 40, "example": "wechat"},
        "channel": {"type": "string", "enum": list(CHANNELS), "default": CHANNELS[0]},
        "subject": {"type": "string", "maxLength": 200},
        "author": {
            "type": "object",
            "required": ["handle"],
            "properties": {
                "handle": {**_ID, "description": "The name the service knows the customer by."},
                "name": {"type": "string", "maxLength": NAME_MOST},
                "email": {"type": "string", "description": "Only where the program knows it to be his."},
                "phone": {"type": "string", "maxLength": 40, "description": "The same."},
            },
        },
        "messages": {"type": "array", "minItems": 1, "maxItems": MESSAGES_MOST, "items": _MESSAGE},
    },
}
_NULLABLE: Final[Tree] = {"type": ["string", "null"]}
_TAKEN: Final[Tree] = {
    "type": "object",
    "required": ["barred", "messages"],
    "properties": {
        "barred": {"type": "boolean", "description": "Nothing of this sender is taken in."},
        "ticket_id": _NULLABLE,
        "number": _NULLABLE,
        "customer_id": _NULLABLE,
        "contact_id": _NULLABLE,
        "messages": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "taken"],
                "properties": {
                    "id": _TEXT,
                    "message_id": _TEXT,
                    "taken": {"type": "boolean", "description": "False: it was there already."},
                },
            },
        },
    },
}
_ALONG: Final[Tree] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": _TEXT,
        "name": _TEXT,
        "media_type": _NULLABLE,
        "size_bytes": {"type": ["integer", "null"]},
        "sha256": _NULLABLE,
    },
}
_HERE: Final[Tree] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_ANSWERS: Final[Tree] = {
    "type": "object",
    "required": ["answers"],
    "properties": {
        "answers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message_id", "conversation", "text", "at"],
                "properties": {
                    "message_id": _TEXT,
                    "conversation": _TEXT,
                    "to": {**_NULLABLE, "example": "wechat:ann_moss"},
                    "text": _TEXT,
                    "by": _TEXT,
                    "at": {"type": "string", "format": "date-time"},
                    "ticket_id": _TEXT,
                    "number": _NULLABLE,
                    "files": {"type": "array", "items": _ALONG},
                },
            },
        }
    },
}
_OUTCOMES: Final[Tree] = {"type": "string", "enum": [choice.value for choice in OUTCOMES]}
_TOLD: Final[Tree] = {
    "type": "object",
    "required": ["outcome"],
    "properties": {"outcome": _OUTCOMES, "reason": {"type": "string", "maxLength": 500}},
}
_NOTED: Final[Tree] = {
    "type": "object",
    "required": ["message_id", "outcome"],
    "properties": {"message_id": _TEXT, "outcome": _OUTCOMES},
}


def _as_file(operation: Tree) -> Tree:
    """Have an operation answer with what is in a file."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    taken = {"description": operation["summary"], "content": content}
    return {**operation, "responses": {"200": taken, **operation["responses"]}}


def conversation_paths(fault: Tree) -> Tree:
    """Return the addresses with their operations; `fault` is the answer to what goes wrong."""

    def body(schema: Tree) -> Tree:
        return {"required": True, "content": {"application/json": {"schema": schema}}}

    def place(name: str, schema: Tree, told: str) -> Tree:
        return {"name": name, "in": "path", "required": True, "schema": schema, "description": told}

    path_id = {**_ID, "pattern": "^[A-Za-z0-9_.:-]+$"}
    limit = {"type": "integer", "minimum": 1, "maximum": ANSWERS_MOST, "default": 100}
    return {
        f"{CONVERSATIONS}/{{conversation}}/messages": {
            "parameters": [place("conversation", path_id, "What the asking program calls it.")],
            "post": described(
                fault,
                "take_messages",
                "Take messages of a chat in, each once, as messages of a ticket",
                {"200": _TAKEN},
                requestBody=body(_BROUGHT),
                parameters=[ONCE],
            ),
        },
        ANSWERS: {
            "get": described(
                fault,
                "list_answers",
                "The answers the asker is to carry, oldest first, until it says what became of them",
                {"200": _ANSWERS},
                parameters=[{"name": "limit", "in": "query", "schema": limit}],
            )
        },
        f"{ANSWERS}/{{message_id}}/files/{{file_id}}": {
            "parameters": [
                place("message_id", _HERE, "Of the answer."),
                place("file_id", _HERE, "Of a file that goes along with it."),
            ],
            "get": _as_file(described(fault, "read_file", "A file that goes along with an answer", {})),
        },
        f"{ANSWERS}/{{message_id}}": {
            "parameters": [place("message_id", _HERE, "Its id here.")],
            "post": described(
                fault,
                "note_outcome",
                "Say what became of an answer",
                {"200": _NOTED},
                requestBody=body(_TOLD),
                parameters=[ONCE],
            ),
        },
    }
