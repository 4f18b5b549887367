"""Rules as values, and what they require of an incident."""

from casework.domain.playbook.duty import Duty
from casework.domain.playbook.floor import Floor
from casework.domain.playbook.pack import Pack
from casework.domain.playbook.playbook import Playbook
from casework.domain.playbook.rules import Modality, Rule

__all__ = ["Duty", "Floor", "Modality", "Pack", "Playbook", "Rule"]
