"""``python -m hemorrhage`` is the command ``hemorrhage``."""

from .commands import main

if __name__ == "__main__":
    main()
