"""`casework serve` again and again, with everything imported once: `python -m tests.whole.forking`.

Each line on the standard input is a port. A server is forked that listens there, in a process group of its
own, and the group's number is printed. Nothing but modules is there before the fork.
"""

from __future__ import annotations

import os
import signal
import sys

from casework_api import app, cli


def main() -> None:
    """Fork a server for each line, until there are no more."""
    assert app.BLUEPRINTS
    # Whoever was killed is to be gone, not a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setsid()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            cli.cli(["serve", "--port", line.strip(), "--workers", "2"])
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
