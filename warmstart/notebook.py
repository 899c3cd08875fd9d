"""Results as a notebook shows them."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

_HEIGHT = 640  # pixels


def framed(page: str, height: int = _HEIGHT) -> str:
    """Puts a whole page into a frame of its own, whose styles and scripts reach nothing else."""
    return (
        f'<iframe sandbox="allow-scripts" style="width: 100%; height: {height}px; border: 0" '
        f'srcdoc="{html.escape(page, quote=True)}"></iframe>'
    )


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Draws a table."""
    head = "".join(f"<th>{html.escape(str(cell))}</th>" for cell in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def picture(png: bytes, text: str) -> str:
    """Shows a PNG, with a text for who cannot see it."""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img style="max-width: 100%" alt="{html.escape(text)}" src="{source}">'
