"""The ways into casework: HTTP and the command line."""

from casework_api.app import create_app

__all__ = ["create_app"]
