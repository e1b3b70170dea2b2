"""Preparing a CT once, though a sampler is asked for its grid first and for samples of it later."""

from __future__ import annotations

from ..head_ct import HeadCT
from .network import Network, PreparedCT


class PreparedOnce:
    """Remembers the latest prepared CT.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._latest: tuple[HeadCT, PreparedCT] | None = None

    def of(self, ct: HeadCT) -> PreparedCT:
        """Return what the network prepares from `ct`."""
        if self._latest is None or self._latest[0] is not ct:
            self._latest = (ct, self._network.prepare(ct))
        return self._latest[1]
