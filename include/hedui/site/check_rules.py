"""What rules.yaml says of rules: ids, agencies and parameters that exist."""

from __future__ import annotations

from hedui.rules import rules
from hedui.site.parts import Parts
from hedui.site.problems import choose, did_you_mean


def check_rules(parts: Parts) -> None:
    """Notes unknown rules and agencies, and parameters that the rule does not know or that are of another type."""
    from hedui.checks.parameters import Known, known_parameters  # checks know the site

    agencies = {part.id for part in parts.agencies if part.id}
    known = known_parameters()
    for name, part in parts.rules.items():
        if name not in rules():
            part.problem([], f'unknown rule "{name}"; {choose(name, rules())}')
            continue
        if part.value is None:
            continue
        if part.value.agency and part.value.agency not in agencies:
            part.problem(["agency"], f'unknown agency "{part.value.agency}"; {choose(part.value.agency, agencies)}')
        parameters = known.get(name, Known(defaults={}))
        for key, value in part.value.parameters.items():
            if what := parameters.problem(key, value):
                hint = did_you_mean(key, parameters.defaults) if key not in parameters.defaults else ""
                part.problem(["parameters", key], what + hint)
