"""What part a sum plays for the subject: all of it, the most or the least of one award, or none.

Pure: no clock, no network, no database. It sees one sum and the words around it.
"""

from __future__ import annotations

import re

from feed.extract.money import Amount

_UNRELATED = re.compile(
    r"\b(?:turnover|revenues?|GDP|econom(?:y|ic value)|contribut(?:es|ed|ing)|valued|trade (?:worth|between"
    r"|relationship|with)|worth to|exports?|market"
    r"|sales|industry|sector (?:is|was)|profits?|previously|already|so far|to date|since \d{4}"
    r"|last year|in 20\d\d|raised|cost(?:s|ing)? the"
    r"|savings?|salary|salaries|per (?:year|annum) to the|fine|fined|fraud|debt|annual budget|jobs"
    r"|(?:private|industry|industrial|match(?:ed|ing)?)(?: sector)? (?:investment|capital|funding)"
    r"|follow-on|leverag\w+)\b",
    re.IGNORECASE,
)
# Before a sum of which the subject is only a part.
_PASSING = re.compile(
    r"\b(?:(?:under|part of|builds on|building on)"
    r" (?:(?:the|a|an|its|their|this) )?(?:[\w'’-]+ ){0,3}"
    r"|(?:total|overall) (?:government|public|investment|spending)[^.;\n]{0,50})$",
    re.IGNORECASE,
)
# What has been given, raised or reckoned already.
_GONE = re.compile(
    r"\b(?:raised|awarded|estimated (?:at|to)|estimates|benefit\w+ from|worth of|provided more than|received"
    r"|attracted|invested over|spent|since (?:its|the) launch|to date,?|so far,?|previous(?:ly)?)\b"
    r"[^.;\n]{0,60}$",
    re.IGNORECASE,
)
_GONE_AFTER = re.compile(
    r"[^.;\n]{0,40}\b(?:to date|so far|(?:has|have) (?:already )?been (?:provided|awarded|invested|spent"
    r"|given)|over the (?:last|past))\b",
    re.IGNORECASE,
)
_OF_OTHERS = re.compile(r"\s?(?:of|in) (?:private|industry|industrial|match\w*|co-?)[ -]", re.IGNORECASE)
_TO_THE_ECONOMY = re.compile(
    r"\s*(?:a year |annually |each year )?(?:to|for) (?:the|our) (?:\w+ )?economy", re.IGNORECASE
)
_ONE_AWARD = re.compile(r"award|grant|contribution|cost|request|ceiling|secure", re.IGNORECASE)
_SHARE_AFTER = re.compile(
    r"^\s?(?:from|by|for) (?:each|either|both)\b|^\s?each\b[^.;\n]{0,20}(?:side|countr|government|part)",
    re.IGNORECASE,
)
_MAXIMUM = re.compile(
    r"\b(?:up ?to|maximum(?: award| grant| funding| of| value)?|max|no more than|not exceed(?:ing)?"
    r"|not more than|award ceiling|capped at|as much as|upper limit"
    r"|award_max)\b[^.;\n]{0,40}$",
    re.IGNORECASE,
)
_MINIMUM = re.compile(
    r"\b(?:minimum(?: award| grant| of)?|at least|no less than|not less than|award floor"
    r"|starting (?:at|from)|lower limit)\b[^.;\n]{0,30}$",
    re.IGNORECASE,
)
_EACH_BEFORE = re.compile(
    r"\b(?:grants?|awards?|projects?|prizes?|fellowships?|contracts?|vouchers?|apply for|bid for"
    r"|eligible (?:project )?costs?|total (?:project )?costs?|full economic costs?|fEC|claim|receive|secure"
    r"|requests?|each|individual)\b"
    r"[^.;\n]{0,60}$",
    re.IGNORECASE,
)
_EACH_AFTER = re.compile(
    r"^[^.;\n£€₹$]{0,40}\b(?:per (?:project|award|grant|team|applicant|consortium|company|proposal"
    r"|fellow(?:ship)?|organisation|year|annum)|each|for each|a project|a piece|apiece"
    r"|for (?:individual|single) projects?|full economic costs?|over \w+ years? per)\b",
    re.IGNORECASE,
)
_TOTAL_BEFORE = re.compile(
    r"\b(?:total(?:ling)?(?: (?:fund(?:ing)?|budget|programme|program|value|of|available))*|budget"
    r"|funding pot|pot of|share of|overall|fund of|worth|envelope|outlay|backed by|allocat\w+"
    r"|invest\w*|commit\w*|provid\w+)\b[^.;\n]{0,40}$",
    re.IGNORECASE,
)
_TOTAL_AFTER = re.compile(
    r"^\s(?:for|of|to (?:support|fund|help|develop|boost|back|create|build|deliver)|(?:in"
    r"|of) (?:(?:new|joint|public|government|fresh|additional) )?(?:funding|grants|investment|money))\b"
    r"|^[\s\-–]*(?:[\w\-–&]+[\s\-–]+){0,5}?(?:call|competition|fund|programme|program|scheme|pot"
    r"|package|initiative|budget|in total|is available|are available|available|funding|prize"
    r"|partnership|challenge|round|investment|mission|project|centre|hub)s?\b",
    re.IGNORECASE,
)


def is_passing(doc: str, amount: Amount, low: int) -> bool:
    """Whether a sum is that of something larger, of which the subject is a part."""
    return bool(_PASSING.search(doc[max(low, amount.start - 90) : amount.start]))


def role(doc: str, amount: Amount, low: int, high: int) -> str:  # noqa: PLR0911 - one return a role
    """The part an amount plays in [low, high): one of MONEY_ROLES, or '' when it is not the subject's."""
    before, after = (
        doc[max(low, amount.start - 90) : amount.start],
        doc[amount.end : min(high, amount.end + 90)],
    )
    if (_UNRELATED.search(before[-60:]) and not _TOTAL_AFTER.match(after)) or _UNRELATED.match(
        after.lstrip()[:30]
    ):
        return ""
    if _TO_THE_ECONOMY.match(after) or _OF_OTHERS.match(after) or is_passing(doc, amount, low):
        return ""
    if _GONE.search(before) or _GONE_AFTER.match(after):
        return ""
    if _SHARE_AFTER.match(after):
        return "other"
    each = bool(_EACH_AFTER.match(after)) or bool(_EACH_BEFORE.search(before))
    if re.search(r"\bshare of\b[^.;\n]{0,30}$", before, re.IGNORECASE):
        return "total"
    if amount.span:
        return {"low": "award_min", "high": "award_max"}[amount.span]
    if _MINIMUM.search(before):
        return "award_min"
    most = _MAXIMUM.search(before)
    if most is not None:
        named = not most[0].casefold().startswith(("up to", "upto")) and _ONE_AWARD.search(most[0])
        return "award_max" if each or named else "total"
    if _EACH_AFTER.match(after):
        return "award_max"
    if _TOTAL_AFTER.match(after) or _TOTAL_BEFORE.search(before):
        return "total"
    return "other"
