"""The page that says who decided what about which document, as a PDF in both languages."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from crm_core.rules import figures
from crm_core.rules.answers import ANSWERS
from crm_core.rules.signing import HEIGHT, WIDTH
from resources import CHINESE, translation
from resources.face import Face
from resources.faces import font, runs

_LEFT, _RIGHT = 22 * mm, A4[0] - 22 * mm
_VALUE_X = 78 * mm
_LEADING = 5.6 * mm
_SIGNATURE_WIDTH = 90 * mm
_TITLES: Final = {
    "accepted": ("签署证书", "Certificate of acceptance"),
    "declined": ("拒绝证书", "Certificate of refusal"),
}
_VERDICTS: Final = {"accepted": "已接受 Accepted", "declined": "已拒绝 Declined"}
_WAYS: Final = {"drawn": "手写 Drawn by hand", "typed": "键入姓名 Typed name"}
_PLACES: Final = {
    "page": "确认页面 On the acceptance page",
    "laptop": "销售人员的笔记本 On the laptop of a sales person",
}
_SEALED: Final = (
    "总部已用其 Ed25519 密钥为本文件盖印；改动任何一个字节，盖印即失效。",
    "Headquarters sealed this file with its Ed25519 key: the seal breaks if one byte changes. Verify it with",
    "crm-server verify-certificate FILE",
)


def certificate_page(said: Mapping[str, Any], strokes: Any) -> bytes:
    """Return the page; the same bytes for the same signature. Times are written in UTC."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    chinese, english = _TITLES[str(said["verdict"])]
    canvas.setTitle(f"{english} {said['number']}")
    canvas.setAuthor(str(said["company"]))
    y = A4[1] - 30 * mm
    y = _text(canvas, _LEFT, y, f"{chinese}  {english}", Face.STRONG, 17) - 4 * mm
    y = _text(canvas, _LEFT, y, str(said["company"]), Face.REGULAR, 11) - 5 * mm
    for label, value in _rows(said):
        _text(canvas, _LEFT, y, label, Face.REGULAR, 8.5, grey=True, width=_VALUE_X - _LEFT - 3 * mm)
        y = _text(canvas, _VALUE_X, y, value, Face.STRONG if label.startswith("姓名") else Face.REGULAR, 9.5)
        y -= 1.6 * mm
    if said["verdict"] == "accepted":
        y -= 4 * mm
        height = _SIGNATURE_WIDTH * HEIGHT / WIDTH
        _text(canvas, _LEFT, y, "签名 Signature", Face.REGULAR, 8.5, grey=True)
        canvas.setStrokeColorRGB(0.75, 0.78, 0.8)
        canvas.setLineWidth(0.5)
        canvas.rect(_VALUE_X, y - height + 3 * mm, _SIGNATURE_WIDTH, height)
        if strokes:
            _draw(canvas, strokes, _VALUE_X, y + 3 * mm)
        else:
            _typed(canvas, str(said["name"]), _VALUE_X + 5 * mm, y - height / 2)
        y -= height + 6 * mm
    y -= 4 * mm
    for line in _SEALED:
        y = _text(canvas, _LEFT, y, line, Face.REGULAR, 8.5, grey=True)
    canvas.save()
    return buffer.getvalue()


def _rows(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    version = f"  ·  版本 version {said['version']}" if said["version"] is not None else ""
    kind = ANSWERS[str(said["kind"])].label
    yield "文档 Document", f"{translation(CHINESE)(kind)} {kind} {said['number']}{version}"
    if said["total"] is not None and said["currency"]:
        currency = str(said["currency"])
        yield "总计 Total", f"{currency} {figures.amount(int(said['total']), currency)}"
    yield "文档的 SHA-256 of the document", str(said["document_sha256"])
    yield "决定 Decision", _VERDICTS[str(said["verdict"])]
    yield "姓名 Name", str(said["name"])
    if said["reason"]:
        yield "原因 Reason", str(said["reason"])
    if said["verdict"] == "accepted":
        yield "签署方式 Way of signing", _WAYS[str(said["way"] or "typed")]
    yield "时间 Time (UTC)", _moment(said["at_ms"])
    yield "地点 Where", _PLACES[str(said["place"] or "laptop")]
    for label, name in (
        ("网络地址 Network address", "address"),
        ("浏览器 Browser", "agent"),
        ("由谁出示 Shown by", "held_by"),
    ):
        if said[name]:
            yield label, str(said[name])
    yield "证书编号 Certificate", str(said["id"])
    yield "盖印时间 Sealed (UTC)", _moment(said["sealed_ms"])


def _moment(ms: Any) -> str:
    at = datetime.datetime.fromtimestamp(int(ms or 0) / 1000, datetime.UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _text(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    face: Face,
    size: float,
    *,
    grey: bool = False,
    width: float | None = None,
) -> float:
    """Draw a text, broken where it is too wide; return where the next one goes."""
    canvas.setFillColorRGB(*((0.34, 0.38, 0.4) if grey else (0.1, 0.14, 0.15)))
    leading = max(_LEADING, size * 1.35)
    for line in _broken(text, face, size, width or _RIGHT - x):
        at = x
        for part, found in runs(line, face):
            canvas.setFont(font(found).fontName, size)
            canvas.drawString(at, y, part)
            at += font(found).stringWidth(part, size)
        y -= leading
    return y


def _broken(text: str, face: Face, size: float, width: float) -> Iterator[str]:
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in _words(paragraph):
            if line and _width(line + word, face, size) > width:
                yield line.rstrip()
                line = word.lstrip()
            else:
                line += word
            while _width(line, face, size) > width and len(line) > 1:
                shorter = range(len(line) - 1, 0, -1)
                fits = next(n for n in shorter if n == 1 or _width(line[:n], face, size) <= width)
                yield line[:fits]
                line = line[fits:]
        yield line


def _words(text: str) -> Iterator[str]:
    """Yield what may not be broken: words with the space behind them, Chinese characters one by one."""
    word = ""
    for character in text:
        if ord(character) > 0x2E7F:
            if word:
                yield word
            yield character
            word = ""
        else:
            word += character
            if character == " ":
                yield word
                word = ""
    if word:
        yield word


def _width(text: str, face: Face, size: float) -> float:
    return float(sum(font(found).stringWidth(part, size) for part, found in runs(text, face)))


def _draw(canvas: Canvas, strokes: Any, x: float, top: float) -> None:
    scale = _SIGNATURE_WIDTH / WIDTH
    canvas.setStrokeColorRGB(0.08, 0.12, 0.35)
    canvas.setLineWidth(1.3)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    for stroke in strokes:
        path = canvas.beginPath()
        path.moveTo(x + stroke[0] * scale, top - stroke[1] * scale)
        for place in range(2, len(stroke), 2):
            path.lineTo(x + stroke[place] * scale, top - stroke[place + 1] * scale)
        if len(stroke) == 2:
            path.lineTo(x + stroke[0] * scale + 0.1, top - stroke[1] * scale)
        canvas.drawPath(path)


def _typed(canvas: Canvas, name: str, x: float, y: float) -> None:
    size = 20.0
    while size > 7 and _width(name, Face.STRONG, size) > _SIGNATURE_WIDTH - 10 * mm:
        size -= 1
    canvas.setFillColorRGB(0.08, 0.12, 0.35)
    at = x
    for part, found in runs(name, Face.STRONG):
        canvas.setFont(font(found).fontName, size)
        canvas.drawString(at, y, part)
        at += font(found).stringWidth(part, size)
