"""Which addresses are taken, and in what form.

Pure: whether mail arrives there is what the confirmation finds out.
"""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def normal(given: str) -> str:
    """The address in the form that every mail server takes (its domain in ASCII, RFC 5891).

    Raises ValueError with one clear line.
    """
    given = given.strip()
    if not given:
        raise ValueError("Please give your e-mail address.")
    try:
        # Names of private networks are addresses, too.
        checked = validate_email(given, check_deliverability=False, globally_deliverable=False)
        if "=?" in given:
            raise EmailNotValidError("it looks like an encoded word of a mail header.")
    except EmailNotValidError as error:
        raise ValueError(f"“{given[:100]}” is no e-mail address: {error}") from error
    return checked.ascii_email or checked.normalized
