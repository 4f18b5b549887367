"""A pack with every field that a pack may have, and a mistake in each of them."""

from __future__ import annotations

from typing import Final

PACK: Final = """\
id = "oakfield"
version = "2026-09"
title = "Oakfield"
adopted = 2026-09-01
review_every_months = 12
sources = [
  { cited_as = "OAK", title = "Online safety policy" },
  { cited_as = "County", title = "Procedures of the county", authority = "guidance" },
]
silent_on = ["debrief"]
readings = ["One reading"]

[declarations]
together = true
clause = "OAK §1"

[past_pupils]
clause = "OAK §9"

[low_level_concerns]
received_by = ["headteacher", "dsl"]
clause = "OAK §2"

[[breaches]]
clause = "OAK §3"
title = "No private use in lessons"

[[rules]]
id = "oak-evidence"
replaces = "bullying-evidence"
modality = "must"
kinds = ["cyberbullying"]
step = "save_evidence"
clock.of = "invite_parent"
clock.field = "meeting_at"
clock.within = 1
clock.unit = "hours"
clock.critical = { within = 0, unit = "days" }
since = ["reopen"]
before = ["close"]
told = ["dsl"]
waivable = true
clause = "OAK §4"
reason = "Evidence is saved."

[[rules]]
id = "oak-parents"
replaces = "sexting-parents"
modality = "must"
kinds = ["sexting"]
step = "inform_parents"
satisfied_by = [{ step = "inform_parents", given = [{ field = "method", present = true }] }]
per = "child"
per_field = "child"
clock = { of = "reported", within = 0, unit = "days" }
protects = true
clause = "OAK §5"
reason = "The parents are told."

[[rules]]
id = "oak-police"
modality = "consider"
step = "escalate"
told = ["headteacher"]
told_done = { any = ["headteacher", "slt"], reason = "The head knows." }
switch = "mandatory-reporting"
preset = { agency = "police" }
when = [
  { fact = "content", any = ["racist"] },
  { fact = "targets", all = ["pupil"] },
  { fact = "risk_yes", none = ["coercion"] },
  { fact = "setting", is = "on_site" },
]
clause = "County §1"
reason = "The police are considered."

[[rules]]
id = "oak-closed"
modality = "must_not"
step = "*"
except_steps = ["add_note"]
given = [{ field = "embeds_file", is = true }]
clause = "OAK §6"
reason = "No file in a text."

[[rules]]
id = "oak-words"
modality = "must_not"
step = "*"
only_steps = ["advise"]
given = [{ field = "every_text", says = ["offender"] }]
clause = "OAK §7"
reason = "Nobody is called that."

[[rules]]
id = "oak-parties"
modality = "must_not"
step = "advise"
given = [{ field = "person", in = "alleged" }]
clause = "OAK §8"
reason = "Not yet."
"""

# fmt: off
MISTAKES: Final = [
    ("Pack.id", 'id = "oakfield"\n', "", "", "", "the field `id` is missing"),
    ("Pack.id", '"oakfield"', '"oak field"', "", "id", "'oak field' must be letters, digits"),
    ("Pack.id", '"oakfield"', "7", "", "id", "must be a text in quotes, not a whole number"),
    ("Pack.version", '"2026-09"', '""',
     "", "version", "'' must be letters, digits, `.`, `_` and `-`, and not empty"),
    ("Pack.version", '"2026-09"', "2026", "", "version", "must be a text in quotes"),
    ("Pack.title", 'title = "Oakfield"', 'titel = "Oakfield"',
     "", "", "unknown field `titel`; did you mean 'title'?"),
    ("Pack.title", '"Oakfield"', '" "', "", "title", "is empty"),
    ("Pack.adopted", "2026-09-01", '"last year"', "", "adopted", "must be a day such as 2026-09-01"),
    ("Pack.adopted", "2026-09-01", "1026-09-01", "", "adopted", "must be from 1900 to 2199"),
    ("Pack.review_every_months", "= 12", '= "yearly"',
     "", "review_every_months", "must be a whole number, not a text in quotes"),
    ("Pack.review_every_months", "= 12", "= 0", "", "review_every_months", "must be from 1 to 120"),
    ("Pack.sources", "sources = [", "source = [", "", "", "unknown field `source`; did you mean 'sources'?"),
    ("Pack.silent_on", '["debrief"]', '"debrief"',
     "", "silent_on", "must be a list in [ ], not a text in quotes"),
    ("Pack.readings", '["One reading"]', '["One", 2]', "", "readings[1]", "must be a text in quotes"),
    ("Pack.declarations", "[declarations]", "[[declarations]]",
     "", "declarations", "must be a table { }, not a list in [ ]"),
    ("Pack.past_pupils", "[past_pupils]", "[past_pupil]", "", "", "did you mean 'past_pupils'?"),
    ("PastPupilRule.clause", '"OAK §9"', '"ELM §9"', "", "past_pupils", "'ELM §9' cites no source"),
    ("Pack.low_level_concerns", "[low_level_concerns]", "[low_level_concern]",
     "", "", "did you mean 'low_level_concerns'?"),
    ("Pack.breaches", "[[breaches]]", "[breaches]", "", "breaches", "must be a list in [ ], not a table { }"),
    ("Pack.rules", '[[rules]]\nid = "oak-parties"', '[[rule]]\nid = "oak-parties"',
     "", "", "did you mean 'rules'?"),
    ("Source.cited_as", 'cited_as = "County"', 'cited = "County"',
     "", "sources[1]", "unknown field `cited`; did you mean 'cited_as'?"),
    ("Source.cited_as", 'cited_as = "County"', 'cited_as = "OAK"', "", "sources", "'OAK' is stated twice"),
    ("Source.cited_as", 'cited_as = "County"', 'cited_as = ""',
     "", "sources", "of 'Procedures of the county' is empty"),
    ("Source.title", 'title = "Procedures of the county", ', "",
     "", "sources[1]", "the field `title` is missing"),
    ("Source.title", '"Procedures of the county"', '""', "", "sources", "of 'County' is empty"),
    ("Source.authority", '"guidance"', '"statute"',
     "", "sources[1].authority", "'statute' is not a word of this field; there are default, guidance, law"),
    ("Source.authority", '"guidance"', '"default"',
     "", "sources", "only a floor has sources with the authority 'default'"),
    ("DeclarationRule.together", "together = true", 'together = "both"',
     "", "declarations.together", "must be true or false, not a text in quotes"),
    ("DeclarationRule.together", "together = true\n", "",
     "", "declarations", "the field `together` is missing"),
    ("DeclarationRule.clause", '"OAK §1"', '"ELM §1"',
     "", "declarations", "'ELM §1' cites no source of this file; there are County, OAK"),
    ("ConcernRule.received_by", '["headteacher", "dsl"]', '["slt"]',
     "", "low_level_concerns", "'slt' is none of the roles that receive one"),
    ("ConcernRule.received_by", '["headteacher", "dsl"]', "[]",
     "", "low_level_concerns", "received_by is empty"),
    ("ConcernRule.received_by", '["headteacher", "dsl"]', '["dsl", "dsl"]',
     "", "low_level_concerns", "'dsl' is named twice"),
    ("ConcernRule.clause", '"OAK §2"', '"ELM §2"', "", "low_level_concerns", "'ELM §2' cites no source"),
    ("Breach.clause", '"OAK §3"', '"ELM §3"', "", "breaches", "'ELM §3' cites no source"),
    ("Breach.title", '"No private use in lessons"', '""',
     "", "breaches", "the title of clause 'OAK §3' is empty"),
    ("Rule.id", 'id = "oak-evidence"\n', "", "number 1", "", "the field `id` is missing"),
    ("Rule.id", '"oak-evidence"', '""', "number 1", "id", "is empty"),
    ("Rule.id", '"oak-evidence"', '"acknowledge"', "acknowledge", "id", "is the id of another rule"),
    ("Rule.modality",
     '"consider"',
     '"should"',
     "oak-police",
     "modality",
     "'should' is not a word of this field; there are consider, may, must, must_not"),
    ("Rule.clause", '"OAK §4"', '"OAK §4; ELM §4"',
     "oak-evidence", "clause", "'ELM §4' cites no source of this file"),
    ("Rule.reason", '"Evidence is saved."', '" "', "oak-evidence", "reason", "is empty"),
    ("Rule.step", '"save_evidence"', '"save_evidnce"',
     "oak-evidence", "step", "'save_evidnce' is not a step; did you mean 'save_evidence'?"),
    ("Rule.step", 'step = "save_evidence"\n', "",
     "oak-evidence", "step", "is missing: a duty names the step it requires"),
    ("Rule.kinds", '["cyberbullying"]', '["cyberbulying"]',
     "oak-evidence", "kinds", "did you mean 'cyberbullying'?"),
    ("Rule.kinds", '["cyberbullying"]', '["parent_post"]',
     "oak-evidence", "kinds", "must be those of the rule it replaces"),
    ("Rule.when", "when = [", "whne = [", "oak-police", "", "unknown field `whne`; did you mean 'when'?"),
    ("Rule.given", 'only_steps = ["advise"]\ngiven = [', 'only_steps = ["advise"]\ngive = [',
     "oak-words", "", "did you mean 'given'?"),
    ("Rule.given",
     'preset = { agency = "police" }',
     'preset = { agency = "police" }\ngiven = [{ field = "agency", is = "police" }]',
     "oak-police",
     "given",
     "belongs to prohibitions only"),
    ("Rule.except_steps", '["add_note"]', '["add_notes"]',
     "oak-closed", "except_steps", "'add_notes' is not a step; did you mean 'add_note'?"),
    ("Rule.except_steps",
     'preset = { agency = "police" }',
     'preset = { agency = "police" }\nexcept_steps = ["advise"]',
     "oak-police",
     "except_steps",
     "belongs to prohibitions only"),
    ("Rule.only_steps", '["advise"]', '["advice"]',
     "oak-words", "only_steps", "'advice' is not a step; did you mean 'advise'?"),
    ("Rule.only_steps", '["advise"]', '["advise"]\nexcept_steps = ["add_note"]',
     "oak-words", "only_steps", 'belongs to a prohibition of "*" without except_steps'),
    ("Rule.preset", '{ agency = "police" }', '{ agency = "navy" }',
     "oak-police", "preset", "'navy' is not a value of escalate.agency; there are ceop"),
    ("Rule.preset", '{ agency = "police" }', '{ agent = "police" }',
     "oak-police", "preset", "'escalate' has no field 'agent'; did you mean 'agency'?"),
    ("Rule.switch", '"mandatory-reporting"', '"mandatory"',
     "oak-police", "switch", "'mandatory' is not a switch of this floor"),
    ("Rule.told_done", 'told_done = {', "told_dun = {",
     "oak-police", "", "did you mean 'told_done'?"),
    ("ToldDone.any", '["headteacher", "slt"]', '["headteacher", "caretaker"]',
     "oak-police", "told_done", "'caretaker' is none of the roles"),
    ("ToldDone.any", '["headteacher", "slt"]', '["dsl"]',
     "oak-police", "told_done", "the first role of any is one of told"),
    ("ToldDone.reason", '"The head knows."', '" "', "oak-police", "told_done", "reason is empty"),
    ("Rule.per", 'per = "child"', 'per = "kid"',
     "oak-parents", "per", "'kid' is not a group; there are adult_pupil"),
    ("Rule.per", 'per = "child"\n', "",
     "oak-parents", "per", "per and per_field go together: give both or neither"),
    ("Rule.per_field", 'per_field = "child"', 'per_field = "kid"',
     "oak-parents", "per_field", "'inform_parents' has no field 'kid'; there are child"),
    ("Rule.satisfied_by",
     'satisfied_by = [{ step = "inform_parents"',
     'satisfied_by = [{ stpe = "inform_parents"',
     "oak-parents",
     "satisfied_by[0]",
     "unknown field `stpe`; did you mean 'step'?"),
    ("Rule.since", '["reopen"]', '["repoen"]',
     "oak-evidence", "since", "'repoen' is not a step; did you mean 'reopen'?"),
    ("Rule.before", '["close"]', '["clsoe"]',
     "oak-evidence", "before", "'clsoe' is not a step; did you mean 'close'?"),
    ("Rule.clock", "clock = { of", "clocks = { of",
     "oak-parents", "", "unknown field `clocks`; did you mean 'clock'?"),
    ("Rule.told", 'told = ["dsl"]', 'told = ["dls"]',
     "oak-evidence", "told", "'dls' is not a recipient; did you mean 'dsl'?"),
    ("Rule.told", 'only_steps = ["advise"]', 'only_steps = ["advise"]\ntold = ["dsl"]',
     "oak-words", "told", "does not belong to a prohibition"),
    ("Rule.protects",
     "protects = true\n",
     "",
     "oak-parents",
     "protects",
     "the rule 'sexting-parents' protects a child: give this one `protects = true` and a `clock`"),
    ("Rule.protects",
     'within = 0, unit = "days" }\nprotects',
     'within = 1, unit = "school_days", critical = { within = 0, unit = "days" } }\nprotects',
     "oak-parents",
     "protects",
     "a duty that protects a child never waits for school days"),
    ("Rule.protects", 'only_steps = ["advise"]', 'only_steps = ["advise"]\nprotects = true',
     "oak-words", "protects", "does not belong to a prohibition"),
    ("Rule.adjustable", "waivable = true", "adjustable = true",
     "oak-evidence", "adjustable", "only a floor states defaults"),
    ("Rule.waivable",
     '"OAK §4"',
     '"OAK §4; County §2"',
     "oak-evidence",
     "waivable",
     "'County §2' is guidance: only a school's own policy and a default can be waived"),
    ("Rule.waivable", "protects = true", "protects = true\nwaivable = true",
     "oak-parents", "waivable", "a duty that protects a child cannot be waived"),
    ("Rule.waivable", "waivable = true", 'waivable = "yes"',
     "oak-evidence", "waivable", "must be true or false"),
    ("Rule.replaces",
     '"bullying-evidence"',
     '"bulying-evidence"',
     "oak-evidence",
     "replaces",
     "the floor has no rule 'bulying-evidence'; did you mean 'bullying-evidence'?"),
    ("Rule.floor", "waivable = true", "floor = true",
     "oak-evidence", "floor", "is set by casework for the rules of a floor"),
    ("Clock.of", '"invite_parent"', '"noon"',
     "oak-evidence", "clock", "of 'noon' is neither a step nor another start of a clock; there are applies"),
    ("Clock.of", '"invite_parent"', '"invite_parents"',
     "oak-evidence", "clock", "did you mean 'invite_parent'?"),
    ("Clock.within", "clock.within = 1", "clock.within = 1.5",
     "oak-evidence", "clock.within", "must be a whole number, not a number with a fraction"),
    ("Clock.within", "clock.within = 1", "clock.within = -1",
     "oak-evidence", "clock", "within is less than 0"),
    ("Clock.unit", '"hours"', '"hour"',
     "oak-evidence", "clock.unit", "'hour' is not a word of this field; did you mean 'hours'?"),
    ("Clock.field", '"meeting_at"', '"met_at"',
     "oak-evidence", "clock", "'invite_parent' has no field 'met_at'; did you mean 'meeting_at'?"),
    ("Clock.field", '"meeting_at"', '"method"',
     "oak-evidence", "clock", "'method' of 'invite_parent' is neither a date nor a time"),
    ("Clock.critical", "clock.critical = {", "clock.critcal = {",
     "oak-evidence", "clock", "unknown field `critcal`; did you mean 'critical'?"),
    ("Clock.critical",
     'unit = "hours"\nclock.critical = { within = 0, unit = "days" }',
     'unit = "school_days"',
     "oak-evidence",
     "clock",
     "a clock in school days needs a critical one"),
    ("CriticalClock.within", "clock.critical = { within = 0", "clock.critical = { within = -1",
     "oak-evidence", "clock", "critical: within is less than 0"),
    ("CriticalClock.unit",
     'clock.critical = { within = 0, unit = "days"',
     'clock.critical = { within = 0, unit = "school_days"',
     "oak-evidence",
     "clock",
     "a critical clock never waits for school days"),
    ("CriticalClock.unit",
     'clock.critical = { within = 0, unit = "days"',
     'clock.critical = { within = 0, unit = "day"',
     "oak-evidence",
     "clock.critical.unit",
     "did you mean 'days'?"),
    ("Test.fact", 'fact = "content"', 'fact = "contents"',
     "oak-police", "when", "'contents' is not a fact; did you mean 'content'?"),
    ("Test.fact", 'fact = "content", ', "",
     "oak-police", "when", "a test is about exactly one of fact and field"),
    ("Test.field", 'field = "embeds_file"', 'field = "embed_file"',
     "oak-closed", "given", "'embed_file' is not a field of every step"),
    ("Test.field", 'fact = "content"', 'field = "content"',
     "oak-police", "when", "a test of `when` is about a fact"),
    ("Test.is", 'is = "on_site"', 'is = "onsite"',
     "oak-police", "when", "'onsite' is not a value of 'setting'; did you mean 'on_site'?"),
    ("Test.is", "is = true", 'is = "yes"',
     "oak-closed", "given", "'yes' is not a value of 'embeds_file': it is true or false"),
    ("Test.any", '["racist"]', '["rascist"]',
     "oak-police", "when", "'rascist' is not a value of 'content'; did you mean 'racist'?"),
    ("Test.any", '["racist"]', "[]", "oak-police", "when", "any is empty"),
    ("Test.any", 'any = ["racist"]', 'any = ["racist"], is = "racist"',
     "oak-police", "when", "a test has exactly one of is, any, all, none, present, in, says"),
    ("Test.all", '["pupil"]', '["pupils"]',
     "oak-police", "when", "'pupils' is not a value of 'targets'; did you mean 'pupil'?"),
    ("Test.none", '["coercion"]', '["corcion"]',
     "oak-police", "when", "'corcion' is not a value of 'risk_yes'; did you mean 'coercion'?"),
    ("Test.present", "present = true", 'present = "yes"',
     "oak-parents", "satisfied_by[0].given[0].present", "must be true or false"),
    ("Test.in", 'in = "alleged"', 'in = "aleged"',
     "oak-parties", "given", "'aleged' is not a group; did you mean 'alleged'?"),
    ("Test.in", 'is = "on_site"', 'in = "child"',
     "oak-police", "when", "`in` is about a field of a step, not about a fact"),
    ("Test.says", 'says = ["offender"]', 'says = [" "]', "oak-words", "given", "a word of `says` is empty"),
    ("Test.says", 'field = "every_text"', 'field = "text"',
     "oak-words", "given", "`says` and the field 'every_text' go together"),
    ("Satisfier.step", '[{ step = "inform_parents"', '[{ step = "inform_parent"',
     "oak-parents", "satisfied_by", "'inform_parent' is not a step; did you mean 'inform_parents'?"),
    ("Satisfier.given", 'field = "method"', 'field = "metod"',
     "oak-parents", "satisfied_by", "'inform_parents' has no field 'metod'; did you mean 'method'?"),
]
# fmt: on
"""The field, the text of the pack, the mistake in its place; and the rule, the field and the message."""
