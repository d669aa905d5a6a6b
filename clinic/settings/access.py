"""Who may see and do what: tokens for programs, and emergency access."""

KNOX_TOKEN_MODEL = "clinic.ApiToken"  # noqa: S105  a model, no secret
