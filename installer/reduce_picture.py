"""Write a picture of a window with 256 colours, in a third of the room: `reduce_picture.py FROM TO`."""

from __future__ import annotations

import sys

from PIL import Image

Color = tuple[int, ...]
HALF = 128


def palette_of(picture: Image.Image, counted: list[tuple[int, Color]]) -> list[Color]:
    """Return the commonest colours, exactly as they are, and others that lie well among the rest."""
    spread = picture.quantize(HALF, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).getpalette() or []
    others = [tuple(spread[at : at + 3]) for at in range(0, 3 * HALF, 3)]
    return [color for _, color in counted[:HALF]] + others


def reduce(picture: Image.Image) -> Image.Image:
    """Return the picture with each colour as the nearest one of its palette."""
    counted = sorted(picture.getcolors(1 << 24) or [], reverse=True)
    palette = palette_of(picture, counted)

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
    with Image.open(sys.argv[1]) as drawn:
        reduce(drawn.convert("RGB")).save(sys.argv[2], optimize=True)
