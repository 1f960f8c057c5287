"""What was typed wrong, as one line: the option or argument, what is wrong with it, where help is."""

from pydantic import ValidationError
from typer import BadParameter, TyperException


def describe_usage_error(error: TyperException) -> str:
    """The line, without `error: `; empty where the help was shown because nothing was typed at all."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    problem = _problem(error)
    context = getattr(error, "ctx", None)
    hint = "--help" if context is None else f"`{context.command_path} --help`"
    return " ".join(f"{problem.rstrip('.')}; see {hint}".split())


def _problem(error: TyperException) -> str:
    text = error.format_message()
    if not isinstance(error, BadParameter) or error.param is None:
        return text[:1].lower() + text[1:]
    names = [name for name in error.param.opts if name.startswith("--")]
    field = names[0] if names else str(error.param.name)
    if hasattr(error, "param_type"):
        _, _, choices = text.partition(". ")
        return f"{field}: must be given{'. ' if choices else ''}{choices}"
    return f"{field}: {_reason(error)}"


def _reason(error: BadParameter) -> str:
    """The reason with the value, which the library leaves out where it is of the wrong type."""
    text = error.message.removeprefix("Value error, ")
    begun, cause = "Input should be ", error.__cause__
    if not (text.startswith(begun) and isinstance(cause, ValidationError)):
        return text
    wanted = text.removeprefix(begun).partition(", unable")[0]
    return f"{cause.errors()[0]['input']!r} should be {wanted}"
