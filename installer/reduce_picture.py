"""Write a picture of a window with few colours, in a third of the room: `reduce_picture.py FROM TO`.

256 of them, or as many as leave it at most 80 kB.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

Color = tuple[int, ...]
MOST_BYTES = 80_000


def palette_of(picture: Image.Image, counted: list[tuple[int, Color]], half: int) -> list[Color]:
    """Return the commonest colours, exactly as they are, and others that lie well among the rest."""
    spread = picture.quantize(half, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).getpalette() or []
    others = [tuple(spread[at : at + 3]) for at in range(0, min(3 * half, len(spread)), 3)]
    return [color for _, color in counted[:half]] + others


def reduce(picture: Image.Image, colors: int) -> Image.Image:
    """Return the picture with each colour as the nearest one of so many."""
    counted = sorted(picture.getcolors(1 << 24) or [], reverse=True)
    palette = palette_of(picture, counted, colors // 2)

    def nearest(color: Color) -> int:
        return min(
            range(len(palette)),
            key=lambda at: sum((a - b) ** 2 for a, b in zip(palette[at], color, strict=True)),
        )

    places = {color: nearest(color) for _, color in counted}
    reduced = Image.new("P", picture.size)
    reduced.putpalette([part for color in palette for part in color])
    reduced.putdata([places[color] for color in picture.get_flattened_data()])
    return reduced


if __name__ == "__main__":
    target = Path(sys.argv[2])
    with Image.open(sys.argv[1]) as drawn:
        for number in (256, 96, 48, 24):
            reduce(drawn.convert("RGB"), number).save(target, optimize=True)
            if target.stat().st_size <= MOST_BYTES:
                break
