"""What `evergreen status` prints: on 100 columns, for a person in a hurry."""

from datetime import UTC, date, datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.status import Row, Status
from tasks.home.schedule import Planned

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def print_status(status: Status) -> None:
    """Print how a home stands: what to do first, then releases, cost, sources and runs. Times are UTC."""
    console = Console()
    for name, lines in (
        ("Home", [_home(status)]),
        ("Run", _unfinished(status)),
        ("Latest release", [_latest(status.latest)]),
        ("Waiting", _waiting(status)),
        ("Next refresh", _next(status)),
        ("Cost", _cost(status)),
        ("Live sources", [] if status.sources else ["none: no refresh has ended here yet"]),
    ):
        for place, line in enumerate(lines):
            console.print(Text(f"{'' if place else name:<16}").append(line), soft_wrap=True)
    if status.sources:
        console.print(_sources(status))
    if status.runs:
        console.print(_runs(status))
    for line in (*_source_faults(status), *_run_faults(status)):
        console.print(Text(line), soft_wrap=True)


def _home(status: Status) -> str:
    return f"{status.home}, as the run that ended last left it: {_time(status.as_of)} UTC"


def _unfinished(status: Status) -> list[str]:
    """What is known of a run that has not recorded its end."""
    note = status.note
    if note is None:
        return ["one is beginning or ending"] if status.is_running else []
    since = f"{note.flow}, since {_time(note.started_at)}"
    if status.is_running:
        return [f"{since}, is under way ({_span((status.now - note.started_at).total_seconds())})"]
    return [f"{since}, was stopped before its end: the same command goes on from there"]


def _latest(release: Row | None) -> str:
    return f"{_size(release)}, published {_time(release['published_at'])}" if release else "none yet"


def _waiting(status: Status) -> list[str]:
    """Two lines for each release that waits: what it is, and the command that publishes it."""
    lines = []
    for row in status.waiting:
        warnings = f", warnings: {row['warnings']}" * bool(row["warnings"])
        state = ", withdrawn before" * (row["state"] == "withdrawn")
        lines += [
            f"{_size(row)}{state}, made {_time(row['made_at'])}{warnings}",
            f"  {row['command']}",
        ]
    return lines or ["nothing waits for approval"]


def _next(status: Status) -> list[str]:
    planned = [_planned(run, status.now.replace(tzinfo=UTC)) for run in status.schedule.runs]
    return planned or [status.schedule.problem or "none is scheduled"]


def _planned(run: Planned, now: datetime) -> str:
    away = (run.at - now).total_seconds()
    when = f"in {_span(away)}" if away >= 0 else f"{_span(-away)} ago: is a worker running?"
    state = "" if run.state == "Scheduled" else f", {run.state}"
    return f"{run.at.astimezone(UTC):%a %Y-%m-%d %H:%M} ({when}{state}), home {run.home}"


def _cost(status: Status) -> list[str]:
    """This month's, and what the budget counts."""
    cost = status.cost
    limit = f"of at most {cost['max_usd']:,.2f}" if cost["max_usd"] else "no limit is set (llm.max_usd)"
    return [
        f"{cost['usd']:,.2f} USD for {cost['calls']:,} calls in {status.now:%B %Y}",
        f"{cost['spent_usd']:,.2f} USD since the last run that ended well; {limit}",
    ]


def _sources(status: Status) -> Table:
    table = _table("Live sources", "last read", "newest object", "lag", "last time", "source")
    for row in status.sources:
        newest = _time(row["newest_at"]) if row["newest_at"] else _day(row["newest_partition"])
        lag = "-" if row["lag_hours"] is None else _span(row["lag_hours"] * _HOUR)
        table.add_row(*map(Text, (_time(row["read_at"]), newest, lag, row["outcome"], row["source"])))
    return table


def _source_faults(status: Status) -> list[str]:
    """Why sources failed last, also of those that work again."""
    lines = []
    for row in status.sources:
        if row["failed_at"]:
            why = row["failure"].removeprefix(f"{row['source']}: ")
            lines.append(f"{row['source']} failed {_time(row['failed_at'])}: {why}")
    return lines


def _runs(status: Status) -> Table:
    table = _table("Last runs", "started", "flow", "state", "took", "new", "USD", "release")
    for row in status.runs:
        took = "-" if row["seconds"] is None else _span(row["seconds"])
        counts = (took, f"{row['new_prompts']:,}", f"{row['usd']:,.2f}")
        cells = (_time(row["started_at"]), row["flow"], row["state"], *counts, row["release_id"] or "-")
        table.add_row(*map(Text, cells))
    return table


def _run_faults(status: Status) -> list[str]:
    failed = (row for row in status.runs if row["error"])
    return [f"{row['flow']} of {_time(row['started_at'])} {row['state']}: {row['error']}" for row in failed]


def _table(title: str, *names: str) -> Table:
    """A table whose last column may take several lines; numbers stand right."""
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    for name in names[:-1]:
        is_number = name in {"took", "lag", "new", "USD"}
        table.add_column(name, justify="right" if is_number else "left", no_wrap=True)
    table.add_column(names[-1], overflow="fold")
    return table


def _size(release: Row) -> str:
    counts = f"{release['prompt_count']:,} questions of {release['topic_count']:,} topics"
    return f"{release['release_id']}, {counts}"


def _time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "never"


def _day(day: date | None) -> str:
    return f"{day:%Y-%m-%d}" if day else "-"


def _span(seconds: float) -> str:
    """A time span in its two largest units."""
    days, rest = divmod(int(seconds), _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
