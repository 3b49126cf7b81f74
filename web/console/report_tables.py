"""Reports on emails and campaigns as tables: the same ones on the page, in a CSV file, and in a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alerts.campaign_reports import CampaignReport
from alerts.rounding import AtLeast, Told, lowest
from alerts.told_emails import ToldEmail, ToldHour, ToldPart, ToldResult
from campaigns.odds import Count, Interval, wilson
from contacts.belonging import NO_PROJECT, SEVERAL
from contacts.spreadsheets import Sheet
from contacts.workbooks import Minimum, Page, workbook
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
    numbers: Sequence[Told]
    href: str = ""
    day: date | None = None  # on which that was, where its label does not say so

    def count(self, place: int) -> Count | None:
        """A number as a share of the first one, where both are told exactly and the first is not 0."""
        left, did = self.numbers[0], self.numbers[place]
        if not isinstance(left, int) or not isinstance(did, int):
            return None
        return Count(did, left) if left and did <= left else None

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
    told = report.figures
    subjects = [
        Line(str(at), _subject(subjects, words), _numbers(way))
        for at, (subjects, way) in enumerate(zip(report.subjects, told.ways, strict=False))
    ]
    columns = behaviours(words)
    read = _columns(told.languages, columns)
    tables = [
        figures(told.result, words),
        Table("subjects", words("By subject"), words("Subject"), columns, subjects),
        by_language(told.languages, words, read),
        by_project(told.projects, words, read, projects),
        hours(told.hours, words),
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


def hours(told: Sequence[ToldHour], words: Translator) -> Table:
    """Hour by hour; those in which nothing happened are left out."""
    lines = []
    for each in told:
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
        [line for line in lines if any(lowest(each) for each in line.numbers)],
    )


def emails(report: CampaignReport, words: Translator) -> Table:
    """The emails beside each other."""
    columns = [*behaviours(words), Column("refused", words("Said stop"), share=True)]
    lines = []
    for each in report.emails:
        result, sent = each.result, each.sent
        lines.append(
            Line(
                f"{sent.email_id}/{sent.local_time}",
                _subject(sent.subjects, words),
                [result.left, result.clicked, result.acted, result.refused],
                f"/console/emails/{sent.email_id}/report?at={sent.local_time}",
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
    """Month by month; the calls of a month are told to organizers."""
    columns = [
        Column("emails", words("Emails")),
        Column("left", words("Copies of them")),
        Column("clicked", words("Followed a link")),
        Column("acted", words("Took the action")),
        *([Column("calls", words("Calls"))] if report.whole else []),
    ]
    lines = []
    for each in report.months:
        numbers: list[Told] = [each.emails, each.left, each.clicked, each.acted]
        numbers += [each.calls] if report.whole else []
        lines.append(Line(each.first.strftime("%Y-%m"), each.first, numbers))
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


def notes_on_email(report: ToldEmail, words: Translator) -> list[str]:
    """What is to be known of a report's numbers before they leave the house."""
    old = words(
        "Who got it is not kept any more, so what people did with it is not known either."
        " What became of every copy stays."
    )
    return [*([old] if report.forgotten else []), *_notes(words)]


def notes_on_campaign(report: CampaignReport, words: Translator) -> list[str]:
    """The same of a campaign."""
    gone = any(each.forgotten for each in report.emails)
    old = words(
        "What people did with its old emails is not known any more; it is not in these sums."
    )
    return [*([old] if gone else []), *_notes(words)]


def notes_on_people(words: Translator) -> list[str]:
    """How people are told in whatever leaves the house."""
    return [
        words(
            "People are told in steps of five, rounded down: 10+ are ten or some more, 0+ are few or nobody."
            " Sums are those of the rounded numbers. So no number tells what single people did."
        ),
        words("No names, numbers or addresses of people are in this report."),
    ]


def _notes(words: Translator) -> list[str]:
    return [
        *notes_on_people(words),
        words(
            "Whether somebody opened an email is not counted: mail programs open what nobody reads."
        ),
    ]


def as_csv(tables: Sequence[Table], notes: Sequence[str]) -> bytes:
    """All tables in one, a number a line, as the reports of alerts have it; what is to be known of them stands first."""
    target = io.StringIO(newline="")
    sheet = Sheet(target)
    sheet.add(FLAT)
    for note in notes:
        sheet.add(("note", note, "", ""))
    for table in tables:
        for line in table.lines:
            label = line.code if table.code in ("sent", "figures") else _flat(line)
            for number, column in zip(line.numbers, table.columns, strict=True):
                detail = "" if column.code == "number" else column.code
                sheet.add((table.code, label, detail, plain(number)))
    return target.getvalue().encode("utf-8-sig")


def as_workbook(tables: Sequence[Table], notes: Sequence[str], words: Translator) -> bytes:
    """A sheet for each table, and one of what is to be known of them."""
    heading = words("Notes")
    pages = [_page(each, words) for each in tables]
    return workbook([*pages, Page(heading, [heading], [[each] for each in notes])])


def language_name(code: str, words: Translator) -> str:
    """A language, in the reader's."""
    names = {"en": words("English"), "es": words("Spanish"), "": words("Not known any more")}
    return names.get(code, code)


def _page(table: Table, words: Translator) -> Page:
    dated = any(line.day for line in table.lines)
    headings = [words("Day"), table.first] if dated else [table.first]
    headings += [column.heading for column in table.columns]
    return Page(table.title, headings, [list(_cells(line)) for line in table.lines])


def _cells(line: Line) -> Iterator[object]:
    if line.day is not None:
        yield line.day
    yield line.label.replace(tzinfo=None) if isinstance(line.label, datetime) else line.label
    for number in line.numbers:
        yield Minimum(number.number) if isinstance(number, AtLeast) else number


def plain(number: Told) -> int | str:
    """A number in a table of text: nothing where it is not known any more."""
    if isinstance(number, AtLeast):
        return f"{number.number}+"
    return "" if number is None else number


def _flat(line: Line) -> str:
    if isinstance(line.label, date):
        return line.code
    return f"{line.day} {line.label}" if line.day else line.label


def _columns(parts: Mapping[str, ToldPart], columns: Sequence[Column]) -> Sequence[Column]:
    """Without how many got it, where there are too many copies to read each."""
    return columns if any(each.left != 0 for each in parts.values()) else columns[1:]


def _numbers(part: ToldPart) -> list[Told]:
    return [part.left, part.clicked, part.acted]


def _subject(subjects: Mapping[str, str], words: Translator) -> str:
    return _in(subjects, words.language) or words("Without a title")


def _in(said: Mapping[str, str], language: str) -> str:
    return said.get(language) or next((each for each in said.values() if each), "")
