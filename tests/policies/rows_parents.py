"""What each rule about a parent who is alleged changes, with a pack that has no rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.domain.forbidden_parents import PARENT_ROWS as FORBIDDEN
from tests.policies.rows import Refuses, Row

PARENT_ROWS: Final[Mapping[str, Row]] = {
    rule: Refuses(
        kind=row.kind,
        opening=row.opening,
        since=row.history,
        step=row.step,
        fields=row.fields,
        clause=row.clause,
    )
    for rule, row in FORBIDDEN.items()
}
