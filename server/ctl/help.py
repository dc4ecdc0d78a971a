"""How the help of every command ends: with examples that can be typed as they are."""


def examples(*lines: str, note: str = "") -> str:
    """Return the epilog of a command. Blank lines keep the examples on lines of their own."""
    shown = [f"[dim]$[/] [cyan]{line}[/]" for line in lines]
    return "\n\n".join(["[bold]Examples[/]", *shown, *([note] if note else [])])
