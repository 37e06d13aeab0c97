"""Contents of attached files that go by file: taking those a laptop brings, giving those it may have.

Every part passes through `BlobService`, so rights, proofs and limits are those of a line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.sync import codec
from crm_core.sync.blobs import PART_BYTES, is_sha256
from crm_core.sync.protocol import Put, SyncResponse
from crm_core.sync.sealed_file import ContentPart, Contents, Taken
from sync_server.services.auth import DeviceSession
from sync_server.services.blobs import BlobService, Misplaced
from sync_server.services.faults import Refusal

BYTES_MOST: Final = 4 * 1024 * 1024 * 1024  # of an answer, whatever a laptop says: what old sticks hold
NAMED_MOST: Final = 100_000  # contents that come along with their attachments

_schema = SCHEMAS["attachment"]
_SHA256, _PREVIEW, _SIZE = (_schema.fields[name].no for name in ("sha256", "preview_sha256", "size_bytes"))


@dataclass(slots=True)
class CarriedContents:
    """The contents of one exchange with a laptop."""

    blobs: BlobService
    session: DeviceSession
    contents: Contents
    taken: int = 0
    given: int = 0
    _named: dict[str, None] = field(default_factory=dict)

    def note(self, response: SyncResponse) -> None:
        """Remember what the attachments of an answer name that is to come along."""
        most = self.contents.automatic_bytes
        for each in response.msgs:
            if not most or not isinstance(each, Put) or each.entity != _schema.no:
                continue
            columns = dict(zip(each.fields, each.columns, strict=True))
            count = len(each.ids) // codec.ID_BYTES
            sizes = columns.get(_SIZE, [None] * count)
            named = [*columns.get(_PREVIEW, [])]
            named += [
                sha256
                for sha256, size in zip(columns.get(_SHA256, []), sizes, strict=False)
                if size and size <= most
            ]
            for sha256 in named:
                if is_sha256(sha256) and len(self._named) < NAMED_MOST:
                    self._named.setdefault(sha256)

    def take(self, parts: Iterable[bytes]) -> list[Taken]:
        """Take the parts a file brings, and say what HQ then has of each content."""
        found: dict[str, Taken] = {}
        for raw in parts:
            part = codec.decode(raw, ContentPart)
            if not is_sha256(part.sha256) or len(part.content) > PART_BYTES or part.offset % PART_BYTES:
                raise codec.Malformed(N_("The message could not be read"))
            known = found.get(part.sha256)
            if known is None or not known.problem:
                found[part.sha256] = self._take(part, known)
        self.taken = sum(not each.problem for each in found.values())
        return list(found.values())

    def _take(self, part: ContentPart, known: Taken | None) -> Taken:
        sha256, end = part.sha256, part.offset + len(part.content)
        held = known.held if known is not None else 0
        try:
            if known is None:
                held = self.blobs.standing(self.session, sha256).held
            if part.offset <= held < end or (part.size == 0 == held):
                rest = part.content[held - part.offset :]
                part_sha256 = hashlib.sha256(part.content).hexdigest()
                held = self.blobs.add(self.session, sha256, held, part.size, rest, part_sha256)
        except NotFound:
            return Taken(sha256, 0, "not_found")
        except Misplaced as misplaced:
            return Taken(sha256, misplaced.held)
        except Refusal as refusal:
            return Taken(sha256, 0, refusal.code)
        return Taken(sha256, held)

    def give(self) -> Iterator[bytes]:
        """Yield parts of what is wanted and may be had, as many as the laptop takes."""
        left = min(self.contents.bytes_most, BYTES_MOST)
        wanted = dict.fromkeys(self._named, 0) | dict(self.contents.wanted)
        # What somebody asked for goes first.
        for sha256 in dict.fromkeys([*(name for name, _ in self.contents.wanted), *self._named]):
            offset = max(0, wanted[sha256]) // PART_BYTES * PART_BYTES
            size = offset + 1  # as long as nobody told
            while left > 0 and offset < size and is_sha256(sha256):
                try:
                    piece = self.blobs.read(self.session, sha256, offset)
                except NotFound:  # unknown, forbidden and not here yet alike
                    break
                size = piece.size
                yield codec.encode(ContentPart(sha256, offset, size, piece.content))
                offset += max(1, len(piece.content))
                left -= len(piece.content)
                self.given += offset >= size
