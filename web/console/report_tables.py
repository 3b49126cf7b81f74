"""Reports on emails and campaigns as tables: the same ones on the page, in a CSV file, and in a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alerts.campaign_reports import CampaignReport
from alerts.hiding import Hidden
from alerts.told_emails import ToldEmail, ToldPart, ToldResult
from campaigns.deeds import NO_PROJECT, SEVERAL
from campaigns.odds import Count, Interval, wilson
from contacts.spreadsheets import Sheet
from contacts.workbooks import Page, Percent, workbook
from messages.progress import Equation
from web.pages import eastern
from web.translations import Translator

FLAT = ("part", "what", "detail", "number")


@dataclass(frozen=True)
class Column:
    """What the numbers under a heading count; ``share``: of the copies that left, which stand first."""

    code: str
    heading: str
    share: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a table: what a program reads it by, what people read, and its numbers."""

    code: str
    label: str | date | datetime
    numbers: Sequence[Hidden]
    href: str = ""
    forgotten: bool = False  # but for the first, they are not known any more
    day: date | None = None  # on which that was, where its label does not say so

    def told(self, place: int, some: str) -> int | str:
        """A number, or the word for some."""
        number = self.numbers[place]
        if number is not None:
            return number
        return "–" if self.forgotten else some

    def count(self, place: int) -> Count | None:
        """A number as a share of the first one, where both are told and the first is not 0."""
        left, did = self.numbers[0], self.numbers[place]
        return Count(did, left) if left and did is not None and did <= left else None

    def interval(self, place: int) -> Interval:
        """Where that share may truly lie."""
        count = self.count(place)
        return wilson(count or Count(0, 0))


@dataclass(frozen=True)
class Table:
    """Lines under headings."""

    code: str
    title: str
    first: str  # over the labels
    columns: Sequence[Column]
    lines: Sequence[Line]


def email_tables(
    report: ToldEmail, words: Translator, projects: Mapping[int, str]
) -> dict[str, Table]:
    """The tables of a report on one email, by their codes; those with nothing in them are left out."""
    subjects = [
        Line(str(at), _subject(way.subjects, words), _numbers(way.told))
        for at, way in enumerate(report.ways)
    ]
    columns = behaviours(words)
    read = _columns(report.languages, columns)
    tables = [
        figures(report.result, words),
        Table("subjects", words("By subject"), words("Subject"), columns, subjects),
        by_language(report.languages, words, read),
        by_project(report.projects, words, read, projects),
        hours(report, words),
    ]
    alone = () if len(subjects) > 1 else ("subjects",)
    return {each.code: each for each in tables if each.lines and each.code not in alone}


def campaign_tables(
    report: CampaignReport, words: Translator, projects: Mapping[int, str], language: str
) -> dict[str, Table]:
    """The tables of a report on a campaign, by their codes; those with nothing in them are left out."""
    read = _columns(report.languages, behaviours(words))
    tables = [
        figures(report.result, words),
        emails(report, words),
        alerts(report, words, language),
        months(report, words),
        by_language(report.languages, words, read),
        by_project(report.projects, words, read, projects),
        readings(report, words, language),
    ]
    return {each.code: each for each in tables if each.lines}


def behaviours(words: Translator) -> list[Column]:
    """What is told of people, however they are put together."""
    return [
        Column("left", words("Got it")),
        Column("clicked", words("Followed a link"), share=True),
        Column("acted", words("Took the action"), share=True),
    ]


def by_language(
    parts: Mapping[str, ToldPart], words: Translator, columns: Sequence[Column]
) -> Table:
    """People by the language they were written to in."""
    lines = [
        Line(code or "-", language_name(code, words), _numbers(each)[-len(columns) :])
        for code, each in parts.items()
    ]
    return Table("languages", words("By language"), words("Language"), columns, lines)


def by_project(
    parts: Mapping[int, ToldPart],
    words: Translator,
    columns: Sequence[Column],
    names: Mapping[int, str],
) -> Table:
    """People by the committee they belong to now, each once; those of several, and of none, last."""
    named = {**names, NO_PROJECT: words("Of no committee"), SEVERAL: words("Of several committees")}
    lines = [
        Line(str(key), named.get(key, str(key)), _numbers(each)[-len(columns) :])
        for key, each in parts.items()
    ]
    lines.sort(key=lambda line: (int(line.code) <= NO_PROJECT, str(line.label)))
    return Table("projects", words("By committee"), words("Committee"), columns, lines)


def figures(result: ToldResult, words: Translator) -> Table:
    """The main figures, one a line."""
    told = [
        ("left", words("Copies that left and did not come back")),
        ("clicked", words("People who followed a link")),
        ("machines", words("Copies whose links only machines followed")),
        ("acted", words("People who took its action since")),
        ("through", words("of these, after they followed its link")),
        ("calls", words("Calls of theirs that an office heard")),
        ("refused", words("Said stop within a week")),
        ("complaints", words("Marked it as spam")),
        ("replies", words("Replies")),
    ]
    lines = [Line(code, label, [getattr(result, code)]) for code, label in told]
    column = Column("number", words("Number"))
    return Table("figures", words("What came of it"), words("What"), [column], lines)


def hours(report: ToldEmail, words: Translator) -> Table:
    """Hour by hour; those in which nothing happened are left out."""
    lines = []
    for each in report.hours:
        numbers = [each.clicked, each.acted]
        if each.start is None:
            lines.append(Line("later", words("Later"), numbers))
        else:
            at = each.start.astimezone(eastern())
            lines.append(Line(at.strftime("%Y-%m-%dT%H:%M%z"), at, numbers))
    return Table(
        "hours",
        words("Hour by hour"),
        words("Hour that began at"),
        behaviours(words)[1:],
        [line for line in lines if any(each != 0 for each in line.numbers)],
    )


def emails(report: CampaignReport, words: Translator) -> Table:
    """The emails beside each other."""
    columns = [*behaviours(words), Column("refused", words("Said stop"), share=True)]
    lines = []
    for each in report.emails:
        result, sent = each.result, each.sent
        known = [result.left, result.clicked, result.acted, result.refused]
        lines.append(
            Line(
                f"{sent.email_id}/{sent.local_time}",
                _subject(sent.subjects, words),
                known if not each.forgotten else [result.left, None, None, None],
                f"/console/emails/{sent.email_id}/report?at={sent.local_time}",
                each.forgotten,
                date.fromisoformat(sent.shown[:10]),
            )
        )
    return Table("emails", words("Its emails beside each other"), words("Email"), columns, lines)


def alerts(report: CampaignReport, words: Translator, language: str) -> Table:
    """Its alerts, and the calls they brought."""
    columns = [Column("copies", words("Copies")), Column("calls", words("Calls"))]
    lines = [
        Line(
            str(each.asked.alert_id),
            _in(each.asked.titles, language) or words("Without a title"),
            [each.copies, each.calls],
            f"/console/alerts/{each.asked.alert_id}/report",
        )
        for each in report.alerts
    ]
    return Table("alerts", words("Its alerts"), words("Alert"), columns, lines)


def months(report: CampaignReport, words: Translator) -> Table:
    """Month by month."""
    columns = [
        Column("emails", words("Emails")),
        Column("left", words("Copies of them")),
        Column("clicked", words("Followed a link")),
        Column("acted", words("Took the action")),
        Column("calls", words("Calls")),
    ]
    lines = [
        Line(
            each.first.strftime("%Y-%m"),
            each.first,
            [each.emails, each.left, each.clicked, each.acted, each.calls],
        )
        for each in report.months
    ]
    return Table("months", words("Month by month"), words("Month"), columns, lines)


def readings(report: CampaignReport, words: Translator, language: str) -> Table:
    """What the campaign counts, reading by reading: not people, so nothing of it is hidden."""
    lines = [
        Line(
            f"{measure.id}/{each.read_on}",
            _in(measure.words, language),
            [each.value],
            day=each.read_on,
        )
        for measure in report.measures
        for each in measure.readings
    ]
    column = Column("number", words("Number"))
    return Table("readings", words("How far it has come"), words("What"), [column], lines)


def account(equation: Equation, words: Translator) -> Table:
    """The account of every copy; not by reason: one of them may be that of a single person."""
    told = [
        ("eligible", words("Everybody in the audience"), equation.eligible),
        ("delivered", words("Delivered"), equation.delivered),
        ("sent", words("Sent, not confirmed yet"), equation.sent),
        (
            "waiting",
            words("Waiting for their turn or their morning"),
            equation.waiting + equation.held + equation.sending,
        ),
        ("unknown", words("Unknown: the provider's answer was lost"), equation.unknown),
        ("failed", words("Failed"), sum(equation.failed.values())),
        ("skipped", words("Left out, each for a reason"), sum(equation.skipped.values())),
        ("stopped", words("Stopped before it left"), equation.stopped + equation.calling_off),
        ("expired", words("Time ran out before it could leave"), equation.expired),
    ]
    lines = [Line(code, label, [count]) for code, label, count in told]
    column = Column("number", words("Copies"))
    return Table("sent", words("The account of every copy"), words("What"), [column], lines)


def as_csv(tables: Sequence[Table]) -> bytes:
    """All tables in one, a number a line, as the reports of alerts have it."""
    target = io.StringIO(newline="")
    sheet = Sheet(target)
    sheet.add(FLAT)
    for table in tables:
        for line in table.lines:
            label = line.code if table.code in ("sent", "figures") else _flat(line)
            for place, column in enumerate(table.columns):
                detail = "" if column.code == "number" else column.code
                sheet.add((table.code, label, detail, line.told(place, "some")))
    return target.getvalue().encode("utf-8-sig")


def as_workbook(tables: Sequence[Table], words: Translator) -> bytes:
    """A sheet for each table, with shares and where they may truly lie."""
    return workbook(_page(each, words) for each in tables)


def language_name(code: str, words: Translator) -> str:
    """A language, in the reader's."""
    names = {"en": words("English"), "es": words("Spanish"), "": words("Not known any more")}
    return names.get(code, code)


def _page(table: Table, words: Translator) -> Page:
    dated = any(line.day for line in table.lines)
    headings = [words("Day"), table.first] if dated else [table.first]
    for column in table.columns:
        headings.append(column.heading)
        if _has_share(table, column):
            headings += [words("Share"), words("at least"), words("at most")]
    rows = [list(_cells(table, line, words)) for line in table.lines]
    return Page(table.title, headings, rows)


def _cells(table: Table, line: Line, words: Translator) -> Iterator[object]:
    if line.day is not None:
        yield line.day
    yield line.label.replace(tzinfo=None) if isinstance(line.label, datetime) else line.label
    for place, column in enumerate(table.columns):
        yield line.told(place, words("some"))
        if _has_share(table, column):
            count, interval = line.count(place), line.interval(place)
            if count is None:
                yield from ("", "", "")
            else:
                yield from map(Percent, (count.share, interval.low, interval.high))


def _has_share(table: Table, column: Column) -> bool:
    return column.share and table.columns[0].code == "left"


def _flat(line: Line) -> str:
    if isinstance(line.label, date):
        return line.code
    return f"{line.day} {line.label}" if line.day else line.label


def _columns(parts: Mapping[str, ToldPart], columns: Sequence[Column]) -> Sequence[Column]:
    """Without how many got it, where there are too many copies to read each."""
    return columns if any(each.left != 0 for each in parts.values()) else columns[1:]


def _numbers(part: ToldPart) -> list[Hidden]:
    return [part.left, part.clicked, part.acted]


def _subject(subjects: Mapping[str, str], words: Translator) -> str:
    return _in(subjects, words.language) or words("Without a title")


def _in(said: Mapping[str, str], language: str) -> str:
    return said.get(language) or next((each for each in said.values() if each), "")
