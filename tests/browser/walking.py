"""Organizers who walk through the console in a real browser, and what it costs them: presses, fields, screens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.async_api import Browser, Frame, Page

from tests.web.organizing import Desk


@dataclass
class Act:
    """One part of a story, and what it took."""

    name: str
    presses: int = 0  # links, buttons, choices
    fields: int = 0  # that were typed into
    screens: int = 0  # pages that were shown


@dataclass
class Tally:
    """What a story took, part by part; whoever walks adds to the last."""

    acts: list[Act] = field(default_factory=list)

    def begin(self, name: str) -> None:
        self.acts.append(Act(name))

    @property
    def now(self) -> Act:
        return self.acts[-1]

    def table(self) -> str:
        """As it stands in the documents."""
        lines = ["| | presses | fields typed | screens |", "|---|---|---|---|"]
        lines += [
            f"| {each.name} | {each.presses} | {each.fields} | {each.screens} |"
            for each in self.acts
        ]
        return "\n".join(lines) + "\n"


@dataclass
class Walker:
    """Somebody at a browser."""

    desk: Desk
    page: Page
    tally: Tally
    base: str

    async def come_in(self, token: str) -> None:
        """Be signed in, by a session's token."""
        await self.page.context.add_cookies([{"name": "llamado", "value": token, "url": self.base}])

    async def open(self, path: str) -> None:
        """Type an address, or follow a link out of a letter."""
        await self.page.goto(self.base + path)

    async def press(self, name: str, role: str = "button", *, within: str = "main") -> None:
        """Press the only thing of this name."""
        self.tally.now.presses += 1
        shown = self.page.locator(within).get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        await shown.click()
        await self.page.wait_for_load_state()

    async def follow(self, name: str, *, within: str = "main") -> None:
        """Follow a link."""
        await self.press(name, "link", within=within)

    async def unfold(self, name: str) -> None:
        """Open what is folded away."""
        self.tally.now.presses += 1
        await self.page.locator("summary", has_text=name).first.click()

    async def choose(self, name: str, value: str) -> None:
        """Choose of a list, by the field's name."""
        self.tally.now.presses += 1
        await self.page.locator(f"[name={name}]").select_option(value)

    async def tick(self, name: str, value: str) -> None:
        """Tick a box."""
        self.tally.now.presses += 1
        await self.page.locator(f"[name={name}][value='{value}']").check()

    async def type(self, **typed: str) -> None:
        """Type into fields, by their names."""
        for name, words in typed.items():
            self.tally.now.fields += 1
            await self.page.locator(f"[name={name}]").fill(words)

    async def words(self) -> str:
        """What stands on the page."""
        return " ".join((await self.page.locator("body").inner_text()).split())

    @property
    def number(self) -> int:
        """The number of what the address shows."""
        found = re.search(r"/([0-9]+)(?:[/?#]|$)", self.page.url)
        assert found, self.page.url
        return int(found[1])


async def sit_down(browser: Browser, desk: Desk, tally: Tally) -> Walker:
    """Give a signed-in organizer a browser of their own, the size of a telephone."""
    base = str(desk.client.make_url("")).rstrip("/")
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()

    def shown(frame: Frame) -> None:
        if frame == page.main_frame:
            tally.now.screens += 1

    page.on("framenavigated", shown)
    return Walker(desk, page, tally, base)
