"""`casework serve` again and again, with everything imported once: `python -m tests.whole.forking`.

Each line on the standard input is a port. A server is forked that listens there, in a process group of its
own, and prints the group's number. Nothing is there before the fork but modules
and playbooks.
"""

from __future__ import annotations

import os
import signal
import sys

from casework.playbooks import Library
from casework_api.commands.serve import serve as serve_command


def main() -> None:
    """Fork a server for each line, until there are no more."""
    Library.own()
    # Whoever was killed is to be gone, not a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            serve(line.strip())


def serve(port: str) -> None:
    """Become a server."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.write(sys.stdout.fileno(), f"{os.getpid()}\n".encode())
    # Nobody reads what it logs.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve_command(["--port", port, "--workers", "2"])


if __name__ == "__main__":
    main()
