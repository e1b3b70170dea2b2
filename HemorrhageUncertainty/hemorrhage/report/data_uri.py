"""Pictures inside an HTML file, so that a report is one file that opens offline."""

from __future__ import annotations

import base64


def png_data_uri(png: bytes) -> str:
    """Return the content of a PNG file as a ``data:`` address, for the ``src`` of an HTML picture."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
