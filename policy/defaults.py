"""What a plan need not write, because it is usually so. Pure: what a file says in, the whole out.

`defaults` gives every rule what it does not say itself (`clause`, `words`, `force`, `responsible`,
`reading`, `origin`); a rule's own words always win.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from policy.levels import CUSTOMARY
from policy.schema import SINGLE
from policy.vocabulary import Level

RULES = (
    *("stages", "milestones", "actions", "requirements", "checklist", "evidence", "plausible"),
    *("subsidies", "deadlines", "duties", "targets"),
)
SECTIONS = ("quota", "ladder", "office_hours", *SINGLE)
SHARED = ("clause", "words", "force", "responsible", "reading", "origin")
Said = dict[str, Any]


def completed(data: Mapping[str, Any], folder: str) -> Said:
    """All that a plan in the folder of that name says, with what is usually so filled in."""
    said = dict(data)
    shared = said.pop("defaults", None)
    said.setdefault("id", folder)
    for name, value in _head(said).items():
        said.setdefault(name, value)
    _money_and_quota(said)
    _bodies(said)
    if isinstance(said.get("cities"), list):
        said["cities"] = [_city(city) for city in said["cities"]]
    if isinstance(said.get("duties"), list):
        said["duties"] = [_duty(said, duty) for duty in said["duties"]]
    return _shared(said, shared) if isinstance(shared, dict) else said


def _duty(said: Said, duty: Any) -> Any:
    """In the first stage; by the month from that after the notice to the end of its year."""
    if not isinstance(duty, dict):
        return duty
    filled = {"stage": _first(said, "stages"), **duty} if said.get("stages") else dict(duty)
    notice, monthly = said.get("notice"), duty.get("monthly")
    issued = notice.get("issued_on") if isinstance(notice, dict) else None
    if isinstance(monthly, dict) and isinstance(issued, date):
        first = min(issued.month + 1, 12)
        months = {"first": f"{issued.year}-{first:02d}", "last": f"{issued.year}-12"}
        filled["monthly"] = {**months, **monthly}
    return filled


def _head(said: Said) -> Said:
    notice = said.get("notice")
    found: Said = {"requirements": [], "deadlines": [], "duties": []}
    if isinstance(notice, dict):
        said["notice"] = {"openness": "此件公开属性未注明", **notice}
        if isinstance(issued := notice.get("issued_on"), date):
            found["year"] = issued.year
        if "title" in notice:
            found["name"] = notice["title"]
    if "project_name" in said:
        found["application_name"] = said["project_name"]
    if isinstance(said["id"], str):
        found["code_format"] = f"{said['id'].upper().replace('-', '')}-{{county}}-{{number:02d}}"
    if (first := _first(said, "stages")) is not None:
        found["inputs_close_after"] = first
    return found


def _money_and_quota(said: Said) -> None:
    said.setdefault("subsidies", [{"basis": "not_stated"}])
    first = _first(said, "milestones")
    quota = said.get("quota", {})
    if isinstance(quota, dict) and first is not None:
        said["quota"] = {
            "goal": None,
            "submitted_when": first,
            "taken_when": first,
            **quota,
        }


def _bodies(said: Said) -> None:
    """A bureau that has no name of its own is called as its office is in general: 市民政局."""
    bodies, offices = said.get("bodies"), said.get("offices")
    if isinstance(bodies, dict) and isinstance(offices, dict):
        said["bodies"] = {id: _body(said, id, body, offices) for id, body in bodies.items()}


def _body(said: Said, id: str, body: Any, offices: Said) -> Any:
    office = offices.get(id)
    if not isinstance(body, dict) or "name" in body or not isinstance(office, str):
        return body
    own = said.get("levels")
    words = {**CUSTOMARY.model_dump(), **(own if isinstance(own, dict) else {})}
    if id == Level.PROVINCE:
        lead, province = str(words["lead"]), str(said.get("province", ""))
        return {**body, "name": f"{lead}{office.removeprefix(province)}"}
    below = "" if "{county}" in office else str(words["middle"])
    name = office.replace("{city}", below).replace("{county}", str(words["bases"]))
    return {**body, "name": name}


def _first(said: Said, group: str) -> Any:
    rules = said.get(group)
    head = rules[0] if isinstance(rules, list) and rules else None
    return head.get("id") if isinstance(head, dict) else None


def _city(city: Any) -> Any:
    """Without quota; where nothing lies below it, itself what its projects lie in."""
    if not isinstance(city, dict):
        return city
    whole = {"quota": None, "unserved": [], **city}
    if whole.get("counties") == []:
        own = {key: whole[key] for key in ("code", "type") if key in whole}
        whole["counties"] = [{**own, "name": ""}]
    return whole


def _shared(said: Said, shared: Said) -> Said:
    given = {key: shared[key] for key in SHARED if key in shared}
    for name in RULES:
        if isinstance(said.get(name), list):
            said[name] = [_given(given, rule) for rule in said[name]]
    for name in SECTIONS:
        if name in said:
            said[name] = _given(given, said[name])
    return said


def _given(given: Said, rule: Any) -> Any:
    return {**given, **rule} if isinstance(rule, dict) else rule
