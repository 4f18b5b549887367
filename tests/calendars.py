"""The school year that the tests use."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from casework.domain.clocks import Calendar

TEST_CALENDAR_JSON: Final[dict[str, Any]] = {
    "terms": [
        {"name": "2026-autumn", "starts_on": "2026-09-03", "ends_on": "2026-12-18"},
        {"name": "2027-spring", "starts_on": "2027-01-04", "ends_on": "2027-03-25"},
        {"name": "2027-summer", "starts_on": "2027-04-12", "ends_on": "2027-07-21"},
    ],
    "closures": [
        {"starts_on": "2026-10-26", "ends_on": "2026-10-30", "name": "Autumn half-term"},
        {"starts_on": "2027-02-15", "ends_on": "2027-02-19", "name": "Spring half-term"},
        {"starts_on": "2027-05-31", "ends_on": "2027-06-04", "name": "Summer half-term"},
    ],
    "inset": [
        "2026-09-01",
        "2026-09-02",
        "2026-10-23",
        "2026-11-02",
        "2026-11-27",
        "2027-05-28",
        "2027-06-25",
    ],
}
"""The `calendar` of `POST /schools`."""

TEST_CALENDAR: Final = msgspec.convert(TEST_CALENDAR_JSON, Calendar)
