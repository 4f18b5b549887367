"""The people of the demonstration school. All of them are invented."""

from __future__ import annotations

from random import Random
from typing import Final

FORENAMES: Final = (
    "Ottoline", "Barnaby", "Persis", "Leofric", "Zuleika", "Caspian", "Philippa", "Torquil", "Isolde",
    "Endellion", "Ambrose", "Clementine", "Peregrine", "Saffron", "Montague", "Cordelia", "Lysander",
    "Tabitha", "Evander", "Hermia",
)  # fmt: skip
SURNAMES: Final = (
    "Quillfeather", "Thistlewick", "Marrowby", "Pennyfold", "Brackenshaw", "Oxenholme", "Wetherlam",
    "Hollinsclough", "Tarrowdale", "Fennimore", "Greenhaugh", "Lambrigg", "Swarthgill", "Crosthwick",
    "Ravenglade", "Mossthorpe",
)  # fmt: skip
USERS: Final = (
    ("admin", "Rosamund Fairlight"),
    ("dsl", "Aurelia Stonecrop"),
    ("deputy_dsl", "Benedict Yarrowby"),
    ("headteacher", "Marguerite Ashlocke"),
    ("slt", "Lavinia Thornapple"),
    ("chair_of_governors", "Ignatius Merrowdown"),
    ("vice_chair", "Barnaby Quillstone"),
    ("reporter", "Fergus Plumridge"),
    ("governor", "Theodora Winterslow"),
)
"""One user for each role: role and name."""
TEACHER: Final = "Linnet Harrowgate"
STRANGER: Final = "Silverfox Ninetynine"
"""An account that claims to be of this name."""
PARENT_FORENAME: Final = "Winifred"

EVERY_NAME: Final = (*FORENAMES, *SURNAMES, *(name for _, name in USERS), TEACHER, PARENT_FORENAME)


def pupil_names(count: int, rng: Random) -> list[str]:
    """`count` different full names."""
    pairs = [f"{forename} {surname}" for forename in FORENAMES for surname in SURNAMES]
    return rng.sample(pairs, count)
