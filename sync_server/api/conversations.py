"""`/v1/conversations`: what customers say in chats and on social media, brought by a program, and answers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response

from sync_server.api.context import CurrentUser
from sync_server.api.repeating import Attempts, Body, sent
from sync_server.asked import Hqs
from sync_server.services import chats
from sync_server.services.auth import now_ms
from sync_server.services.hq import Writing
from sync_server.services.once import Answered, answered, do_once

CONVERSATIONS: Final = "/v1/conversations"
ANSWERS: Final = CONVERSATIONS + "/answers"
ANSWERS_MOST: Final = 200
_AS_FILE: Final = {"Content-Disposition": "attachment"}

router = APIRouter(include_in_schema=False)


@router.post(CONVERSATIONS + "/{conversation}/messages")
def take_messages(
    hq: Hqs,
    user_id: CurrentUser,
    conversation: Annotated[str, Path(min_length=1, max_length=chats.ID_MOST)],
    body: Body,
    attempt: Attempts,
) -> Response:
    """Take messages of a conversation in, each once; the answer says which ticket they stand in."""
    now = now_ms()
    chat = chats.read_chat(body, now)

    def work(writing: Writing) -> Answered:
        return answered(200, chats.take(hq, writing, conversation, chat, now))

    return sent(do_once(hq, user_id, attempt, work))


@router.get(ANSWERS)
def list_answers(
    hq: Hqs, user_id: CurrentUser, limit: Annotated[int, Query(ge=1, le=ANSWERS_MOST)] = 100
) -> JSONResponse:
    """Give the answers the asker is to carry to customers, oldest first."""
    with hq.records.reader(user_id) as reader:
        shown: list[dict[str, Any]] = chats.answers(reader, now_ms(), limit)
    return JSONResponse({"answers": shown})


@router.get(ANSWERS + "/{message_id}/files/{file_id}")
def read_file(hq: Hqs, user_id: CurrentUser, message_id: str, file_id: str) -> Response:
    """Give a file that goes along with an answer; 404 while HQ has not got it."""
    with hq.records.reader(user_id) as reader:
        chats.demand_along(reader, message_id, file_id)
    content = hq.blobs.of_attachment(file_id)
    return Response(content, media_type="application/octet-stream", headers=_AS_FILE)


@router.post(ANSWERS + "/{message_id}")
def note_outcome(hq: Hqs, user_id: CurrentUser, message_id: str, body: Body, attempt: Attempts) -> Response:
    """Keep what became of an answer."""

    def work(writing: Writing) -> Answered:
        return answered(200, chats.note_outcome(hq, writing, message_id, body, now_ms()))

    return sent(do_once(hq, user_id, attempt, work))
