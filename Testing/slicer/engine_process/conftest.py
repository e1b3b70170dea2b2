"""An engine process with the double of the engine inside."""

from harness.engine_fixtures import make_engine

__all__ = ["make_engine"]
